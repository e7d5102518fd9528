import { beforeEach, expect, test } from 'vitest'
import type { ContributionDraft } from '../../peer/api/datanets-api.ts'
import { createFakecord, type Fakecord } from '../fixtures/fakecord/fakecord.ts'
import type { Member, Turn } from '../fixtures/fakecord/member.ts'
import { renderMessage, textOf } from '../fixtures/fakecord/render.ts'
import type { StoredMessage } from '../fixtures/fakecord/state.ts'
import { CALL, chunk, DATANET, done, receipt, scriptedPeer, started } from './scripted-peer.ts'
import { type BotWorld, startTestBot } from './start-bot.ts'

let discord: Fakecord
let [ann, ben]: Member[] = []
let given: ContributionDraft[]

beforeEach(async () => {
  discord = await createFakecord()
  ann = discord.member('ann')
  ben = discord.member('ben')
  given = []
  return async () => {
    expect(discord.violations).toEqual([])
    await discord.stop()
  }
})

const person = (member: Member | undefined) => member as Member
async function saying(turn: Turn, words: RegExp): Promise<StoredMessage> {
  const message = await turn.shown()
  await discord.until(
    () => words.test(textOf(message)) || words.test(renderMessage(message)) || undefined
  )
  return message
}

/** A bot that knows one Datanet, answers all questions alike, and keeps what it is given. */
function start(datanet: object = {}): Promise<BotWorld> {
  const own = { ...DATANET, ...datanet }
  const api = scriptedPeer(
    async function* () {
      yield started
      yield chunk('Kites fly by magic. [1]')
      yield done([{ mark: 1, contribution: 'a', title: 'One' }], {
        credits: [
          { contribution: 'a', account: '0xmember', basis: 'retrieved', ppm: 600_000 },
          { basis: 'unattributed', ppm: 400_000 }
        ]
      })
    },
    {
      more: {
        accounts: {
          ensure: async (label: string) => ({ address: '0xmember', label }),
          find: async () => ({ address: '0xmember', label: `discord/${person(ann).id}` })
        },
        receipts: {
          show: async () =>
            receipt({
              credits: [
                { contribution: 'a', account: '0xmember', basis: 'retrieved', ppm: 600_000 },
                { basis: 'unattributed', ppm: 400_000 }
              ]
            })
        },
        datanets: {
          list: async () => [own],
          show: async () => own,
          submissions: async () => [],
          async contribute(draft: ContributionDraft) {
            given.push(draft)
            return { contribution: 'bafyreigiven', status: 'pending' }
          }
        }
      }
    }
  )
  return startTestBot(api, { discord })
}

test('/start leads to everything, and /help names what there is', async () => {
  await start()
  const message = await person(ann).slash('start').shown()
  expect(message.onlyFor).toBe(person(ann).id)
  expect(textOf(message)).toMatch(/no wallet/)
  expect(textOf(await person(ann).click(message, 'How to ask').shown())).toMatch(/\/ask question/)
  expect((await person(ann).click(message, 'Contribute').modal()).title).toBe(
    'Contribute to Crafts'
  )
  expect(textOf(await person(ann).slash('help').shown())).toContain('/help privacy')
  expect(await person(ann).complete('help', 'topic', 'wal')).toEqual([
    { name: 'Wallets', value: 'wallet' }
  ])
})

test.each<[string, Record<string, string>, string, object]>([
  [
    'qa',
    { Question: 'Why?', Answer: 'Because of the wind.' },
    'qa/1',
    {
      question: 'Why?',
      answer: 'Because of the wind.'
    }
  ],
  [
    'dialogue',
    { Title: 'Kites', Turns: 'Q: Why?\nA: Because.\nOf the wind.\nQ: Oh.' },
    'dialogue/1',
    {
      title: 'Kites',
      turns: [
        { role: 'user', text: 'Why?' },
        { role: 'assistant', text: 'Because.\nOf the wind.' },
        { role: 'user', text: 'Oh.' }
      ]
    }
  ],
  [
    'label',
    { Text: 'It flies.', Label: 'kite', 'All labels': 'kite, boat' },
    'label/1',
    {
      text: 'It flies.',
      label: 'kite',
      labels: ['kite', 'boat']
    }
  ],
  [
    'preference',
    {
      Question: 'Why?',
      'First answer': 'Magic.',
      'Second answer': 'Wind.',
      'Which is better?': 'The second'
    },
    'preference/1',
    { question: 'Why?', answers: ['Magic.', 'Wind.'], better: 1 }
  ]
])('/contribute %s becomes what its schema says', async (kind, typed, schema, content) => {
  const { store } = await start()
  const form = await person(ann).submit(person(ann).slash(`contribute ${kind}`), typed)
  const message = await form.shown()
  expect(given).toEqual([])
  await saying(person(ann).click(message, 'Confirm'), /Given to Crafts/)
  expect(given).toMatchObject([{ schema, content, origin: 'interaction' }])
  // What was agreed to can be shown, and tells nothing of what was given.
  const [consent, ...more] = store.members.consents(person(ann).id)
  expect(more).toEqual([])
  expect(consent).toMatchObject({ contribution: 'bafyreigiven', origin: 'interaction' })
  expect(JSON.stringify(consent)).not.toContain('wind')
})

