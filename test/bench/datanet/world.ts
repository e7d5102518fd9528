import { fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startLocalChain } from '../../../peer/chain/local-chain.ts'
import { writeNetwork } from '../../../peer/devnet/network.ts'
import type { Cost, FromSide, SideInit, Started, ToSide } from './messages.ts'

/** A side of the bench, as its driver sees it. */
export interface Side extends Started {
  /** Has it do something; what came of it and what it cost that process. */
  do<T>(deed: string, argument?: unknown): Promise<{ result: T; cost: Cost }>
  stop(): Promise<void>
}

/** A chain in this process and peers in processes of their own, all in one folder. */
export interface BenchWorld {
  /** Where all of it lies. */
  readonly dir: string
  start(name: string): Promise<Side>
  stop(): Promise<void>
}

/** A world in a folder that `stop` removes; `onProgress` is told what each side has done so far. */
export async function createBenchWorld(
  onProgress: (name: string, deed: string, done: number, total: number) => void
): Promise<BenchWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'datanet-bench-'))
  mkdirSync(join(dir, 'chain'))
  const chain = await startLocalChain({ dir: join(dir, 'chain') })
  const bootstrap: string[] = []
  const sides: Side[] = []

  async function start(name: string): Promise<Side> {
    const dataDir = join(dir, name)
    const networkFile = join(dir, `${name}.json`)
    writeNetwork(networkFile, { bootstrap, rpcUrl: chain.rpcUrl, contracts: chain.contracts })
    const init: SideInit = { name, dataDir, networkFile }
    const child = fork(join(import.meta.dirname, 'side.ts'), {
      env: { ...process.env, BENCH_SIDE: JSON.stringify(init) },
      execArgv: flagsFor(name),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc']
    })
    let deed = ''
    let waiting: { resolve: (said: never) => void; reject: (error: Error) => void } | undefined
    const said = <T>() =>
      new Promise<T>((resolve, reject) => {
        waiting = { resolve, reject }
      })
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => {
        waiting?.reject(new Error(`${name} ended`))
        resolve()
      })
    })
    child.on('message', (message: FromSide) => {
      if ('total' in message) onProgress(name, deed, message.done, message.total)
      else if ('failed' in message) waiting?.reject(new Error(`${name}: ${message.failed}`))
      else waiting?.resolve(message as never)
    })
    const { started } = await said<{ started: Started }>()
    await chain.request('datanet_faucet', [started.account])
    bootstrap.push(...started.addresses.slice(0, 1))
    const side: Side = {
      ...started,
      do(what, argument = {}) {
        deed = what
        const answer = said<never>()
        child.send({ do: what, argument } satisfies ToSide)
        return answer
      },
      async stop() {
        if (child.connected) child.send('stop' satisfies ToSide)
        await exited
      }
    }
    sides.push(side)
    return side
  }

  return {
    dir,
    start,
    async stop() {
      await Promise.all(sides.map((side) => side.stop()))
      await chain.close()
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

/** `BENCH_PROFILE=host` has that side write a profile of its processor time into `cache/`. */
function flagsFor(name: string): string[] {
  if (process.env.BENCH_PROFILE?.split(',').includes(name) !== true) return []
  return ['--cpu-prof', '--cpu-prof-dir=cache', `--cpu-prof-name=${name}.cpuprofile`]
}
