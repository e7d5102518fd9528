import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeConfig, loadConfig } from '../../peer/config.ts'
import { writeNetwork } from '../../peer/devnet/network.ts'

const ADDRESS = `0x${'a1'.repeat(20)}`
const CONTRACTS = {
  chainId: 31_337n,
  registry: ADDRESS,
  escrow: ADDRESS,
  pool: ADDRESS,
  bond: ADDRESS,
  token: ADDRESS
}
const BOOTSTRAP = '/ip4/127.0.0.1/tcp/4001'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'datanet-config-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

function file(content: unknown, name = 'given.json'): string {
  const path = join(dir, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

function refusal(sources: Parameters<typeof loadConfig>[0]) {
  try {
    loadConfig({ env: {}, ...sources })
  } catch (error) {
    return error as { code: string; message: string; details: Record<string, unknown> }
  }
  throw new Error('it was taken')
}

test('without any source there are defaults, and no chain', () => {
  // A directory of its own, since the usual one may hold a file.
  const config = loadConfig({ env: { DATANET_DATA_DIR: dir, HOME: '/else' } })
  expect(config).toMatchObject({
    dataDir: dir,
    bootstrap: [],
    gateway: false,
    dht: true,
    apiPort: 0
  })
  expect(config.limits.maxCallWei).toBe(10n ** 18n)
  expect(config.limits).not.toHaveProperty('maxDayWei')
  expect(config.idleCloseS).toBe(7 * 86_400)
  expect(config.rpcUrl).toBeUndefined()
  expect(loadConfig({ env: {}, file: file({}) }).dataDir).toBe(join(homedir(), '.datanet'))
})

test('flags win over the environment, that over the file, that over the defaults', () => {
  const given = file({ apiPort: 1, gatewayPort: 1, maxCallWei: '1', logLevel: 'warn' })
  const env = { DATANET_API_PORT: '2', DATANET_GATEWAY_PORT: '2', DATANET_MAX_CALL_WEI: '2' }
  const flags = { apiPort: '3', gatewayPort: undefined }
  const config = loadConfig({ env, flags, file: given })
  expect(config).toMatchObject({ apiPort: 3, gatewayPort: 2, logLevel: 'warn' })
  expect(config.limits.maxCallWei).toBe(2n)
  expect(config.limits.depositWei).toBe(10n ** 18n)
})

test('the file in the data directory is read when no other is named', () => {
  file({ apiPort: 4_444 }, 'config.json')
  expect(loadConfig({ env: {}, flags: { dataDir: dir } }).apiPort).toBe(4_444)
  expect(loadConfig({ env: {}, flags: { dataDir: dir }, file: file({}) }).apiPort).toBe(0)
  file({ dataDir: '/elsewhere' }, 'config.json')
  expect(refusal({ flags: { dataDir: dir } }).details).toMatchObject({ key: 'dataDir' })
})

test('where the bot finds its peer is no business of a peer', () => {
  const env = { DATANET_PEER_URL: 'http://127.0.0.1:1', DATANET_PEER_TOKEN: 'its-token' }
  expect(loadConfig({ env, flags: { dataDir: dir } })).not.toHaveProperty('peerUrl')
})

test('every kind of value can be written as text', () => {
  const tokens = [{ token: 'bots-token', label: 'bot', accounts: [ADDRESS], spendWei: '12' }]
  const config = loadConfig({
    env: {
      DATANET_DATA_DIR: dir,
      DATANET_BOOTSTRAP: `${BOOTSTRAP}, ${BOOTSTRAP}`,
      DATANET_RPC_URL: 'http://127.0.0.1:8545',
      DATANET_CONTRACTS: JSON.stringify({ ...CONTRACTS, chainId: 31_337 }),
      DATANET_GATEWAY: 'on',
      DATANET_DHT: 'false',
      DATANET_TOKENS: JSON.stringify(tokens)
    }
  })
  expect(config).toMatchObject({
    bootstrap: [BOOTSTRAP, BOOTSTRAP],
    contracts: CONTRACTS,
    gateway: true,
    dht: false,
    tokens: [{ ...tokens[0], spendWei: 12n }]
  })
})

test('a network file gives bootstrap, endpoint and contracts; a key of the same source wins', () => {
  const network = join(dir, 'network.json')
  const rpcUrl = 'http://127.0.0.1:8545'
  writeNetwork(network, { bootstrap: [BOOTSTRAP], rpcUrl, contracts: CONTRACTS, topic: 't' })
  const env = { DATANET_DATA_DIR: dir }
  expect(loadConfig({ env, flags: { network } })).toMatchObject({
    bootstrap: [BOOTSTRAP],
    rpcUrl,
    contracts: CONTRACTS
  })
  const other = 'http://127.0.0.1:9999'
  expect(loadConfig({ env, flags: { network, rpcUrl: other } }).rpcUrl).toBe(other)
  expect(loadConfig({ env, flags: { network } })).not.toHaveProperty('network')
  expect(refusal({ flags: { network: join(dir, 'none') } }).code).toBe('CONFIG_INVALID')
})

test('roles and addresses are lists, and index is no role yet', () => {
  const env = { DATANET_DATA_DIR: dir, DATANET_LISTEN: '/ip4/0.0.0.0/tcp/4001' }
  expect(loadConfig({ env })).toMatchObject({
    roles: ['host', 'provider', 'consumer'],
    listen: ['/ip4/0.0.0.0/tcp/4001']
  })
  expect(loadConfig({ env, flags: { roles: 'host, consumer' } }).roles).toEqual([
    'host',
    'consumer'
  ])
  expect(refusal({ flags: { roles: 'host,index' } }).details).toMatchObject({ key: 'roles.1' })
  expect(refusal({ flags: { roles: '' } }).details).toMatchObject({ key: 'roles' })
})

test('an embedded chain stands in place of any other one', () => {
  const env = { DATANET_DATA_DIR: dir, DATANET_CHAIN: 'embedded', DATANET_CHAIN_PORT: '8545' }
  expect(loadConfig({ env })).toMatchObject({ chain: 'embedded', chainPort: 8_545 })
  const network = join(dir, 'network.json')
  const rpcUrl = 'http://127.0.0.1:8545'
  writeNetwork(network, { bootstrap: [BOOTSTRAP], rpcUrl, contracts: CONTRACTS })
  for (const [key, value] of Object.entries({ network, rpcUrl, contracts: CONTRACTS })) {
    const error = refusal({ flags: { chain: 'embedded', [key]: value } })
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', details: { key } })
    expect(error.message).toContain(`leave out ${key}`)
  }
  const both = file({ chain: 'embedded', rpcUrl })
  expect(refusal({ file: both }).message).toContain(both)
  expect(refusal({ flags: { chain: 'sidechain' } }).details).toMatchObject({ key: 'chain' })
})

test('the stronger source says which chain it is, whatever a weaker one said', () => {
  const network = join(dir, 'network.json')
  const rpcUrl = 'http://127.0.0.1:8545'
  writeNetwork(network, { bootstrap: [BOOTSTRAP], rpcUrl, contracts: CONTRACTS })
  const own = file({ chain: 'embedded', chainPort: 8_545, autoPublish: true })
  const joined = loadConfig({ env: { DATANET_NETWORK: network }, file: own })
  expect(joined).toMatchObject({ rpcUrl, bootstrap: [BOOTSTRAP], chainPort: 0, autoPublish: true })
  expect(joined.chain).toBeUndefined()

  const back = loadConfig({ env: { DATANET_NETWORK: network }, flags: { chain: 'embedded' } })
  expect(back).toMatchObject({ chain: 'embedded', bootstrap: [] })
  expect(back.rpcUrl).toBeUndefined()
  expect(back.contracts).toBeUndefined()
})

test('keys that do not exist are named, as they were written', () => {
  for (const [sources, key] of [
    [{ flags: { dataDirr: 'x' } }, 'dataDirr'],
    [{ env: { DATANET_APIPORT: '1' } }, 'DATANET_APIPORT'],
    [{ env: { DATANET_DATA__DIR: '1' } }, 'DATANET_DATA__DIR'],
    [{ file: file({ limits: {} }) }, 'limits'],
    [{ flags: { tokens: [{ token: 'long-enough', admn: true }] } }, 'tokens.0.admn']
  ] as const) {
    const error = refusal(sources)
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', details: { key } })
    expect(error.message).toContain(key)
  }
})

test.each([
  ['apiPort', '70000'],
  ['apiPort', 'http'],
  ['maxCallWei', '-1'],
  ['maxDayWei', '1 DNC'],
  ['maxProviderDayWei', -1],
  ['idleCloseS', '-1'],
  ['idleCloseS', 1.5],
  ['maxCallWei', '1.5'],
  ['maxCallWei', 1.5],
  ['gateway', 'maybe'],
  ['bootstrap', 'example.com'],
  ['rpcUrl', 'file:///etc/passwd'],
  ['contracts', '{'],
  ['logLevel', 'loud'],
  ['tokens', [{ token: 'short' }]]
])('%s cannot be %s', (key, value) => {
  const error = refusal({ flags: { dataDir: dir, [key]: value } })
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', details: { source: 'flags' } })
  expect(String(error.details.key)).toMatch(new RegExp(`^${key}`))
})

test('a file that is not there, not JSON or no object is refused by its name', () => {
  mkdirSync(join(dir, 'folder'))
  for (const path of [join(dir, 'none'), file('{'), file('[]', 'list'), join(dir, 'folder')]) {
    expect(refusal({ file: path })).toMatchObject({
      code: 'CONFIG_INVALID',
      details: { source: path }
    })
  }
})

test('a passphrase is taken from the environment, and refused where others would see it', () => {
  const env = { DATANET_DATA_DIR: dir, DATANET_KEY_PASSPHRASE: 'words' }
  expect(loadConfig({ env }).keyPassphrase).toBe('words')
  for (const sources of [
    { flags: { keyPassphrase: 'words' } },
    { file: file({ keyPassphrase: 'words' }) }
  ]) {
    expect(refusal(sources)).toMatchObject({
      code: 'CONFIG_INVALID',
      details: { key: 'keyPassphrase' }
    })
  }
})

test('what is shown of a configuration holds no secret', () => {
  const config = loadConfig({
    env: { DATANET_DATA_DIR: dir, DATANET_KEY_PASSPHRASE: 'sesame words' },
    flags: {
      rpcUrl: 'https://user:sesame@chain.example/v3/sesame?key=sesame',
      contracts: CONTRACTS,
      gatewayToken: 'sesame-open',
      tokens: [{ token: 'sesame-open', label: 'bot', admin: true, spendWei: 5n }]
    }
  })
  const shown = describeConfig(config)
  expect(JSON.stringify(shown)).not.toContain('sesame')
  expect(shown).toMatchObject({
    rpcUrl: 'https://chain.example/…',
    gatewayToken: 'hidden',
    tokens: [{ token: 'hidden', label: 'bot', admin: true, spendWei: '5' }],
    maxCallWei: '1000000000000000000'
  })
})

test('language models are set up by name, and their keys are never shown', () => {
  const url = 'http://127.0.0.1:8000/v1'
  const one = { name: 'gpu', kind: 'openai', base: 'some/base', url, apiKey: 'sesame' }
  const env = { DATANET_DATA_DIR: dir, DATANET_UPSTREAMS: JSON.stringify([one]) }
  const config = loadConfig({ env })
  expect(config.upstreams).toEqual([one])
  const shown = describeConfig(config)
  expect(JSON.stringify(shown)).not.toContain('sesame')
  expect(shown).toMatchObject({ upstreams: [{ name: 'gpu', apiKey: 'hidden' }] })
  for (const change of [
    { url: 'file:///etc' },
    { kind: 'magic' },
    { name: 'A B' },
    { wholeMs: 120_000 }
  ]) {
    const flags = { upstreams: [{ ...one, ...change }] }
    expect(() => loadConfig({ env: { DATANET_DATA_DIR: dir }, flags })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' })
    )
  }
  const { url: _, ...without } = one
  expect(() => loadConfig({ env, flags: { upstreams: [without] } })).toThrow(/a url/)
})

test('budgets of a day are limits of the payer', () => {
  const env = { DATANET_DATA_DIR: dir, DATANET_MAX_DAY_WEI: '7', DATANET_IDLE_CLOSE_S: '0' }
  const config = loadConfig({ env, file: file({ maxProviderDayWei: '5', minBondWei: '3' }) })
  expect(config.limits).toMatchObject({ maxDayWei: 7n, maxProviderDayWei: 5n, minBondWei: 3n })
  expect(config.idleCloseS).toBe(0)
  expect(describeConfig(config)).toMatchObject({ maxDayWei: '7', maxProviderDayWei: '5' })
})

test('what watches over money is a matter of configuration', () => {
  const tower = '/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWtower'
  const env = {
    DATANET_CONFIRMATIONS: '3',
    DATANET_CLAIM_AT_WEI: '1000',
    DATANET_TOWERS: `${tower},/dns4/tower.example/tcp/1`,
    DATANET_TOWER_AT_WEI: '10',
    DATANET_TOWER_LEAST_WEI: '1',
    DATANET_ROLES: 'tower'
  }
  expect(loadConfig({ env, flags: { dataDir: '/nowhere' } })).toMatchObject({
    confirmations: 3,
    claimAtWei: 1_000n,
    towers: [tower, '/dns4/tower.example/tcp/1'],
    towerAtWei: 10n,
    towerLeastWei: 1n,
    roles: ['tower']
  })
  // Nobody pays gas for others without meaning to.
  expect(loadConfig({ env: {}, flags: { dataDir: '/nowhere' } }).roles).not.toContain('tower')
  for (const [key, value] of Object.entries({ confirmations: '0', towers: 'tower.example' })) {
    expect(() => loadConfig({ env: {}, flags: { dataDir: '/nowhere', [key]: value } })).toThrow()
  }
})

test('the public side is off, and joins and listens where it is told', () => {
  expect(loadConfig({ env: {}, flags: { dataDir: dir } }).ipfsPublic).toBe(false)
  const env = { DATANET_IPFS_PUBLIC: 'on', DATANET_IPFS_LISTEN: '/ip4/0.0.0.0/tcp/4002' }
  expect(loadConfig({ env, flags: { dataDir: dir, ipfsBootstrap: BOOTSTRAP } })).toMatchObject({
    ...{ ipfsPublic: true, ipfsListen: ['/ip4/0.0.0.0/tcp/4002'], ipfsBootstrap: [BOOTSTRAP] }
  })
  const wrong = { env: {}, flags: { dataDir: dir, ipfsListen: '0.0.0.0:4002' } }
  expect(() => loadConfig(wrong)).toThrow(/a multiaddr/)
})
