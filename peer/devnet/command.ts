import { once } from 'node:events'
import { printJson } from '../faces/cli/print.ts'
import { type Devnet, startDevnet } from './devnet.ts'
import { createProgressLine } from './progress-line.ts'
import { tellStep } from './story.ts'

/** The options of `datanet devnet`, as the command line gives them. */
export interface DevnetOptions {
  readonly once?: boolean
  readonly json?: boolean
  readonly seed: number
  readonly question: readonly string[]
  readonly keep?: string
}

/**
 * Runs the devnet in the terminal: tells its story (or one JSON object a step), then, unless `once`,
 * stays up with the agent's endpoint open until it is told to stop. Leaves nothing behind.
 */
export async function runDevnet(options: DevnetOptions): Promise<void> {
  const isJson = options.json === true
  const line = createProgressLine(isJson ? undefined : process.stdout)
  const stopping = stopSignal()
  const sayStopping = () => {
    line.clear()
    if (!isJson) process.stdout.write('\nStopping…\n')
  }
  stopping.signal.addEventListener('abort', sayStopping, { once: true })
  const starting = startDevnet({
    seed: options.seed,
    questions: options.question,
    ...(options.keep === undefined ? {} : { keep: options.keep }),
    tell(step) {
      line.clear()
      if (!isJson) process.stdout.write(`${tellStep(step)}\n`)
      // The last line of --json is the summary itself.
      else if (step.step === 'summary') printJson(step.summary)
      else printJson(step)
    },
    progress: (who, progress) => line.show(who, progress),
    signal: stopping.signal
  })
  let devnet: Devnet
  try {
    devnet = await starting
  } catch (error) {
    if (!stopping.signal.aborted) throw error
    process.exitCode = 130
    return
  }
  try {
    if (options.once === true || stopping.signal.aborted) return
    const { url, token } = await devnet.openGateway()
    if (isJson) printJson({ step: 'listening', url, token, networkFile: devnet.networkFile })
    else process.stdout.write(invitation(url, token, devnet.networkFile))
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
  } finally {
    await devnet.stop()
  }
}

/** A terminal and npm may both deliver one Ctrl-C: a repetition this soon is the same one. */
const SAME_MS = 1_500

/** Fires at the first Ctrl-C or SIGTERM; a later one ends the process at once. */
function stopSignal(): AbortController {
  const controller = new AbortController()
  let firstMs = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted && performance.now() - firstMs > SAME_MS) process.exit(130)
      if (controller.signal.aborted) return
      firstMs = performance.now()
      controller.abort()
    })
  }
  return controller
}

function invitation(url: string, token: string, networkFile: string): string {
  return `
It stays up until Ctrl-C. Ask the agent's OpenAI-compatible endpoint something yourself:

  curl -s ${url}/chat/completions \\
    -H 'authorization: Bearer ${token}' -H 'content-type: application/json' \\
    -d '{"model": "weakness-answers", "messages": [{"role": "user", "content": "What is SQL injection?"}]}'

or let a peer join from another terminal, for one answer or to stay:

  npx datanet join ${networkFile} --question 'How can path traversal be prevented?'
  npx datanet peer start --network ${networkFile} --data-dir me
`
}
