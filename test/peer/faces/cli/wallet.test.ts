import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import type { Transfer } from '../../../../peer/api/accounts-api.ts'
import type { PeerApi } from '../../../../peer/api/peer-api.ts'
import { CURATOR, cli, OWN, scriptedPeer } from './scripted-peer.ts'

const DNC = 10n ** 18n
const TO = `0x${'5e'.repeat(20)}`
const ACCOUNTS = [
  { address: OWN, label: 'own' },
  { address: CURATOR, label: 'curator' }
]
const VAULT = { account: OWN, balanceWei: 0n, withdrawingWei: 0n }

let dir: string
let did: unknown[][]
let peer: ReturnType<typeof scriptedPeer>

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'datanet-wallet-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  peer = scriptedPeer({ accounts: ACCOUNTS })
  did = []
  const held = { balanceWei: 12n * DNC, gasWei: 10n ** 17n }
  const api = peer.api as { accounts: object; channels: object }
  Object.assign(api.accounts, {
    holdings: async (address: string) => ({ address, label: 'own', ...held }),
    deposit: async (address: string) => ({ address, chainId: 1, token: TO, isGiven: false }),
    async send(transfer: Transfer) {
      did.push(['send', transfer])
      const { asset = 'token', amountWei = 7n * DNC } = transfer
      return {
        asset,
        from: transfer.account,
        to: transfer.to,
        amountWei,
        txHash: `0x${'77'.repeat(32)}`
      }
    },
    vault: async () => VAULT,
    async vaultDeposit(amountWei: bigint) {
      did.push(['vaultDeposit', amountWei])
      return { ...VAULT, balanceWei: amountWei }
    },
    async vaultWithdraw(draft: object) {
      did.push(['vaultWithdraw', draft])
      const out = { withdrawingWei: 3n * DNC, readyAtMs: 1_800_000_000_000 }
      return { ...VAULT, balanceWei: 5n * DNC, ...out, returnedWei: 0n }
    },
    async import(key: object) {
      did.push(['import', key])
      return { address: OWN, label: 'ann' }
    },
    async export(key: object) {
      did.push(['export', key])
      return { address: OWN, label: 'own', keystore: '{"version":3}' }
    }
  } satisfies Partial<PeerApi['accounts']>)
  Object.assign(api.channels, {
    budget: async () => ({
      maxCallWei: DNC,
      spentWei: 2n * DNC,
      reservedWei: 0n,
      day: { limitWei: 5n * DNC, spentWei: 2n * DNC, reservedWei: 0n, leftWei: 3n * DNC },
      providers: [{ provider: '12D3KooWprovider', spentWei: 2n * DNC, reservedWei: 0n }],
      freesAtMs: 1_800_000_000_000
    })
  } satisfies Partial<PeerApi['channels']>)
})

test('nothing is sent without a word: typed on a terminal, or said by --yes', async () => {
  const words = ['wallet', 'withdraw', '1.5', '--to', TO]
  const silent = await cli(peer, words)
  expect(silent).toMatchObject({ code: 2, err: expect.stringContaining('--yes') })
  for (const answer of ['n', '', 'yesterday', 'no']) {
    expect(await cli(peer, words, { answers: [answer] })).toMatchObject({ code: 0 })
  }
  expect(did).toEqual([])
  const said = await cli(peer, words, { answers: ['y'], columns: 80 })
  expect(said.out).toMatch(/1\.5 DNC\n {2}from 0xa1.*\n {2}to {3}0x5e[\s\S]*Sent 1\.5 DNC to 0x5e/)
  await cli(peer, [...words, '--account', 'curator', '--yes'])
  expect(did).toEqual([
    ['send', { account: OWN, to: TO, amountWei: (3n * DNC) / 2n }],
    ['send', { account: CURATOR, to: TO, amountWei: (3n * DNC) / 2n }]
  ])
  expect(await cli(peer, ['wallet', 'withdraw', 'much', '--to', TO, '--yes'])).toMatchObject({
    code: 2
  })
})