test('a kind that the Datanet does not take is said before anything is typed', async () => {
  await start({ schemas: ['text/1'] })
  const shown = await person(ann).slash('contribute qa').shown()
  expect(textOf(shown)).toMatch(/does not take a question with its answer. It takes a text\./)
})

test('a file is given once its member confirmed it, and no larger than is taken', async () => {
  await start({ schemas: ['file/1'], files: { mimes: ['text/plain'], maxBytes: 100 } })
  const turn = person(ann).slash('contribute file', {
    file: { name: 'kite.txt', bytes: 'A kite.' },
    caption: 'How it flies'
  })
  const message = await saying(turn, /Give this to Crafts/)
  expect(textOf(message)).toMatch(/kite\.txt, 7 bytes/)
  await saying(person(ann).click(message, 'Confirm'), /Given to/)
  expect(given[0]).toMatchObject({
    schema: 'file/1',
    content: {
      name: 'kite.txt',
      data: Buffer.from('A kite.').toString('base64'),
      caption: 'How it flies'
    }
  })
  const large = person(ann).slash('contribute file', {
    file: { name: 'b.txt', bytes: 'x'.repeat(101) }
  })
  expect(textOf(await large.shown())).toMatch(/101 bytes, and 100 can be taken/)
})

test('a correction is a contribution that names the answer, what it said and what is right', async () => {
  await start()
  const answer = await saying(
    person(ann).slash('ask', { question: 'Why do kites fly?' }),
    /receipt/
  )
  expect(renderMessage(answer)).toContain('[ 👍 ]  [ 👎 ]  [ Correct ]  [ Sources ]  [ Report ]')
  // Anyone who knows better, not only who asked.
  const form = person(ben).click(answer, 'Correct')
  expect((await form.modal()).title).toBe('Contribute to Crafts')
  const turn = await person(ben).submit(form, { 'What is right': 'Kites fly by the wind.' })
  const message = await turn.shown()
  expect(message.onlyFor).toBe(person(ben).id)
  await saying(person(ben).click(message, 'Confirm'), /Given to/)
  expect(given).toMatchObject([
    {
      schema: 'correction/1',
      content: {
        of: { receipt: CALL },
        question: 'Why do kites fly?',
        wrong: 'Kites fly by magic. [1]',
        right: 'Kites fly by the wind.'
      }
    }
  ])
  // What the answer says already is no correction.
  const same = await person(ben).submit(person(ben).click(answer, 'Correct'), {})
  expect(textOf(await same.shown())).toMatch(/change what is wrong/)
})

test('thumbs count once a member, and are taken back by the same again', async () => {
  const { store } = await start()
  const answer = await saying(person(ann).slash('ask', { question: 'Why?' }), /receipt/)
  await person(ann).click(answer, '👍').shown()
  await person(ben).click(answer, '👎').shown()
  expect(store.answers.votes(CALL)).toEqual({ up: 1, down: 1 })
  const why = await person(ben).click(answer, '👎').shown()
  expect(textOf(why)).toMatch(/took your word back/)
  expect(store.answers.votes(CALL)).toEqual({ up: 1, down: 0 })
  const again = await person(ben).click(answer, '👎').shown()
  await person(ben).choose(again, 'What was wrong', ['wrong']).shown()
  const sources = await saying(person(ann).click(answer, 'Sources'), /credited/)
  expect(sources.onlyFor).toBe(person(ann).id)
  expect(textOf(sources)).toMatch(/60 %.*\n.*40 %/)
  expect(textOf(sources)).toContain('👍 1 👎 1')
})

