// What 200 models of one peer cost in memory: node --expose-gc many-child.ts. Ends in one line of JSON.
import { sampleContributions } from '../../../peer/devnet/sample.ts'
import type { Engine } from '../../../peer/engines/engine.ts'
import { loadEmbedder } from '../../../peer/engines/retrieval/embedder.ts'
import { createRetrievalEngine } from '../../../peer/engines/retrieval/retrieval-engine.ts'
import {
  buildRetrievalIndex,
  loadRetrievalIndex
} from '../../../peer/engines/retrieval/retrieval-index.ts'

const MODELS = 200
const CONTRIBUTIONS = 60
const DATANETS = 4
const { signal } = new AbortController()

const start = held()
const embedder = await loadEmbedder()
if (embedder === undefined) throw new Error('the embedding packages are not installed')
await embedder.embed('warm', { signal })
const base = held()

const drafts = sampleContributions({ seed: 19, count: CONTRIBUTIONS * DATANETS })
const built: { readonly artefact: Uint8Array; readonly texts: string }[] = []
for (let datanet = 0; datanet < DATANETS; datanet++) {
  const own = drafts.slice(datanet * CONTRIBUTIONS, (datanet + 1) * CONTRIBUTIONS)
  const passages = own.map(({ title, text }, index) => ({
    contribution: `contribution-${datanet}-${index}`,
    contributor: `0x${'11'.repeat(20)}`,
    title,
    text
  }))
  const artefact = await buildRetrievalIndex(passages, { signal, embedder })
  built.push({ artefact, texts: JSON.stringify(passages) })
}
const engines: Engine[] = []
const load = async (place: number): Promise<void> => {
  // every model as if it came from disk: bytes and texts of its own
  const { artefact, texts } = built[place % DATANETS] as (typeof built)[0]
  const loaded = await loadEmbedder()
  const index = loadRetrievalIndex(artefact.slice(), JSON.parse(texts))
  engines.push(createRetrievalEngine({ index, embedder: loaded }, { datanet: `number ${place}` }))
}
await load(0)
const first = held()
for (let place = 1; place < MODELS; place++) await load(place)
const all = held()
const artefactBytes = built.reduce((sum, { artefact }) => sum + artefact.length, 0) / DATANETS
const textBytes = built.reduce((sum, { texts }) => sum + texts.length, 0) / DATANETS
console.log(
  JSON.stringify({
    models: engines.length,
    contributionsEach: CONTRIBUTIONS,
    baseRssBytes: base.rss - start.rss,
    extraModelBytes: (all.heap - first.heap) / (MODELS - 1),
    extraModelRssBytes: (all.rss - first.rss) / (MODELS - 1),
    indexBytes: artefactBytes + textBytes
  })
)

function held(): { readonly rss: number; readonly heap: number } {
  gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heap: heapUsed + external }
}
