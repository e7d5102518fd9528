import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { DatanetError, isDatanetError } from '../protocol/base/errors.ts'
import type { Role } from './api/peer-api.ts'
import type { ApiToken } from './api/server.ts'
import type { ChainContracts } from './chain/chain.ts'
import { readNetwork } from './devnet/network.ts'
import { type UpstreamInit, upstreamSchema } from './engines/upstream/upstream-init.ts'
import { ALL_ROLES, ROLES } from './roles.ts'
import type { SpendingLimits } from './services/parts.ts'

/** What a peer runs with: defaults, then the file, then the environment, then the flags. */
export interface Config {
  readonly dataDir: string
  readonly bootstrap: readonly string[]
  /** Multiaddrs to listen on; loopback and a free port when left out. */
  readonly listen?: readonly string[]
  readonly roles: readonly Role[]
  /** `embedded` runs a chain of its own with play money, in place of rpcUrl and contracts. */
  readonly chain?: 'embedded'
  /** Of the embedded chain; 0 takes the one of last time, or a free one. */
  readonly chainPort: number
  /** Absent without a chain; `network` in a source fills bootstrap, rpcUrl and contracts. */
  readonly rpcUrl?: string
  readonly contracts?: ChainContracts
  /** What the network is about, where its file says so. */
  readonly networkTopic?: string
  /** 0 takes a free port: who needs it reads it from api.json. */
  readonly apiPort: number
  readonly gateway: boolean
  readonly gatewayPort: number
  /** Drawn at random at every start when left out. */
  readonly gatewayToken?: string
  /** The most that the gateway spends in one UTC day. */
  readonly gatewayCapWei: bigint
  readonly limits: SpendingLimits
  readonly dht: boolean
  /** Seconds that a payer's withdrawal takes, as this peer's offers state; a day, or 10 on an embedded chain. */
  readonly withdrawDelayS?: number
  /** Seconds after which an unused channel is closed and its deposit taken back; 0: never. */
  readonly idleCloseS: number
  /** Blocks that must carry what the chain says before it counts; 1 on a devnet's chain, else 12. */
  readonly confirmations?: number
  /** Vouchers worth as much together are claimed at once; one token. */
  readonly claimAtWei?: bigint
  /** Multiaddrs of towers that this provider's vouchers are handed to. */
  readonly towers?: readonly string[]
  /** How much more must be at stake before they are; a tenth of a token. */
  readonly towerAtWei?: bigint
  /** The least that a voucher must bring to be kept here, in the role tower; a hundredth of a token. */
  readonly towerLeastWei?: bigint
  /** Shows what is kept here to the public IPFS network. */
  readonly ipfsPublic: boolean
  /** Where it listens for that, and by whom it joins; any port, and the public network's own peers. */
  readonly ipfsListen?: readonly string[]
  readonly ipfsBootstrap?: readonly string[]
  /** Language models beside the embedded engine. */
  readonly upstreams?: readonly UpstreamInit[]
  /** What is contributed here goes on by itself: reviewed by own curators, published, built, served. */
  readonly autoPublish: boolean
  /** Opens the keys; from the environment only, where neither `ps` nor a backup of files shows it. */
  readonly keyPassphrase?: string
  /** A file that only its owner can read, with the passphrase as its one line. */
  readonly keyPassphraseFile?: string
  readonly logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug'
  /** Further tokens beside the daemon's own. */
  readonly tokens: readonly ApiToken[]
}

export interface ConfigSources {
  /**
   * The environment; the process's own when left out. A key is DATANET_ and its name in capitals:
   * DATANET_API_PORT. Lists are separated by commas; contracts, tokens and upstreams are JSON.
   */
  readonly env?: Readonly<Record<string, string | undefined>>
  /**
   * Keys in camel case, as text or as what they mean: dataDir, network (a network file), bootstrap,
   * listen, roles, chain, chainPort, rpcUrl, contracts, apiPort, gateway, gatewayPort, gatewayToken, gatewayCapWei, maxCallWei,
   * prepayWei, depositWei, maxDayWei, maxProviderDayWei, minBondWei, dht, withdrawDelayS, idleCloseS,
   * confirmations, claimAtWei, towers, towerAtWei, towerLeastWei, ipfsPublic, ipfsListen, ipfsBootstrap, autoPublish, upstreams, keyPassphraseFile,
   * logLevel, tokens. Undefined values count as left out.
   */
  readonly flags?: Readonly<Record<string, unknown>>
  /** A JSON file with the same keys; `config.json` in the data directory when left out. */
  readonly file?: string
}