test('who is credited is named as they wished, and only if they did', async () => {
  const { store } = await start()
  const before = await saying(person(ann).slash('ask', { question: 'Why?' }), /receipt/)
  expect(textOf(before)).toContain('`0xmember`')
  store.members.change(person(ann).id, { publicName: 'Ann *the* Kite @everyone' })
  const after = await saying(person(ann).slash('ask', { question: 'Why?' }), /receipt/)
  expect(textOf(after)).toContain('Ann \\*the\\* Kite')
  expect(after.pings).toEqual([])
})

test('a message of one’s own is given as what it is: never published, trained on or sold', async () => {
  await start()
  const said = person(ann).says('Kites need wind.')
  const form = person(ann).onMessage(said, 'Contribute')
  const turn = await person(ann).submit(form, { Title: 'Kites' })
  const message = await turn.shown()
  expect(textOf(message)).toMatch(/origin `message`/)
  expect(textOf(message)).toMatch(/no model is trained on it, nobody sells it/)
  await saying(person(ann).click(message, 'Confirm'), /Given to/)
  expect(given).toMatchObject([
    { origin: 'message', schema: 'text/1', content: { title: 'Kites', text: 'Kites need wind.' } }
  ])
  // And taken back from where it stands.
  const back = await person(ann).onMessage(said, 'Withdraw my contribution').shown()
  expect(renderMessage(back)).toContain('[ Take it back ]')
  const none = await person(ben).onMessage(said, 'Withdraw my contribution').shown()
  expect(textOf(none)).toMatch(/gave nothing from this message/)
})

test('of another’s message nothing is kept, and nobody else decides, before its author agrees', async () => {
  const { store } = await start()
  const said = person(ben).says('A secret of the kite makers.')
  const asked = await saying(person(ann).onMessage(said, 'Contribute'), /would like/)
  expect(asked.onlyFor).toBeUndefined()
  expect(asked.pings).toEqual([`user ${person(ben).id}`].map(() => expect.anything()))
  const rows = store.database.all("SELECT name FROM sqlite_master WHERE type = 'table'")
  for (const { name } of rows) {
    const all = store.database.all(`SELECT * FROM "${String(name)}"`)
    expect(JSON.stringify(all)).not.toContain('kite makers')
  }
  const claims = store.database.all('SELECT payload FROM claim WHERE payload IS NOT NULL')
  for (const { payload } of claims) {
    expect(JSON.stringify(store.sealer.open(payload as Uint8Array))).not.toContain('kite makers')
  }
  const refused = await person(ann).click(asked, 'Show me').shown()
  expect(textOf(refused)).toMatch(/Only who wrote/)
  const form = person(ben).click(asked, 'Show me')
  const turn = await person(ben).submit(form, {
    Title: 'Kites',
    Text: 'A secret of the kite makers.'
  })
  const message = await turn.shown()
  await saying(person(ben).click(message, 'Confirm'), /Given to/)
  expect(given).toMatchObject([
    { origin: 'message', content: { text: 'A secret of the kite makers.' } }
  ])
  const late = await person(ben).click(asked, 'No').shown()
  expect(textOf(late)).toMatch(/decided about/)
})

test('who does not want to be asked is not asked again, and asking is bounded', async () => {
  const { store } = await start()
  const asked = await person(ann).onMessage(person(ben).says('One.'), 'Contribute').shown()
  expect(
    textOf(await person(ann).onMessage(person(ben).says('Two.'), 'Contribute').shown())
  ).toMatch(/being asked for another/)
  await saying(person(ben).click(asked, 'Never ask me'), /not asked again/)
  expect(store.notices.of(person(ann).id, 5)).toHaveLength(1)
  expect(
    textOf(await person(ann).onMessage(person(ben).says('Three.'), 'Contribute').shown())
  ).toMatch(/does not want to be asked/)
  for (const name of ['cara', 'dan']) {
    const said = discord.member(name).says('Something.')
    await saying(person(ann).onMessage(said, 'Contribute'), /would like/)
  }
  const fourth = person(ann).onMessage(discord.member('eve').says('Something.'), 'Contribute')
  expect(textOf(await fourth.shown())).toMatch(/three people within an hour/)
})

