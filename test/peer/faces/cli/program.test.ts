// The shell's own placeholders stand in what is run by it.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the shell's
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { EXIT_TEXT, exitCodeOf } from '../../../../peer/faces/cli/exit-codes.ts'
import { table, wrap } from '../../../../peer/faces/cli/layout.ts'
import { DatanetError, ERRORS, type ErrorCode } from '../../../../protocol/base/errors.ts'
import { answering } from '../gateway/scripted-api.ts'
import { BREAD, cli, OWN, scriptedPeer, widthOf } from './scripted-peer.ts'

const isThere = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0

describe('usage', () => {
  test('the help names every noun and exit code on one screen', async () => {
    const { out, code } = await cli(scriptedPeer(), ['--help'])
    expect(code).toBe(0)
    for (const noun of [
      'peer',
      'datanet',
      'model',
      'channel',
      'receipt',
      'reward',
      'account',
      'wallet'
    ]) {
      expect(out).toMatch(new RegExp(`^ {2}${noun} `, 'm'))
    }
    expect(out).toContain(EXIT_TEXT)
    // Three more commands start processes and are added by the program itself.
    expect(out.trimEnd().split('\n').length).toBeLessThanOrEqual(21)
    expect(widthOf(out)).toBeLessThanOrEqual(80)
  })

  test.each([
    [['serch', 'x'], 'Did you mean search?'],
    [['datanet', 'lst'], 'Did you mean list?'],
    [['publish'], 'Did you mean datanet datanet publish?'],
    [['ask', '--modle', 'x', 'y'], 'Did you mean --model?'],
    [['complete'], 'Did you mean datanet completion'],
    [['ask'], "missing required argument 'question'"],
    [['channel', 'open', '--deposit', 'much'], 'such as 0.05'],
    [['channel', 'open', '--deposit', '-1'], 'such as 0.05'],
    [['model', 'serve', '--call', '0.0000000000000000001'], 'such as 0.05'],
    [['datanet', 'create', '--topic', 'x'], '--name']
  ])('%j is answered with what is right', async (words, says) => {
    const { err, code } = await cli(scriptedPeer(), words)
    expect(code).toBe(2)
    expect(err).toContain(says)
  })
})

test('every code of the error table has an exit code of the exit table', () => {
  const exits = new Map(
    (Object.keys(ERRORS) as ErrorCode[]).map((code) => [code, exitCodeOf(new DatanetError(code))])
  )
  expect(exits.get('INPUT_INVALID')).toBe(2)
  expect(exits.get('PEER_UNREACHABLE')).toBe(3)
  expect(exits.get('MODEL_UNKNOWN')).toBe(4)
  expect(exits.get('SPENDING_LIMIT')).toBe(5)
  expect(exits.get('UNAUTHORIZED')).toBe(6)
  expect(exits.get('CHAIN_REVERTED')).toBe(1)
  for (const exit of exits.values()) expect(EXIT_TEXT).toMatch(new RegExp(`\\b${exit} \\w`))
})

test('an error says who can mend it and whether to try again, and nothing of unknown ones', async () => {
  const api = scriptedPeer()
  api.api.datanets.list = async () => {
    throw new Error('secret path /home/x')
  }
  const { err, out, code } = await cli(api, ['datanet', 'list'])
  expect([code, out]).toEqual([1, ''])
  expect(err).toBe(
    'INTERNAL: something went wrong that this peer did not expect\n' +
      'Who can mend it: the operator. Trying the same again will not help.\n'
  )
})

