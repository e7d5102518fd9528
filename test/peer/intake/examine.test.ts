import { beforeAll, describe, expect, test } from 'vitest'
import { sampleContributions } from '../../../peer/devnet/sample.ts'
import { examine, inWords } from '../../../peer/intake/examine.ts'
import { loadRecogniser } from '../../../peer/intake/language.ts'
import { personalDataIn } from '../../../peer/intake/personal-data.ts'
import { spamIn } from '../../../peer/intake/spam.ts'
import type { Content } from '../../../protocol/datanet/content.ts'

const ENGLISH =
  'A loom weight of clay keeps the warp taut while the weaver beats the weft upwards, and where a ' +
  'loom once stood they still lie in two rows on the floor of the house.'
const GERMAN =
  'Ein Webgewicht aus Ton hält die Kettfäden straff, während die Weberin den Schuss nach oben ' +
  'schlägt, und wo einst ein Webstuhl stand, liegen sie noch heute in zwei Reihen im Boden.'
const CARD = ['4111 1111', '1111 1111'].join(' ')
const PEM = ['-----BEGIN EC', 'PRIVATE KEY-----'].join(' ')

let recognise: Awaited<ReturnType<typeof loadRecogniser>>
beforeAll(async () => {
  recognise = await loadRecogniser()
})
const text = (said: string): Content => ({
  schema: 'text/1',
  content: { title: 'A title', text: said }
})
const found = (content: Content, language = 'en', languages?: string[]) =>
  examine(content, { language, ...(languages === undefined ? {} : { languages }) }, recognise)

describe('personal data', () => {
  test.each([
    ['email', 'Write to Ann.Smith+x@weavers.co.uk today', 'Ann.Smith+x@weavers.co.uk'],
    ['email', 'jörg@müller.de', 'jörg@müller.de'],
    ['phone', 'Ring +49 (30) 1234-5678 now', '+49 (30) 1234-5678'],
    ['phone', 'It is 555-867-5309.', '555-867-5309'],
    ['phone', 'Tel.: 030 / 901 820', '030 / 901 820'],
    ['iban', 'Pay DE89 3704 0044 0532 0130 00 soon', 'DE89 3704 0044 0532 0130 00'],
    ['iban', 'GB82WEST12345698765432', 'GB82WEST12345698765432'],
    ['card', `Card ${CARD}, please`, CARD],
    ['address', 'The host 8.8.8.8 answers', '8.8.8.8'],
    ['address', 'or 2606:4700:4700::1111 does', '2606:4700:4700::1111'],
    ['token', `key ghp_${'a1B2'.repeat(9)}`, `ghp_${'a1B2'.repeat(9)}`],
    ['token', `AKIA${'ABCD1234'.repeat(2)}`, `AKIA${'ABCD1234'.repeat(2)}`],
    ['private-key', `private key: 0x${'ab12'.repeat(16)}`, `0x${'ab12'.repeat(16)}`]
  ])('finds %s in “%s”', (kind, said, place) => {
    const [one, ...more] = personalDataIn(said)
    expect(more).toEqual([])
    expect(one?.kind).toBe(kind)
    expect(said.slice(one?.at, (one?.at ?? 0) + (one?.length ?? 0))).toBe(place)
  })

  test('finds a whole key, says on which line, and does not repeat it', () => {
    const said = `Here it is:\n\n${PEM}\n${'MHcCAQEE'.repeat(12)}\n-----END EC PRIVATE KEY-----`
    expect(personalDataIn(said)).toMatchObject([{ kind: 'private-key', line: 3 }])
    const [one] = personalDataIn('ann.smith@weavers.co.uk')
    expect(one?.shown).toBe('ann…uk')
  })

  test.each([
    [
      'what standards set aside',
      'ann@example.org, root@localhost, 192.0.2.7 and 2001:db8:0:0:0:0:0:1'
    ],
    ['private networks', '10.0.0.7, 192.168.1.1, 127.0.0.1 and fe80::1:2:3:4'],
    ['numbers of other things', 'Node 24.10.0.1, section 3.1.2.4, 2026-11-21, 12345678901234'],
    ['what fails its checksum', 'DE89 3704 0044 0532 0130 01 and 4111 1111 1111 1112'],
    ['hashes', `sha256 is ${'ab12'.repeat(16)}`],
    ['a range of years', 'from 1914-1918 and 1939-1945, pages 100-200-300'],
    ['handles and decorators', '@ann, @Component, a@b']
  ])('does not take %s for any', (_, said) => {
    expect(personalDataIn(said)).toEqual([])
  })
})

