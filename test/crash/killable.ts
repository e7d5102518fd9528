import { type ChildProcess, fork } from 'node:child_process'

/** A process that answers requests, until it is killed. */
export interface Killable {
  ask<T>(request: { do: string } & Record<string, unknown>): Promise<T>
  /** SIGKILL from outside; resolves when the process is gone. */
  kill(): Promise<void>
  readonly isGone: boolean
}

interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** Starts `file`, which answers by `answerRequests`; what is compiled once is kept in `compiled`. */
export function startKillable(file: URL, compiled: string): Killable {
  const child: ChildProcess = fork(file, [], {
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc']
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let lastId = 0
  let isGone = false
  child.on('message', ({ id, value, error }: Reply) => {
    const reply = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) reply?.resolve(value)
    else reply?.reject(new Error(error))
  })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      isGone = true
      for (const reply of waiting.values()) reply.reject(new Error('the process is gone'))
      resolve()
    })
  })
  return {
    get isGone() {
      return isGone
    },
    ask<T>(request: object) {
      const reply = Promise.withResolvers<unknown>()
      waiting.set(++lastId, reply)
      child.send({ id: lastId, request })
      return reply.promise as Promise<T>
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    }
  }
}
