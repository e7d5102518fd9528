// One measurement of an index of so many contributions in a process of its own:
// node --expose-gc scale-child.ts 100000 [--stand-in]. Ends in one line of JSON.

import { createSeededRandom } from '../../../peer/devnet/sample-random.ts'
import type { EnginePassage } from '../../../peer/engines/engine.ts'
import { dotProducts } from '../../../peer/engines/retrieval/dot-products.ts'
import { type Embedder, loadEmbedder } from '../../../peer/engines/retrieval/embedder.ts'
import { createFind } from '../../../peer/engines/retrieval/finding.ts'
import {
  buildRetrievalIndex,
  loadRetrievalIndex
} from '../../../peer/engines/retrieval/retrieval-index.ts'
import { windowsEach, windowsOf } from '../../../peer/engines/retrieval/windows.ts'
import { scaleTexts } from './scale-texts.ts'

const QUERIES = 200
const count = Number(process.argv[2])
const isStandIn = process.argv.includes('--stand-in')
const { signal } = new AbortController()
const real = await loadEmbedder()
if (real === undefined) throw new Error('the embedding packages are not installed')
const texts = scaleTexts(count)
const random = createSeededRandom(18)
const figures: Record<string, number> = { contributions: count }

// what the model itself costs: 300 contributions, as they would be embedded in an index this large
const sample = random.shuffle(texts).slice(0, 300)
const pieces = sample.flatMap((passage) => windowsOf(passage, windowsEach(count)))
figures.windowsEach = pieces.length / sample.length
let cpu = process.cpuUsage()
for (const { text } of pieces) await real.embed(text, { signal })
figures.embedMsEach = spent(cpu) / sample.length

const embedder = isStandIn ? standIn(real) : real
cpu = process.cpuUsage()
const artefact = await buildRetrievalIndex(texts, { signal, embedder })
figures.buildMs = spent(cpu)
figures.artefactBytes = artefact.length
figures.textBytes = texts.reduce((sum, { title, text }) => sum + title.length + text.length, 0)

gc?.()
const before = process.memoryUsage()
cpu = process.cpuUsage()
const index = loadRetrievalIndex(artefact, texts)
figures.loadMs = spent(cpu)
gc?.()
const after = process.memoryUsage()
figures.indexBytes = after.heapUsed + after.external - before.heapUsed - before.external
figures.rssBytes = after.rss

// one in a hundred changed: a tenth of a percent gone, the rest new words
const changed = texts.slice(count / 1_000).map((passage, place): EnginePassage => {
  return place % 100 === 0 ? { ...passage, text: `${passage.text} It was revised.` } : passage
})
cpu = process.cpuUsage()
const previous = { artefact, corpus: index.corpus }
const updated = await buildRetrievalIndex(changed, { signal, embedder, previous })
figures.updateMs = spent(cpu)
cpu = process.cpuUsage()
loadRetrievalIndex(updated, changed, { previous: index })
figures.reloadMs = spent(cpu)

const find = createFind({ corpus: index.corpus, vectors: index.vectors, embedder: real })
const times: number[] = []
const wall: number[] = []
let missed = 0
for (let query = 0; query < QUERIES; query++) {
  const { title, text } = texts[random.below(count)] as EnginePassage
  const words = text.split(' ')
  const from = random.below(Math.max(1, words.length - 5))
  const question =
    query % 2 === 0 ? `What is ${title}?` : `What about ${words.slice(from, from + 5).join(' ')}?`
  const startMs = performance.now()
  cpu = process.cpuUsage()
  await find([question], { signal })
  times.push(spent(cpu))
  wall.push(performance.now() - startMs)
  if (query % 10 === 0) missed += await missedBy(question)
}
const quantile = (of: number[], part: number): number =>
  of.toSorted((a, b) => a - b)[Math.floor(of.length * part)] as number
figures.queryP50Ms = quantile(times, 0.5)
figures.queryP95Ms = quantile(times, 0.95)
figures.queryWallP50Ms = quantile(wall, 0.5)
figures.queryWallP95Ms = quantile(wall, 0.95)
figures.candidateRecall = 1 - missed / (QUERIES / 10) / 10
console.log(JSON.stringify(figures))

/** Processor time since then: others use this machine as well. */
function spent(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1_000
}

/** Of the ten nearest windows by plain arithmetic, those that the fast one does not have. */
async function missedBy(question: string): Promise<number> {
  const { rows = new Int8Array() } = index.vectors ?? {}
  const vector = await (real as Embedder).embed(question, { signal })
  const fast = tenOf(dotProducts(vector, rows))
  const plain = new Int32Array(rows.length / vector.length)
  for (let row = 0, at = 0; row < plain.length; row++) {
    let sum = 0
    for (const value of vector) sum += value * (rows[at++] as number)
    plain[row] = sum
  }
  return tenOf(plain).filter((row) => !fast.includes(row)).length
}

function tenOf(products: Int32Array): number[] {
  const order = [...products.keys()].sort(
    (a, b) => (products[b] as number) - (products[a] as number) || a - b
  )
  return order.slice(0, 10)
}

/** Vectors that cost nothing, for what does not depend on their meaning: time and memory. */
function standIn(model: Embedder): Embedder {
  return {
    ...model,
    embed: async (text, { signal }) => {
      signal.throwIfAborted()
      let state = text.length + 1
      for (let at = 0; at < text.length; at += 7)
        state = Math.imul(state ^ text.charCodeAt(at), 0x01000193)
      return Int8Array.from({ length: model.dimensions }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        return ((state >>> 24) % 100) - 50
      })
    }
  }
}
