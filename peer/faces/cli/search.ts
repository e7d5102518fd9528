import type { DatanetSummary } from '../../api/datanets-api.ts'
import type { ModelListing } from '../../api/models-api.ts'
import { refusal, toProblem } from '../../api/problem.ts'
import { type CliCommand, command } from './command.ts'
import { datanetTable } from './datanet.ts'
import { modelTable } from './model.ts'

const GRACE_MS = 1_500

/** `datanet search`: what the network announces under a topic, all of it verified. */
export const searchCommands: readonly CliCommand[] = [
  command({
    name: 'search',
    summary: 'look for Datanets and models by topic',
    args: '<topic...>',
    async run({ api, args, print, signal }) {
      const topic = args.join(' ')
      print.progress({ text: `asking the network about ${topic}`, done: 0, total: 0 })
      const enough = new AbortController()
      const waiting = { signal: AbortSignal.any([signal, enough.signal]) }
      let grace: NodeJS.Timeout | undefined
      // What finds nothing looks for long; once the other has found, it need not.
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
        orNone(api.datanets.find(topic, waiting)),
        orNone(api.models.search(topic, waiting))
      ]).finally(() => clearTimeout(grace))
      if (datanets.length + models.length === 0) throw refusal('DISCOVERY_EMPTY', { topic })
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