test('coins of the chain are sent by --coin, and all of them by the word', async () => {
  const words = ['wallet', 'withdraw', 'all', '--to', TO, '--coin']
  const said = await cli(peer, words, { answers: ['y'], columns: 80 })
  expect(said.out).toMatch(/^all it holds\n {2}from[\s\S]*Sent 7 coins of the chain to 0x5e/)
  expect(did).toEqual([['send', { account: OWN, to: TO, asset: 'coin' }]])
})

test('a vault is filled, shown and emptied', async () => {
  const filled = await cli(peer, ['wallet', 'deposit', '--vault', '5'], { columns: 80 })
  expect(filled.out).toContain('The vault holds 5 DNC.')
  const out = await cli(peer, ['wallet', 'withdraw', '--vault'], { columns: 80 })
  expect(out.out).toMatch(/3 DNC of it is on its\s+way\s+out[\s\S]*wallet withdraw --vault\n/)
  await cli(peer, ['wallet', 'withdraw', '2', '--vault', '--json'])
  expect(did).toEqual([
    ['vaultDeposit', 5n * DNC],
    ['vaultWithdraw', {}],
    ['vaultWithdraw', { amountWei: 2n * DNC }]
  ])
  for (const wrong of [['--vault', '--to', TO], ['--to', TO], ['1']]) {
    expect(await cli(peer, ['wallet', 'withdraw', ...wrong])).toMatchObject({ code: 2 })
  }
  const named = ['wallet', 'deposit', 'own', '--vault', '5']
  expect(await cli(peer, named)).toMatchObject({ code: 2 })
})

test('a key goes to a file of its owner alone, never over another one, and never to the screen', async () => {
  const file = join(dir, 'own.json')
  const { out, code } = await cli(peer, ['wallet', 'export', '--out', file], {
    passphrase: 'correct horse'
  })
  expect(code).toBe(0)
  expect(out).not.toMatch(/version|correct horse/)
  expect(readFileSync(file, 'utf8')).toBe('{"version":3}\n')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const again = await cli(peer, ['wallet', 'export', '--out', file])
  expect(again).toMatchObject({ code: 2, err: expect.stringContaining('is there already') })
  expect(did).toEqual([['export', { account: OWN, passphrase: 'correct horse' }]])
})

test('a key file is taken in under a label', async () => {
  const file = join(dir, 'key.json')
  writeFileSync(file, '{"version":3}')
  await cli(peer, ['wallet', 'import', file, '--label', 'ann', '--passphrase-file', 'p'])
  expect(did).toEqual([['import', { label: 'ann', keystore: '{"version":3}', passphrase: 'in p' }]])
  expect(await cli(peer, ['wallet', 'import', join(dir, 'none')])).toMatchObject({ code: 2 })
  writeFileSync(file, 'x'.repeat(70_000))
  expect(await cli(peer, ['wallet', 'import', file])).toMatchObject({ code: 2 })
  expect(did).toHaveLength(1)
})

test.each([
  [['wallet', 'balance'], /own +0xa1a1\S+ +12 DNC +0\.1/],
  [['wallet', 'budget'], /left today +3 DNC/],
  [['wallet', 'deposit'], /pay to +0xa1a1[\s\S]*coin for gas/],
  [['wallet', 'vault'], /The vault is empty/],
  [['wallet', 'create', 'ann'], /ann is 0x/]
])('%j fits 80 columns and says it', async (words, says) => {
  const { out, code } = await cli(peer, words, { columns: 80 })
  expect(code).toBe(0)
  expect(out).toMatch(says)
  expect(Math.max(...out.split('\n').map((line) => [...line].length))).toBeLessThanOrEqual(80)
  expect((await cli(peer, [...words, '--json'])).out).toMatch(/^\{.*\}\n/)
})
