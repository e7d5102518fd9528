import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { deployContracts } from '../../peer/chain/deploy.ts'
import { createEmbeddedChain } from '../../peer/chain/embedded-chain.ts'
import { serveRpc } from '../../peer/chain/rpc-server.ts'
import { keySigner } from '../../protocol/base/typed-data.ts'
import { createBooks, type Findings } from './books.ts'
import { type Killable, startKillable } from './killable.ts'
import { PHASES, type Phase, readPhaseBoard } from './phases.ts'
import { populate } from './populate.ts'
import type { SideInit } from './settings.ts'
import type { Took } from './side.ts'
import { tear } from './torn.ts'

export type SideName = 'provider' | 'payer'

/** What a campaign came to. */
export interface CampaignResult extends Findings {
  readonly kills: Record<SideName, number>
  /** Kills that hit each phase, per side; one kill hits the phases of all its calls. */
  readonly hits: Record<SideName, Record<Phase | 'idle', number>>
  readonly torn: Record<string, number>
  readonly channels: number
  /** Opening the store and closing the books of what was cut off, the longest, without the node's start. */
  readonly recovery: Record<SideName, Took>
  readonly codes: Record<string, number>
}

export interface CampaignInit {
  readonly kills: Record<SideName, number>
  /** Other channels in each store. */
  readonly channels: number
  /** The longest life of a process once it works. */
  readonly lifeMs: number
  /** Kills between two comparisons of the books. */
  readonly every: number
  readonly random: () => number
  /** No kill comes after that. */
  readonly withinMs?: number
  /** Folder with provider.js and payer.js, bundled before: they start faster. */
  readonly sides?: string
  readonly onProgress?: (line: string) => void
}

