import { type ChildProcess, fork } from 'node:child_process'

/** A process of its own that answers requests; what it costs is read from itself. */
export interface Child {
  ask<T>(request: object): Promise<T>
  stop(): Promise<void>
}

/** What a process has used so far. */
export interface Cpu {
  readonly cpuMs: number
}

interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** Starts `file` as a process that answers by `answerRequests`. */
export async function startChild(file: URL, init: object, execArgv: string[] = []): Promise<Child> {
  const child: ChildProcess = fork(file, [], {
    execArgv,
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc']
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let lastId = 0
  child.on('message', ({ id, value, error }: Reply) => {
    const reply = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) reply?.resolve(value)
    else reply?.reject(new Error(`${file.pathname}: ${error}`))
  })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      for (const reply of waiting.values()) reply.reject(new Error(`${file.pathname} ended`))
      resolve()
    })
  })
  const self: Child = {
    ask<T>(request: object) {
      const reply = Promise.withResolvers<unknown>()
      waiting.set(++lastId, reply)
      child.send({ id: lastId, request })
      return reply.promise as Promise<T>
    },
    async stop() {
      child.disconnect()
      await exited
    }
  }
  await self.ask({ do: 'start', ...init })
  return self
}

/** In the child: answers each request by the handler of its name; `cpu` is answered here. */
export function answerRequests(
  handlers: Readonly<Record<string, (request: never) => unknown>>
): void {
  process.on('message', async ({ id, request }: { id: number; request: { do: string } }) => {
    try {
      const handler = request.do === 'cpu' ? cpu : handlers[request.do]
      if (handler === undefined) throw new Error(`cannot ${request.do}`)
      process.send?.({ id, value: await handler(request as never) })
    } catch (error) {
      process.send?.({
        id,
        error: error instanceof Error ? (error.stack ?? error.message) : `${error}`
      })
    }
  })
  process.on('disconnect', () => process.exit(0))
}

function cpu(): Cpu {
  const { user, system } = process.cpuUsage()
  return { cpuMs: (user + system) / 1_000 }
}