describe('what people see', () => {
  const commands = [
    ['peer', 'status'],
    ['datanet', 'list'],
    ['datanet', 'show'],
    ['review'],
    ['model', 'list'],
    ['model', 'show'],
    ['search', 'bread'],
    ['ask', 'How long is bread kneaded?'],
    ['channel', 'list'],
    ['receipt', 'list'],
    ['receipt', 'show'],
    ['account', 'list'],
    ['account', 'show'],
    ['account', 'balance'],
    ['reward', 'claim', '--all']
  ]
  test.each(commands)('%s %s fits its terminal and has no colour', async (...words) => {
    for (const columns of [80, 100, 200]) {
      const { out, code } = await cli(scriptedPeer(), words.filter(Boolean), { columns })
      expect(code).toBe(0)
      // Whole ids and addresses are not broken: they are there to be copied.
      const lines = out.split('\n').filter((line) => !/\S{50,}/.test(line))
      expect(widthOf(lines.join('\n'))).toBeLessThanOrEqual(Math.min(columns, 100))
      expect(out).not.toContain('\x1b')
      expect(out).toMatch(/\S\n$/)
    }
  })

  test.each(commands)('%s %s --json is JSON a line, amounts as text', async (...words) => {
    const { out, code } = await cli(scriptedPeer(), [...words.filter(Boolean), '--json'])
    expect(code).toBe(0)
    for (const line of out.split('\n').filter(Boolean))
      expect(JSON.parse(line)).toBeTypeOf('object')
  })

  test('a table aligns its figures, shortens ids and carries the symbol', async () => {
    const channels = [1n, 250n].map((n) => ({
      channelId: `0x${'ab'.repeat(32)}`,
      side: 'payer' as const,
      peer: '12D3KooWproviderprovider',
      depositWei: n * 10n ** 18n,
      authorisedWei: 0n,
      royaltyWei: 0n,
      spentWei: 5n * 10n ** 15n,
      receipts: 2,
      claimedWei: 0n,
      state: 'open' as const,
      withdrawableWei: 9n * 10n ** 17n
    }))
    const { out } = await cli(scriptedPeer({ channels }), ['channel', 'list'])
    expect(out).toBe(
      [
        'CHANNEL          SIDE  PEER       DEPOSIT      SPENT     FREE  STATE',
        '0xababab…ababab  pays  …provider    1 DNC  0.005 DNC  0.9 DNC  open',
        '0xababab…ababab  pays  …provider  250 DNC  0.005 DNC  0.9 DNC  open',
        ''
      ].join('\n')
    )
  })

  test('nothing that a stranger wrote moves the terminal', async () => {
    const evil = { ...BREAD, name: 'Br\x1b[2J\x9b31mead\u202e', purpose: 'a\x07b\rc' }
    const { out } = await cli(scriptedPeer({ datanets: [evil] }), ['datanet', 'show'])
    expect(out).toMatch(/^name +Br\[2J31mead$/m)
    expect(out).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
    const answer = answering(['\x1b]0;title\x07Knead it.'])
    const asked = await cli(scriptedPeer({ answer }), ['ask', 'x'])
    expect(asked.out).toMatch(/^\]0;titleKnead it\.\n/)
  })

  test('what is too wide is cut in its words and never in its figures', () => {
    const shown = table(
      [{ head: 'ID', isWhole: true }, { head: 'A' }, { head: 'B' }, { head: 'C', isRight: true }],
      [['bafyreia…wxyz12', 'x'.repeat(90), 'y'.repeat(40), '123456789.000000001 DNC']],
      { width: 80, empty: '' }
    )
    expect(widthOf(shown)).toBe(80)
    expect(shown).toContain('123456789.000000001 DNC')
    expect(shown).toMatch(/^bafyreia…wxyz12 {2}x+… {2}y+… /m)
    expect(table([{ head: 'A' }], [], { width: 80, empty: 'none' })).toBe('none')
    expect(wrap('one two three', 7, '> ')).toBe('one two\n> three')
  })
})

