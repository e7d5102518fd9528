import { beforeEach, expect, test } from 'vitest'
import type { ContributionDraft } from '../../peer/api/datanets-api.ts'
import { refusal } from '../../peer/api/problem.ts'
import { createFakecord, type Fakecord } from '../fixtures/fakecord/fakecord.ts'
import type { Member, Turn } from '../fixtures/fakecord/member.ts'
import { renderMessage, textOf } from '../fixtures/fakecord/render.ts'
import type { StoredMessage } from '../fixtures/fakecord/state.ts'
import { DATANET, scriptedPeer } from './scripted-peer.ts'
import { startTestBot } from './start-bot.ts'

let discord: Fakecord
let ann: Member
let given: ContributionDraft[]
let ensured: string[]

beforeEach(async () => {
  discord = await createFakecord()
  ann = discord.member('ann')
  given = []
  ensured = []
  return async () => {
    expect(discord.violations).toEqual([])
    await discord.stop()
  }
})

/** A bot whose peer knows `datanets` and keeps what it is given. */
function start(datanets = [DATANET], more: object = {}) {
  const api = scriptedPeer(async function* () {}, {
    more: {
      accounts: {
        async ensure(label: string) {
          ensured.push(label)
          return { address: '0xmember', label }
        }
      },
      datanets: {
        list: async () => datanets,
        show: async (id: string) => datanets.find((one) => one.id === id),
        async contribute(draft: ContributionDraft) {
          given.push(draft)
          return { contribution: 'bafyreigiven', status: 'pending' }
        },
        ...more
      }
    }
  })
  return startTestBot(api, { discord })
}

const TYPED = { Title: 'Kites', Text: 'A kite flies because its sail pushes air downward.' }

async function saying(turn: Turn, words: RegExp): Promise<StoredMessage> {
  const message = await turn.shown()
  await discord.until(() => words.test(textOf(message)) || undefined)
  return message
}
const submitted = async (values: object) =>
  (await ann.submit(ann.slash('contribute text'), { ...TYPED, ...values })).shown()
const confirm = (message: StoredMessage) => saying(ann.click(message, 'Confirm'), /Given to/)

test('the form is sent as it was filled in, spaces around it taken off', async () => {
  await start()
  const message = await submitted({
    Text: `  ${TYPED.Text}\n`,
    Source: 'https://example.org/kites',
    Language: 'de'
  })
  expect(given).toEqual([])
  await confirm(message)
  expect(given).toEqual([
    {
      datanet: DATANET.id,
      account: '0xmember',
      schema: 'text/1',
      content: { title: 'Kites', text: TYPED.Text },
      language: 'de',
      licence: 'CC0-1.0',
      sourceUrl: 'https://example.org/kites',
      origin: 'interaction',
      interaction: expect.stringMatching(/^\d+$/)
    }
  ])
  expect(ensured).toEqual([`discord/${ann.id}`])
  expect(textOf(message)).toContain('bafyreigiven')
})

test('of several licences the member chooses one, of several Datanets the command', async () => {
  const licences = ['CC0-1.0', 'CC-BY-4.0']
  const other = { ...DATANET, id: 'bafyreiother', name: 'Boats', licences }
  await start([DATANET, other])
  expect(textOf(await ann.slash('contribute text').shown())).toMatch(/Pick a Datanet/)
  expect(await ann.complete('contribute text', 'datanet', 'boa')).toEqual([
    { name: expect.stringMatching(/^Boats — /), value: 'bafyreiother' }
  ])
  const form = ann.slash('contribute text', { datanet: 'bafyreiother' })
  const turn = await ann.submit(form, { ...TYPED, Licence: 'CC-BY-4.0' })
  await confirm(await turn.shown())
  expect(given[0]).toMatchObject({ datanet: 'bafyreiother', licence: 'CC-BY-4.0' })
})

test('what cannot be given yet can be mended: nothing typed is lost', async () => {
  await start()
  const message = await submitted({ Source: 'my notebook', Language: 'not a language' })
  expect(textOf(message)).toMatch(/no web address/)
  expect(textOf(message)).toMatch(/short code/)
  expect(renderMessage(message)).toContain('[ Edit ]  [ Discard ]')
  expect(renderMessage(message)).not.toContain('[ Confirm ]')
  const form = ann.click(message, 'Edit')
  // What is not typed again is still there.
  const turn = await ann.submit(form, { Source: '', Language: 'pt-BR' })
  await turn.shown()
  await discord.until(() => renderMessage(message).includes('[ Confirm ]') || undefined)
  await confirm(message)
  const content = { title: TYPED.Title, text: TYPED.Text }
  expect(given[0]).toMatchObject({ content, language: 'pt-BR' })
  expect(given[0]).not.toHaveProperty('sourceUrl')
})