/** Kills both sides of a busy channel at random moments and compares what they know afterwards. */
export async function runCampaign(init: CampaignInit): Promise<CampaignResult> {
  const { kills, random } = init
  const dir = mkdtempSync(join(tmpdir(), 'datanet-crash-'))
  const dirs = { provider: join(dir, 'provider'), payer: join(dir, 'payer') }
  for (const [side, path] of Object.entries(dirs)) {
    mkdirSync(path)
    populate(path, side as SideName, init.channels)
  }
  const chain = await createEmbeddedChain({ blockMs: 5 })
  const secretKey = new Uint8Array(32).fill(5)
  await chain.request('datanet_faucet', [keySigner(secretKey).address])
  const contracts = await deployContracts({ rpc: chain.request, secretKey, dropDelayS: 2 })
  chain.useFaucetToken(contracts.token)
  const rpc = await serveRpc(chain.request)
  const shared = { rpcUrl: rpc.url, contracts, seq: Date.now(), port: await freePort() }
  const lives = { provider: 0, payer: 0 }
  const none = { wallMs: 0, cpuMs: 0 }
  const recovery: Record<SideName, Took> = { provider: none, payer: none }
  const bornAtMs: Record<SideName, number[]> = { provider: [], payer: [] }
  const sides: Partial<Record<SideName, Killable>> = {}
  const count = (): Record<Phase | 'idle', number> =>
    Object.fromEntries([...PHASES, 'idle'].map((phase) => [phase, 0])) as never
  const hits = { provider: count(), payer: count() }
  const torn: Record<string, number> = {}
  const codes: Record<string, number> = {}
  let offered: { address: string; card: Uint8Array; offer: Uint8Array } | undefined

  async function start(side: SideName): Promise<{ account: string }> {
    lives[side] += 1
    bornAtMs[side].push(Date.now())
    const killable = startKillable(
      init.sides === undefined
        ? new URL(`./${side}.ts`, import.meta.url)
        : pathToFileURL(join(init.sides, `${side}.js`)),
      join(dir, 'compiled')
    )
    sides[side] = killable
    const own: SideInit = { ...shared, dir: dirs[side], life: lives[side] }
    const started = await killable.ask<{
      account: string
      recovered: { opened: Took; recovered: Took }
    }>({
      do: 'start',
      ...own,
      ...(side === 'payer' ? offered : {})
    })
    const took = (of: keyof Took) =>
      Math.max(recovery[side][of], started.recovered.opened[of] + started.recovered.recovered[of])
    recovery[side] = { wallMs: took('wallMs'), cpuMs: took('cpuMs') }
    if (side === 'provider') offered = started as never
    return started
  }

  async function kill(side: SideName): Promise<void> {
    await sides[side]?.kill()
    const { phases, syncedBytes } = readPhaseBoard(join(dirs[side], 'board'))
    for (const phase of phases) hits[side][phase] += 1
    if (random() < 1 / 3) {
      const how = tear(join(dirs[side], 'peer.db-wal'), syncedBytes, random)
      torn[how] = (torn[how] ?? 0) + 1
    }
  }

  /** Waits until calls run, or only until one is being opened; not for ever. */
  async function busy(side: SideName, isEarly: boolean): Promise<void> {
    const idle = isEarly ? ['idle', 'claiming'] : ['idle', 'claiming', 'opening']
    for (let tries = 0; tries < 400; tries++) {
      const { phases } = readPhaseBoard(join(dirs[side], 'board'))
      if (phases.some((phase) => !idle.includes(phase))) return
      await pause(10)
    }
  }

  /** Ends the load, lets both sides close their books, and reads them. */
  async function compare(): Promise<void> {
    const settled = await sides.payer?.ask<{ open: number; codes: typeof codes }>({ do: 'settle' })
    for (const [code, times] of Object.entries(settled?.codes ?? {})) {
      codes[code] = (codes[code] ?? 0) + times
    }
    await pause(200)
    books.compare(settled?.open ?? -1)
  }

  const books = createBooks(dirs, bornAtMs)
  try {
    for (const side of ['provider', 'payer'] as const) {
      const { account } = await start(side)
      await chain.request('datanet_faucet', [account])
    }
    await sides.payer?.ask({ do: 'go' })
    const left = { ...kills }
    const untilMs = performance.now() + (init.withinMs ?? Number.POSITIVE_INFINITY)
    for (let done = 1; left.provider + left.payer > 0 && performance.now() < untilMs; done++) {
      const side: SideName =
        random() * (left.provider + left.payer) < left.provider ? 'provider' : 'payer'
      // Most kills come while it works, some also before it does again.
      const luck = random()
      if (luck < 0.9) await busy(side, luck < 0.1)
      await pause(random() * init.lifeMs)
      left[side] -= 1
      await kill(side)
      await start(side)
      if (done % init.every === 0) await compare()
      if (side === 'payer' || done % init.every === 0) await sides.payer?.ask({ do: 'go' })
      init.onProgress?.(`${done} kills, ${left.provider + left.payer} to go`)
    }
    await pause(300)
    await compare()
    const { findings } = books
    const killed = { provider: kills.provider - left.provider, payer: kills.payer - left.payer }
    return { kills: killed, hits, torn, channels: init.channels, recovery, codes, ...findings }
  } finally {
    await Promise.all(Object.values(sides).map((side) => side?.kill()))
    await rpc.close()
    await chain.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** What several campaigns came to together. */
export function merged(results: readonly CampaignResult[]): CampaignResult {
  return results.reduce((one, other) => merge(one, other) as CampaignResult)
}

/** Numbers are added, but for times and sizes, of which the greatest counts; lists are joined. */
function merge(one: unknown, other: unknown, name = ''): unknown {
  if (typeof one === 'number' && typeof other === 'number') {
    return ['wallMs', 'cpuMs', 'channels'].includes(name) ? Math.max(one, other) : one + other
  }
  if (Array.isArray(one) && Array.isArray(other)) return [...one, ...other]
  if (typeof one !== 'object' || one === null) return one ?? other
  const both = { ...(other as Record<string, unknown>) }
  for (const [key, value] of Object.entries(one)) {
    both[key] = key in both ? merge(value, both[key], key) : value
  }
  return both
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      )
    })
  })
}