test('nothing is given from bots, private or age-restricted channels, or too long ago', async () => {
  const { store } = await start()
  const contribute = async (message: StoredMessage) =>
    textOf(await person(ann).onMessage(message, 'Contribute').shown())
  const answer = await saying(person(ben).slash('ask', { question: 'Why?' }), /receipt/)
  expect(await contribute(answer)).toMatch(/bots wrote/)
  const nsfw = discord.addChannel({ name: 'late', isNsfw: true })
  expect(await contribute(person(ann).at(nsfw).says('x'))).toMatch(/age-restricted/)
  const old = person(ann).says('An old one.')
  store.guilds.change(discord.guild.id, { windowDays: 0 }, 'x', 'y')
  await discord.clock.advance(11_000)
  expect(await contribute(old)).toMatch(/older than 0 days/)
  store.guilds.change(discord.guild.id, { windowDays: 30, channels: ['1'] }, 'x', 'y')
  expect(await contribute(person(ann).says('A new one.'))).toMatch(/not among those/)
})

test('Ask about this sends nobody else’s words, Show sources knows our answers', async () => {
  await start()
  const modal = await person(ann).onMessage(person(ben).says('A secret.'), 'Ask about this').modal()
  expect(JSON.stringify(modal)).not.toContain('secret')
  const own = person(ann).onMessage(person(ann).says('My kite.'), 'Ask about this')
  expect(JSON.stringify(await own.modal())).toContain('My kite.')
  const answer = await saying(await person(ann).submit(own, {}), /receipt/)
  const sources = await saying(person(ben).onMessage(answer, 'Show sources'), /credited/)
  expect(sources.onlyFor).toBe(person(ben).id)
  const none = await person(ben).onMessage(person(ann).says('x'), 'Show sources').shown()
  expect(textOf(none)).toMatch(/no answer of the bot/)
})

test('what is reported reaches the administrators, without the name in public', async () => {
  const { store } = await start()
  const log = discord.addChannel({ name: 'log' })
  store.guilds.change(discord.guild.id, { logChannel: log.id }, 'x', 'y')
  const said = person(ben).says('Buy my coins!')
  const turn = await person(ann).submit(person(ann).onMessage(said, 'Report'), {
    'What is wrong': 'Spam',
    'In your words': 'third time'
  })
  expect((await turn.shown()).onlyFor).toBe(person(ann).id)
  expect(store.answers.reports(discord.guild.id)).toMatchObject([
    { reason: 'Spam', note: 'third time' }
  ])
  await discord.clock.advance(1_000)
  await discord.until(() => discord.messages.find(({ channel }) => channel.id === log.id))
  const told = discord.messages.find(({ channel }) => channel.id === log.id) as StoredMessage
  expect(textOf(told)).toContain(said.id)
  expect(textOf(told)).not.toContain(person(ann).id)
})

test('what is kept of a member is handed out and deleted on their word', async () => {
  const { store } = await start()
  const { id } = person(ann)
  await saying(person(ann).slash('ask', { question: 'Why do kites fly?' }), /receipt/)
  store.notices.put(id, 'a', 'Some news.')
  const exported = await saying(person(ann).slash('privacy export'), /Everything/)
  const [file] = exported.history.at(-1)?.files ?? []
  const text = Buffer.from(file?.bytes ?? []).toString()
  expect(text).toContain('Why do kites fly?')
  expect(text).toContain('Some news.')
  for (const line of text.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('kind')
  const wrong = await person(ann).submit(person(ann).slash('privacy delete'), {
    'Type DELETE': 'no'
  })
  expect(textOf(await wrong.shown())).toMatch(/Nothing was deleted/)
  const right = await person(ann).submit(person(ann).slash('privacy delete'), {
    'Type DELETE': 'DELETE',
    What: 'What the bot keeps'
  })
  await saying(right, /Deleted/)
  expect(store.answers.of(id)).toEqual([])
  expect(store.notices.of(id, 5)).toEqual([])
})

test('what others see is off until a member chooses it', async () => {
  const { store } = await start()
  const settings = await person(ann).slash('privacy settings').shown()
  expect(textOf(settings)).toMatch(/you are nobody/)
  const named = await person(ann).submit(person(ann).click(settings, 'Choose a name'), {
    Name: 'Kite'
  })
  await named.shown()
  await discord.until(() => /called \*\*Kite/.test(textOf(settings)) || undefined)
  expect(store.members.shown()).toEqual([{ user: person(ann).id, name: 'Kite' }])
  await person(ann).click(settings, 'No name').shown()
  expect(store.members.shown()).toEqual([])
  const inbox = await person(ann).slash('inbox').shown()
  await person(ann).click(inbox, 'Also as direct messages').shown()
  expect(store.members.settings(person(ann).id).dm).toBe(true)
})
