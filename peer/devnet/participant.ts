import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { DatanetError } from '../../protocol/base/errors.ts'
import type { FromChild, ToChild } from './messages.ts'
import type { Network } from './network.ts'
import type { agentRole } from './roles/agent.ts'
import type { contributorsRole } from './roles/contributors.ts'
import type { hostRole } from './roles/host.ts'
import type { providerRole } from './roles/provider.ts'
import type { Progress } from './roles/role.ts'

/** What each kind of participant can do. */
export interface Roles {
  readonly host: typeof hostRole
  readonly contributors: typeof contributorsRole
  readonly provider: typeof providerRole
  readonly agent: typeof agentRole
}

type Args<R extends keyof Roles, A extends keyof Roles[R]> = Roles[R][A] extends (
  scene: never,
  args: infer T
) => unknown
  ? unknown extends T
    ? undefined
    : T
  : undefined
type Value<R extends keyof Roles, A extends keyof Roles[R]> = Roles[R][A] extends (
  ...args: never[]
) => Promise<infer T>
  ? T
  : never

/** A participant in a process of its own. */
export interface Participant<R extends keyof Roles> {
  readonly role: R
  readonly pid: number
  readonly peerId: string
  readonly account: string
  /** Has it act. Refuses with the action's own code, or PEER_GONE when the process ended. */
  do<A extends keyof Roles[R] & string>(
    action: A,
    args?: Args<R, A>,
    onProgress?: (progress: Progress) => void
  ): Promise<Value<R, A>>
  /** Opens the participant's OpenAI-compatible endpoint. */
  openGateway(): Promise<{ url: string; token: string }>
  stop(): Promise<void>
}

interface Waiting {
  readonly done: PromiseWithResolvers<unknown>
  readonly onProgress: ((progress: Progress) => void) | undefined
}

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url))
/** How long a participant may take to put its things in order before it is killed. */
const STOP_MS = 5_000
const KEPT_STDERR = 2_000

/**
 * Starts a participant of `role`, given its own directory and what every participant is given.
 * `onFork` gets the way to end it as soon as there is a process, before it is ready.
 */
export async function startParticipant<R extends keyof Roles>(
  role: R,
  dataDir: string,
  network: Network,
  onFork: (stop: () => Promise<void>) => void = () => {}
): Promise<Participant<R>> {
  const child = fork(CHILD, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc']
  })
  onFork(() => end(child))
  const waiting = new Map<number, Waiting>()
  let ids = 0
  let stderr = ''
  child.stderr?.on('data', (data: Buffer) => {
    stderr = (stderr + data.toString()).slice(-KEPT_STDERR)
  })
  child.on('message', (message: FromChild) => {
    const call = waiting.get(message.id)
    if (call === undefined) return
    if ('progress' in message) return call.onProgress?.(message.progress)
    waiting.delete(message.id)
    if ('value' in message) return call.done.resolve(message.value)
    const { code, message: text, details } = message.error
    call.done.reject(new DatanetError(code, { ...details, participant: role }, { hint: text }))
  })
  child.once('exit', (code, signal) => {
    for (const { done } of waiting.values()) {
      done.reject(
        new DatanetError('PEER_GONE', { participant: role, code, signal }, { cause: stderr })
      )
    }
    waiting.clear()
  })

  function request(
    make: (id: number) => ToChild,
    onProgress?: (progress: Progress) => void
  ): Promise<unknown> {
    const id = ++ids
    const done = Promise.withResolvers<unknown>()
    if (child.exitCode !== null || child.signalCode !== null) {
      done.reject(new DatanetError('PEER_GONE', { participant: role }))
      return done.promise
    }
    waiting.set(id, { done, onProgress })
    child.send(make(id), (error) => {
      if (error === null || error === undefined) return
      waiting.delete(id)
      done.reject(new DatanetError('PEER_GONE', { participant: role }, { cause: error }))
    })
    return done.promise
  }

  const started = (await request((id) => ({ id, start: { role, dataDir, network } })).catch(
    async (error) => {
      await end(child)
      throw error
    }
  )) as { peerId: string; account: string }
  return {
    role,
    pid: child.pid ?? 0,
    peerId: started.peerId,
    account: started.account,
    do: (action, args, onProgress) =>
      request((id) => ({ id, do: action, args }), onProgress) as never,
    openGateway: () =>
      request((id) => ({ id, do: 'gateway', args: undefined })) as Promise<{
        url: string
        token: string
      }>,
    stop: () => end(child)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  if (child.connected) child.send({ stop: true } satisfies ToChild, () => {})
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await exited
  clearTimeout(timer)
}