describe('noise', () => {
  test.each([
    ['blank', ' … \n —'],
    ['characters', `so ${'o'.repeat(120)}`],
    ['words', 'buy '.repeat(30)],
    ['links', 'https://a.example/1 https://a.example/2 here www.b.example'],
    ['sameness', 'This offer is the best one that you will find. '.repeat(60)]
  ])('is %s', (kind, said) => {
    expect(spamIn(said)).toBe(kind)
  })

  test.each([
    ['a short answer', 'Yes.'],
    ['a number', '42'],
    ['a line of code', 'for (;;) {}'],
    ['a table', `| a | b |\n|${'-'.repeat(200)}|\n| 1 | 2 |`],
    ['a source with words', 'See https://example.org for how a loom weight is made of clay.'],
    ['a language without spaces', '船首は船の前部で、波を切って進みます。'],
    [
      'a poem',
      'Row, row, row your boat, gently down the stream, merrily, merrily, life is but a dream'
    ]
  ])('is not %s', (_, said) => {
    expect(spamIn(said)).toBeUndefined()
  })
})

describe('an examination', () => {
  test('has nothing to say about the sample Datanet', () => {
    for (const { title, text: said } of sampleContributions({ seed: 3, count: 150 })) {
      expect(found({ schema: 'text/1', content: { title, text: said } })).toEqual([])
    }
  })

  test('says that another language was meant, and refuses it only where it is not taken', () => {
    expect(found(text(GERMAN), 'de-AT')).toEqual([])
    const other = { code: 'LANGUAGE_REFUSED', kind: 'de' }
    expect(found(text(GERMAN), 'en')).toEqual([{ ...other, isRefused: false }])
    expect(found(text(GERMAN), 'en', ['en', 'de'])).toEqual([{ ...other, isRefused: false }])
    expect(found(text(GERMAN), 'en', ['en'])).toEqual([{ ...other, isRefused: true }])
    expect(found(text(ENGLISH), 'en', ['en'])).toEqual([])
    // Too little to go by, and languages that are written alike.
    expect(found(text('Der Bug ist vorn.'), 'en', ['en'])).toEqual([])
    expect(found(text(GERMAN.slice(0, 60)), 'en', ['en'])).toMatchObject([{ isRefused: false }])
  })

  test('looks at every text of every schema, and says in which field it found something', () => {
    const mail = 'ann@weavers.co.uk'
    const contents: [string, Content][] = [
      ['title', { schema: 'text/1', content: { title: mail, text: 'x' } }],
      ['answer', { schema: 'qa/1', content: { question: 'Who?', answer: mail } }],
      [
        'turns.1.text',
        {
          schema: 'dialogue/1',
          content: {
            turns: [
              { role: 'user', text: 'Who?' },
              { role: 'assistant', text: mail }
            ]
          }
        }
      ],
      ['label', { schema: 'label/1', content: { text: 'x', label: mail } }],
      [
        'wrong',
        {
          schema: 'correction/1',
          content: { of: { receipt: new Uint8Array(16) }, wrong: mail, right: 'x' }
        }
      ],
      [
        'answers.1',
        { schema: 'preference/1', content: { question: 'q', answers: ['a', mail], better: 0 } }
      ],
      [
        'reason',
        {
          schema: 'preference/1',
          content: { question: 'q', answer: 'a', rating: 1, reason: mail }
        }
      ]
    ]
    for (const [field, content] of contents) {
      const [one] = found(content)
      expect(one).toMatchObject({ code: 'PERSONAL_DATA_FOUND', kind: 'email', field, line: 1 })
      expect(inWords(one as never)).toBe(
        `${field}, line 1: what looks like an email address (ann…uk)`
      )
    }
  })

  test('refuses noise', () => {
    expect(found(text('buy '.repeat(30)))).toMatchObject([
      { code: 'SPAM_REFUSED', kind: 'words', isRefused: true }
    ])
  })
})