test.each([
  ['a private key', `my key is ${'ab'.repeat(32)}`],
  ['a private key with its prefix', `0x${'0F'.repeat(32)}`],
  [
    'a recovery phrase',
    'legal winner thank year wave sausage worth useful legal winner thank yellow'
  ]
])('%s is not taken', async (_, text) => {
  await start()
  const message = await submitted({ Text: text })
  expect(textOf(message)).toMatch(/private key or a recovery phrase/)
  expect(renderMessage(message)).not.toContain('[ Confirm ]')
})

test('a digest in a text is no private key', async () => {
  await start()
  const message = await submitted({ Text: `The file hashes to ${'ab'.repeat(32)} since May.` })
  expect(renderMessage(message)).toContain('[ Confirm ]')
})

test('of two clicks one gives; the other is told so', async () => {
  await start()
  const message = await submitted({})
  const [first, second] = [ann.click(message, 'Confirm'), ann.click(message, 'Confirm')]
  await saying(first, /Given to/)
  expect(textOf(await second.shown())).toMatch(/not here any more|Given to/)
  expect(given).toHaveLength(1)
})

test('a draft is forgotten after a quarter of an hour', async () => {
  await start()
  const message = await submitted({})
  await discord.clock.advance(15 * 60_000)
  const late = await ann.click(message, 'Confirm').shown()
  expect(textOf(late)).toMatch(/not here any more/)
  expect(given).toEqual([])
})

test('what is typed into the form of a forgotten draft is not lost', async () => {
  await start()
  const message = await submitted({})
  const form = ann.click(message, 'Edit')
  await form.modal()
  await discord.clock.advance(15 * 60_000)
  await ann.submit(form, { Text: 'Typed for a long time.' })
  await discord.until(() => textOf(message).includes('Typed for a long time.') || undefined)
  await confirm(message)
  const content = { title: TYPED.Title, text: 'Typed for a long time.' }
  expect(given).toMatchObject([{ content }])
})

test('a click on a confirmation that was replaced gives nothing that must not be given', async () => {
  await start()
  const message = await submitted({})
  const earlier = message.history.at(-1) as (typeof message.history)[number]
  await ann.submit(ann.click(message, 'Edit'), { Text: `0x${'0F'.repeat(32)}` })
  await discord.until(() => /private key/.test(textOf(message)) || undefined)
  message.history.push(earlier)
  await saying(ann.click(message, 'Confirm'), /private key/)
  expect(given).toEqual([])
})

test('when the peer fails the draft stays, and the same click works later', async () => {
  let failures = 1
  await start([DATANET], {
    async contribute(draft: ContributionDraft) {
      if (failures-- > 0) throw refusal('PEER_GONE', {})
      given.push(draft)
      return { contribution: 'bafyreigiven', status: 'pending' }
    }
  })
  const message = await submitted({})
  await saying(ann.click(message, 'Confirm'), /went away/)
  expect(textOf(message)).toContain(TYPED.Text)
  await confirm(message)
  expect(given).toHaveLength(1)
})

test('other words to agree to than those that were shown are shown first', async () => {
  let consent = 'The first words.'
  await start([DATANET], { show: async () => ({ ...DATANET, consent }) })
  const message = await submitted({})
  consent = 'Other words.'
  await saying(ann.click(message, 'Confirm'), /The words have changed/)
  expect(textOf(message)).toContain('Other words.')
  expect(given).toEqual([])
  await confirm(message)
  expect(given).toHaveLength(1)
})

test('a text and words too long for a message are whole in files', async () => {
  const consent = 'I agree. '.repeat(400)
  await start([{ ...DATANET, consent }])
  const text = '*_~` '.repeat(800).trim()
  const message = await submitted({ Text: text })
  const files = message.history.at(-1)?.files ?? []
  const named = Object.fromEntries(
    files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()])
  )
  expect(named).toEqual({ 'your-text.txt': text, 'consent.txt': consent })
  await confirm(message)
  expect(given[0]?.content.text).toBe(text)
  expect(message.history.at(-1)?.files).toEqual([])
})

test('what looks personal is shown with its place, and can be edited out', async () => {
  const hint = 'text, line 1: what looks like an email address (ann…uk)'
  await start([DATANET], {
    async contribute() {
      throw refusal('PERSONAL_DATA_FOUND', {}, { hint })
    }
  })
  const message = await submitted({})
  ann.click(message, 'Confirm')
  await discord.until(() => textOf(message).includes('line 1') || undefined)
  expect(textOf(message)).toContain('what looks like an email address')
  expect(textOf(message)).toContain('take it out')
  expect(renderMessage(message)).toContain('[ Edit ]')
})

test('a peer that is slow to show its Datanets is not waited for', async () => {
  await start([DATANET], {
    list: ({ signal }: { signal: AbortSignal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        discord.clock.advance(2_000)
      })
  })
  const answer = await ann.slash('contribute text').shown()
  expect(textOf(answer)).toMatch(/took too long/)
})
