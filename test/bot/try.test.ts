import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createRealClock } from '../fixtures/fakecord/clock.ts'
import { createFakecord } from '../fixtures/fakecord/fakecord.ts'
import { runSession } from '../fixtures/fakecord/try/session.ts'
import { startBotProcess } from '../fixtures/fakecord/try/start-bot.ts'

/** Longer than the bot waits between two edits of an answer. */
const QUIET_MS = 2_000
const LINES = [
  '/start',
  '/ask What is a sourdough starter?',
  '#2 Sources',
  '/ask Who won the cup in 1954?',
  '/contribute text',
  'Confirm',
  '/mine',
  'as ben',
  'quit'
]
const TYPED: Readonly<Record<string, string>> = {
  Title: 'Proofing baskets',
  Text: 'A proofing basket keeps the shape of a loaf while it rises; dust it with rice flour.',
  Source: 'https://example.org/baskets'
}

test('a visit to the bot, as it is shown in bot/try.md', { timeout: 120_000 }, async () => {
  const discord = await createFakecord({ clock: createRealClock() })
  const bot = await startBotProcess(discord, () => {})
  onTestFinished(async () => {
    await bot.stop()
    await discord.stop()
  })
  const printed: string[] = []
  const lines = [...LINES]
  await runSession(
    discord,
    {
      print: (text) => void printed.push(text),
      async ask(prompt) {
        const [, label] = /^│ (\w+)/.exec(prompt) ?? []
        const line = label === undefined ? lines.shift() : (TYPED[label] ?? '')
        printed.push(`${prompt}${line}`)
        return line
      },
      close: () => {}
    },
    { quietMs: QUIET_MS }
  )
  const shown = printed.slice(1).join('\n')
  expect(shown).not.toMatch(/Discord refuses|did not respond|INTERNAL/)
  await expect(documentOf(shown)).toMatchFileSnapshot(join(import.meta.dirname, '../../bot/try.md'))
})

/** The visit as a page, with what is drawn at random each time replaced by the same. */
function documentOf(shown: string): string {
  const same = (text: string) => text.replaceAll(/[0-9a-f]/g, '7')
  const steady = shown
    .replaceAll(/`0x[0-9a-f]{6}…[0-9a-f]{6}`/g, '`0xa11ce5…c0ffee`')
    .replaceAll(/`(?!0x)\w{8}…\w{6}`/g, '`abcdefgh…uvwxyz`')
    .replaceAll(/<t:\d+:/g, '<t:1790000000:')
    .replaceAll(/`[0-9a-f]{32}`/g, same)
    .replaceAll(/\bbafy[a-z2-7]{55}/g, (cid) => `bafyrei${'2'.repeat(cid.length - 7)}`)
  return `# A visit to the bot

\`npm run bot:try\` starts the bot at a Discord on this machine, with a small world of peers behind it,
and a terminal for one of its members. This is what it looks like; a test keeps it true.

\`\`\`text
${steady}
\`\`\`
`
}
