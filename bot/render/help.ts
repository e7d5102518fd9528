import { type Card, COLOUR } from './card.ts'

/** What there is to know, by topic, in the order in which it is offered. */
export const TOPICS: Readonly<Record<string, { readonly title: string; readonly text: string }>> = {
  ask: {
    title: 'Asking',
    text: '`/ask question` — the newest model here answers; `model` and `datanet` choose another, `private` keeps it to you, `max_cost` bounds it.\nThe answer comes with numbered sources, who is credited with how much, what it cost and a receipt that anyone can check. Where nobody contributed an answer it says so.\n👍 👎 say whether it helped. **Correct** turns what you know better into a contribution. **Cancel** while it answers stops the spending as well.\nA right click on a message → Apps → **Ask about this** asks about what stands there.'
  },
  contribute: {
    title: 'Contributing',
    text: '`/contribute text`, `qa`, `dialogue`, `label`, `preference` open a form, `file` takes a file, `link` shows how to give by your own key.\nYou see everything as it would be stored, with licence and words of consent, and nothing is stored or sent before you press **Confirm**.\nCurators read it; `/mine` shows where it stands, and takes it back.\nA right click on a message → Apps → **Contribute**: of your own message at once; of somebody else’s, they are asked first and nothing is kept before they agree.'
  },
  review: {
    title: 'Reviewing',
    text: 'Curators of a Datanet read what waits with `/review next`: one at a time, without the name of who gave it, never their own. Approve, reject with a reason, be unsure, flag what must not be here, give back. `/review held` shows what was flagged, `/review stats` how far curators agree. Who gave something that was rejected has it heard again, once, from `/mine`.'
  },
  money: {
    title: 'Money',
    text: 'Answers are paid by who runs this bot up to a sum a day, then by the server’s pot, then by you, if you allowed it with `/budget`.\n`/deposit` shows where to pay in, `/balance` what you have, `/earnings` what answers brought you, `/rewards claim` takes it. `/withdraw` sends it to your linked wallet and nowhere else.'
  },
  wallet: {
    title: 'Wallets',
    text: '`/wallet link` shows a text and a code. Sign the text with your wallet on the page it links to, or anywhere that signs texts, and paste the signature. It moves no funds. The bot never asks for a seed phrase or a private key, and never sends you a link by direct message: who does is not the bot.\nAfter a change of wallet nothing can be withdrawn for 24 hours.'
  },
  privacy: {
    title: 'Privacy',
    text: 'The bot reads no messages. It keeps what you did with it: what you gave and agreed to, your settings, questions and answers for 30 days so that they can be corrected. `/privacy export` hands it out, `/privacy delete` deletes it, `/privacy settings` says what others see and whether anybody may ask you for a message. Balances are only ever shown to you.'
  },
  admin: {
    title: 'For administrators',
    text: '`/admin setup` sets the server’s Datanet and roles, `/admin limits` what may be spent, `/admin pot` the server’s pot, `/admin pause` stops all spending at once, `/admin status` and `/admin audit` show how it stands, `/admin reports` what members reported.'
  }
}

/** One topic, or all of them in one line each. */
export function helpCard(topic?: string): Card {
  const found = topic === undefined ? undefined : TOPICS[topic]
  if (found !== undefined) {
    return { colour: COLOUR.notice, parts: [`**${found.title}**\n${found.text}`] }
  }
  const lines = Object.entries(TOPICS).map(([name, { title }]) => `\`/help ${name}\` — ${title}`)
  return {
    colour: COLOUR.notice,
    parts: ['**What this bot does**', lines.join('\n'), '-# /start is the short version.']
  }
}