const ENVIRONMENT = 'environment'
const DNC = 10n ** 18n
const DEFAULTS = {
  bootstrap: [] as readonly string[],
  roles: ROLES as readonly Role[],
  chainPort: 0,
  apiPort: 0,
  gateway: false,
  gatewayPort: 0,
  gatewayCapWei: 10n * DNC,
  maxCallWei: DNC,
  prepayWei: DNC / 20n,
  depositWei: DNC,
  dht: true,
  idleCloseS: 7 * 86_400,
  autoPublish: false,
  ipfsPublic: false,
  logLevel: 'info' as const,
  tokens: [] as readonly ApiToken[]
}

const WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  on: true,
  yes: true,
  '1': true,
  false: false,
  off: false,
  no: false,
  '0': false
}

const fromText = <T extends z.ZodType>(read: (text: string) => unknown, schema: T) =>
  z.preprocess((value) => (typeof value === 'string' ? read(value) : value), schema)
const fromJson = <T extends z.ZodType>(schema: T) =>
  fromText((text) => {
    try {
      return JSON.parse(text)
    } catch {
      return text
    }
  }, schema)

const listOf = <T extends z.ZodType>(item: T, least = 0) =>
  fromText(
    (text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    z.array(item).min(least)
  )

const wei = z.preprocess(
  (value) =>
    (typeof value === 'string' && /^\d{1,39}$/.test(value)) || Number.isSafeInteger(value)
      ? BigInt(value as string | number)
      : value,
  z.bigint({ error: 'a whole amount in wei' }).nonnegative()
)
const port = fromText(
  (text) => (/^\d{1,5}$/.test(text) ? Number(text) : text),
  z.int().min(0).max(65_535)
)
const flag = fromText((text) => WORDS[text.toLowerCase()] ?? text, z.boolean())
const address = z.string().regex(/^0x[0-9a-f]{40}$/, { error: 'an address in lowercase' })
const secret = z.string().regex(/^\S{8,}$/, { error: 'eight characters or more, none a space' })

const sourceSchema = z
  .strictObject({
    dataDir: z.string().min(1),
    network: z.string().min(1),
    bootstrap: listOf(z.string().startsWith('/', { error: 'a multiaddr' })),
    listen: listOf(z.string().startsWith('/', { error: 'a multiaddr' })),
    roles: listOf(z.enum(ALL_ROLES), 1),
    chain: z.enum(['embedded']),
    chainPort: port,
    rpcUrl: z.url({ protocol: /^https?$/ }),
    contracts: fromJson(
      z.strictObject({
        chainId: z.preprocess(
          (value) => (Number.isSafeInteger(value) ? BigInt(value as number) : value),
          z.bigint().positive()
        ),
        registry: address,
        escrow: address,
        pool: address,
        bond: address,
        bounty: z.exactOptional(address),
        token: address
      })
    ),
    apiPort: port,
    gateway: flag,
    gatewayPort: port,
    gatewayToken: secret,
    gatewayCapWei: wei,
    maxCallWei: wei,
    prepayWei: wei,
    depositWei: wei,
    maxDayWei: wei,
    maxProviderDayWei: wei,
    minBondWei: wei,
    dht: flag,
    withdrawDelayS: fromText(
      (text) => (/^\d{1,7}$/.test(text) ? Number(text) : text),
      z.int().min(1).max(2_592_000)
    ),
    idleCloseS: fromText(
      (text) => (/^\d{1,9}$/.test(text) ? Number(text) : text),
      z.int().min(0).max(315_360_000)
    ),
    confirmations: fromText(
      (text) => (/^\d{1,5}$/.test(text) ? Number(text) : text),
      z.int().min(1).max(10_000)
    ),
    claimAtWei: wei,
    towers: listOf(z.string().startsWith('/', { error: 'a multiaddr' })),
    ipfsPublic: flag,
    ipfsListen: listOf(z.string().startsWith('/', { error: 'a multiaddr' }), 1),
    ipfsBootstrap: listOf(z.string().startsWith('/', { error: 'a multiaddr' }), 1),
    towerAtWei: wei,
    towerLeastWei: wei,
    autoPublish: flag,
    upstreams: fromJson(z.array(upstreamSchema).max(64)),
    keyPassphrase: z.string().min(1),
    keyPassphraseFile: z.string().min(1),
    logLevel: z.enum(['silent', 'error', 'warn', 'info', 'debug']),
    tokens: fromJson(
      z.array(
        z.strictObject({
          token: secret,
          label: z.exactOptional(z.string().min(1).max(64)),
          accounts: z.exactOptional(z.array(address)),
          accountsUnder: z.exactOptional(
            z.string().regex(/^\S{1,63}\/$/, { error: 'the beginning of labels, as in discord/' })
          ),
          spendWei: z.exactOptional(wei),
          admin: z.exactOptional(z.boolean())
        })
      )
    )
  })
  .partial()

type Source = z.output<typeof sourceSchema> & { readonly networkTopic?: string }

/**
 * The effective configuration. Refuses keys that do not exist, values that are not possible and files
 * that cannot be read with CONFIG_INVALID: `details.key` and `details.source` say where.
 */
export function loadConfig({ env = process.env, flags = {}, file }: ConfigSources = {}): Config {
  const fromEnv = readSource(ENVIRONMENT, namesOfEnv(env), envName)
  const fromFlags = readSource('flags', flags)
  const dataDir = fromFlags.dataDir ?? fromEnv.dataDir ?? join(homedir(), '.datanet')
  const fromFile = readFile(file, join(dataDir, 'config.json'))
  if (fromFile.dataDir !== undefined && file === undefined && fromFile.dataDir !== dataDir) {
    throw new DatanetError(
      'CONFIG_INVALID',
      { key: 'dataDir', source: 'file' },
      { hint: 'config.json in a data directory cannot name another one' }
    )
  }
  refuseTwoChains(fromFile, file ?? join(dataDir, 'config.json'))
  refuseTwoChains(fromEnv, ENVIRONMENT)
  refuseTwoChains(fromFlags, 'flags')
  const merged = { ...DEFAULTS, ...over(over(fromFile, fromEnv), fromFlags) }
  const { maxCallWei, prepayWei, depositWei, network: _, ...others } = merged
  const { maxDayWei, maxProviderDayWei, minBondWei, ...rest } = others
  const budgets = {
    ...(maxDayWei === undefined ? {} : { maxDayWei }),
    ...(maxProviderDayWei === undefined ? {} : { maxProviderDayWei }),
    ...(minBondWei === undefined ? {} : { minBondWei })
  }
  return {
    ...rest,
    dataDir: fromFlags.dataDir ?? fromEnv.dataDir ?? fromFile.dataDir ?? dataDir,
    limits: { maxCallWei, prepayWei, depositWei, ...budgets }
  } as Config
}

/**
 * The effective values by key, fit to be shown: of tokens only their labels and scopes, of an RPC URL
 * only its host, since its path often is a key. Amounts are decimal text.
 */
export function describeConfig(config: Config): Readonly<Record<string, unknown>> {
  const { limits, tokens, rpcUrl, gatewayToken, contracts, keyPassphrase, ...others } = config
  const { upstreams = [], ...rest } = others
  const plain = Object.entries({ ...rest, ...limits }).map(([key, value]) => [
    key,
    typeof value === 'bigint' ? value.toString() : value
  ])
  return {
    ...Object.fromEntries(plain),
    rpcUrl: rpcUrl === undefined ? null : hideUrl(rpcUrl),
    contracts:
      contracts === undefined ? null : { ...contracts, chainId: Number(contracts.chainId) },
    gatewayToken: gatewayToken === undefined ? null : 'hidden',
    keyPassphrase: keyPassphrase === undefined ? null : 'hidden',
    upstreams: upstreams.map(({ apiKey, url, ...one }) => ({
      ...one,
      ...(url === undefined ? {} : { url: hideUrl(url) }),
      ...(apiKey === undefined ? {} : { apiKey: 'hidden' })
    })),
    tokens: tokens.map(({ token: _, spendWei, ...scope }) => ({
      token: 'hidden',
      ...scope,
      ...(spendWei === undefined ? {} : { spendWei: spendWei.toString() })
    }))
  }
}

function hideUrl(text: string): string {
  const { protocol, host, pathname, search, username } = new URL(text)
  const isHidden = username !== '' || search !== '' || pathname.length > 1
  return `${protocol}//${host}/${isHidden ? '…' : ''}`
}

function readSource(
  source: string,
  values: Readonly<Record<string, unknown>>,
  nameOf: (key: string) => string = (key) => key
): Source {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  const parsed = sourceSchema.safeParse(Object.fromEntries(given))
  if (!parsed.success) {
    const issue = parsed.error.issues[0] as z.core.$ZodIssue
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
    const key = [...issue.path, ...(unknown === undefined ? [] : [unknown])].map(String)
    const name = [nameOf(key[0] ?? ''), ...key.slice(1)].join('.')
    const why = unknown === undefined ? `${name}: ${issue.message}` : `there is no key ${name}`
    throw new DatanetError('CONFIG_INVALID', { key: name, source }, { hint: `${source}: ${why}` })
  }
  if (parsed.data.keyPassphrase !== undefined && source !== ENVIRONMENT) {
    const hint = `${source}: a passphrase stands in a file of its own: keyPassphraseFile`
    throw new DatanetError('CONFIG_INVALID', { key: 'keyPassphrase', source }, { hint })
  }
  const { network } = parsed.data
  if (network === undefined) return parsed.data
  const { bootstrap, rpcUrl, contracts, topic } = readNetwork(network)
  const about = topic === undefined ? {} : { networkTopic: topic }
  return { bootstrap: [...bootstrap], rpcUrl, contracts, ...about, ...parsed.data }
}

/** The keys that name a chain that runs elsewhere; `network` comes with the peers around it. */
const ELSEWHERE = ['network', 'rpcUrl', 'contracts'] as const

function refuseTwoChains(values: Source, source: string): void {
  const other = ELSEWHERE.find((key) => values[key] !== undefined)
  if (values.chain === undefined || other === undefined) return
  const hint = `${source}: chain ${values.chain} is a chain of its own: leave out ${other}, or chain`
  throw new DatanetError('CONFIG_INVALID', { key: other, source }, { hint })
}

/** `stronger` over `weaker`: what says which chain takes the place of all that said another one. */
function over(weaker: Source, stronger: Source): Source {
  const left: { -readonly [K in keyof Source]: Source[K] } = { ...weaker }
  if (stronger.chain !== undefined) {
    if (left.network !== undefined) delete left.bootstrap
    delete left.networkTopic
    for (const key of ELSEWHERE) delete left[key]
  } else if (ELSEWHERE.some((key) => stronger[key] !== undefined)) {
    delete left.chain
    delete left.chainPort
  }
  return { ...left, ...stronger }
}

function readFile(file: string | undefined, usual: string): Source {
  if (file === undefined && !existsSync(usual)) return {}
  const path = file ?? usual
  try {
    const parsed = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(path, 'utf8')))
    return readSource(path, parsed)
  } catch (cause) {
    if (isDatanetError(cause)) throw cause
    const hint = `${path} is not a JSON file of settings`
    throw new DatanetError('CONFIG_INVALID', { source: path }, { cause, hint })
  }
}

const PREFIX = 'DATANET_'
/** Where the bot finds a running peer: in the same shell, and nothing of this peer's own. */
const OTHERS: readonly string[] = ['DATANET_PEER_URL', 'DATANET_PEER_TOKEN']

function namesOfEnv(env: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const own = Object.entries(env).filter(
    ([name]) => name.startsWith(PREFIX) && !OTHERS.includes(name)
  )
  return Object.fromEntries(own.map(([name, value]) => [keyOfEnv(name), value]))
}

function keyOfEnv(name: string): string {
  return name
    .slice(PREFIX.length)
    .toLowerCase()
    .replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

function envName(key: string): string {
  return PREFIX + key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
}