describe('completion', () => {
  test('bash offers commands, verbs and options in their places', async () => {
    const { out } = await cli(scriptedPeer(), ['completion', 'bash'])
    const offered = (...words: string[]) =>
      execFileSync(
        'bash',
        [
          '-c',
          'eval "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _datanet; echo "${COMPREPLY[@]}"',
          out,
          ...words
        ],
        { encoding: 'utf8' }
      ).trim()
    expect(offered('datanet', 'mod')).toBe('model')
    expect(offered('datanet', 'datanet', 'pub')).toBe('publish')
    expect(offered('datanet', 'ask', '--model', 'x', '--max')).toBe('--max --max-tokens')
    expect(offered('datanet', 'contribute', 'package.j')).toBe('package.json')
    // Options are for who began one, files for where no command can stand.
    expect(offered('datanet', 'wallet', 'ex')).toBe('export')
    expect(offered('datanet', 'contribute', '')).toContain('package.json')
    expect(offered('datanet', 'contribute', '')).not.toContain('--')
    expect(offered('datanet', 'completion', 'f')).toBe('fish')
    expect(offered('datanet', '')).not.toContain('--')
  })

  test('a folder that is called as a command is does not take its place', async () => {
    const { out } = await cli(scriptedPeer(), ['completion', 'bash'])
    // In a terminal a folder `peer` would be completed as `peer/`, of which there is one here.
    expect(out).not.toMatch(/^complete .*filenames/m)
    expect(existsSync('peer')).toBe(true)
  })

  test.skipIf(!isThere('zsh'))(
    'zsh offers commands, options and files in their places',
    async () => {
      const { out } = await cli(scriptedPeer(), ['completion', 'zsh'])
      const offered = (...words: string[]) =>
        execFileSync(
          'zsh',
          [
            '-fc',
            `compdef() { }; _describe() { print -l -- "\${(P@)2%%:*}" }; _files() { print files }
           eval "$1"; shift; words=("$@"); CURRENT=$#; _datanet`,
            'zsh',
            out,
            ...words
          ],
          { encoding: 'utf8' }
        )
          .trim()
          .split('\n')
      expect(offered('datanet', '')).toContain('wallet')
      expect(offered('datanet', 'datanet', '').slice(0, 4)).toEqual([
        'create',
        'list',
        'show',
        'publish'
      ])
      expect(offered('datanet', 'ask', '--model', 'x', '--m')).toContain('--max-tokens')
      expect(offered('datanet', 'contribute', '')).toEqual(['files'])
    }
  )

  test.skipIf(!isThere('fish'))('fish offers commands and options in their places', async () => {
    const { out } = await cli(scriptedPeer(), ['completion', 'fish'])
    const offered = (line: string) =>
      execFileSync('fish', ['--no-config', '-c', `${out}\ncomplete -C '${line}'`], {
        encoding: 'utf8'
      })
        .trim()
        .split('\n')
        .map((one) => one.split('\t')[0])
    expect(offered('datanet ')).toContain('wallet')
    expect(offered('datanet datanet ')).toEqual(
      expect.arrayContaining(['create', 'diff', 'history', 'list', 'publish', 'show'])
    )
    expect(offered('datanet ask --max')).toEqual(['--max', '--max-tokens'])
  })

  test.each(['zsh', 'fish'])('%s gets a script that names every verb', async (shell) => {
    const { out } = await cli(scriptedPeer(), ['completion', shell])
    for (const verb of ['publish', 'contribute', 'verify', 'claim', 'approve-all']) {
      expect(out).toContain(verb)
    }
    expect(await cli(scriptedPeer(), ['completion', 'tcsh'])).toMatchObject({ code: 2 })
  })
})

test('an account is named by label or address', async () => {
  const accounts = [{ address: OWN, label: 'ann' }]
  const named = await cli(scriptedPeer({ accounts }), ['account', 'balance', 'Ann', '--json'])
  expect(JSON.parse(named.out)).toEqual({ account: OWN, balanceWei: '5500000000000000000' })
  expect(await cli(scriptedPeer(), ['account', 'balance', 'ben'])).toMatchObject({ code: 2 })
  expect(BREAD.curators).not.toContain(OWN)
})
