import { Option } from 'commander'
import type { DatanetSummary } from '../../api/datanets-api.ts'
import type { ModelListing } from '../../api/models-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal, toProblem } from '../../api/problem.ts'
import { type CliCommand, command, read } from './command.ts'
import { datanetTable } from './datanet.ts'
import { modelTable } from './model.ts'
import type { Print } from './print.ts'

const GRACE_MS = 1_500
const TICK_MS = 200
const MAX_NEAR = 5
/** Shorter words, as of or and, say nothing of a topic. */
const MIN_WORD = 3

/** `datanet search`: what is known here and announced on the network under a topic, all of it verified. */
export const searchCommands: readonly CliCommand[] = [
  command<{ wait?: number }>({
    name: 'search',
    summary: 'look for Datanets and models by topic',
    args: '<topic...>',
    options: [
      new Option('--wait <seconds>', 'go on looking while nothing is found').argParser(read.count)
    ],
    async run({ api, args, options, print, signal }) {
      const topic = args.join(' ')
      const waitMs = Math.min(60, options.wait ?? 0) * 1_000
      const query = waitMs === 0 ? topic : { topic, waitMs }
      const ended = ticking(print, `asking the network about ${topic}`)
      const enough = new AbortController()
      const waiting = { signal: AbortSignal.any([signal, enough.signal]) }
      let grace: NodeJS.Timeout | undefined
      // What finds nothing may look for long; once the other has found, it need not.
      const orNone = async <T>(search: Promise<readonly T[]>): Promise<readonly T[]> => {
        try {
          const found = await search
          grace ??= setTimeout(() => enough.abort(), GRACE_MS)
          return found
        } catch (error) {
          const isGivenUp = enough.signal.aborted && !signal.aborted
          if (isGivenUp || toProblem(error).body.code === 'DISCOVERY_EMPTY') return []
          throw error
        }
      }
      const [datanets, models] = await Promise.all([
        orNone(api.datanets.find(query, waiting)),
        orNone(api.models.search(query, waiting))
      ]).finally(() => {
        clearTimeout(grace)
        ended()
      })
      if (datanets.length + models.length === 0) {
        const near = await topicsNear(api, topic)
        const known = near.length === 0 ? '' : ` (known here: ${near.join(', ')})`
        const hint =
          `topics match as a whole, word for word${known}; ` +
          'what was just announced takes seconds to be found: --wait 20 goes on looking'
        throw refusal('DISCOVERY_EMPTY', { topic }, { hint })
      }
      type Found = { datanet: DatanetSummary } | ModelListing
      const found: Found[] = [...datanets.map((datanet) => ({ datanet })), ...models]
      await print.list(found, async () => {
        const { peerId } = await api.status()
        const parts = [
          ...(datanets.length > 0 ? [datanetTable(datanets, peerId, print.columns)] : []),
          ...(models.length > 0 ? [await modelTable(api, models, print.columns)] : [])
        ]
        return parts.join('\n\n')
      })
    }
  })
]

/** The topics of what is known here that have a word in common with `topic`, quoted. */
async function topicsNear(api: PeerApi, topic: string): Promise<readonly string[]> {
  const words = wordsOf(topic)
  const [datanets, models] = await Promise.all([api.datanets.list(), api.models.list()])
  const all = [...datanets, ...models.map(({ model }) => model)].flatMap(({ topics }) => topics)
  const near = all.filter((one) =>
    wordsOf(one).some((word) => words.some((w) => word.startsWith(w) || w.startsWith(word)))
  )
  return [...new Set(near)].slice(0, MAX_NEAR).map((one) => `“${one}”`)
}

function wordsOf(text: string): readonly string[] {
  const words = text.toLowerCase().split(/[^\p{L}\p{N}]+/u)
  return words.filter(({ length }) => length >= MIN_WORD)
}

/** Says on a terminal what goes on and for how long, until the returned function is called. */
function ticking(print: Print, text: string): () => void {
  const startedAtMs = performance.now()
  const tell = () => {
    const seconds = Math.floor((performance.now() - startedAtMs) / 1_000)
    print.progress({ text: seconds === 0 ? text : `${text}, ${seconds} s`, done: 0, total: 0 })
  }
  tell()
  const timer = setInterval(tell, TICK_MS)
  return () => clearInterval(timer)
}
