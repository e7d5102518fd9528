import type { DatanetSummary, RevisionSummary } from '../../api/datanets-api.ts'
import type { ModelSummary, OfferSummary } from '../../api/models-api.ts'
import type { CallOptions, PeerApi } from '../../api/peer-api.ts'
import { toProblem } from '../../api/problem.ts'
import { buildModel } from './building.ts'
import { desk } from './desk.ts'
import { moneyOf } from './money.ts'
import type { Print } from './print.ts'
import { ownAccount } from './resolve.ts'
import type { Said } from './said.ts'
import { DEFAULT_PRICE } from './serving.ts'
import { short } from './short.ts'

/** What became of the contributions. */
export interface Live {
  readonly approved: number
  readonly revision: RevisionSummary
  readonly model: ModelSummary
  readonly offer: OfferSummary
  /** Models that were offered before and are no more. */
  readonly retired: readonly string[]
}

interface Scene {
  readonly api: PeerApi
  readonly datanet: DatanetSummary
  /** Whose contributions they are. */
  readonly account: string
  readonly print: Print
  readonly signal: AbortSignal
}

/** Whether this peer alone can publish for `datanet`: it hosts it, and keeps enough of its curators. */
export async function isOwnAlone(api: PeerApi, datanet: DatanetSummary): Promise<boolean> {
  const { peerId } = await api.status()
  const curators = await ownCurators(api, datanet)
  return datanet.intakeHost === peerId && curators.length >= datanet.threshold
}

/**
 * Takes what was handed in as `given` to a model that answers from it, step by step and visibly: approved
 * by the curators kept here, published and anchored, built, offered at the default price in place of
 * the model before. What is done already is not done again, so that it can be run once more after it
 * was cut off. Undefined when nothing of the Datanet was ever accepted.
 */
export async function goLive(scene: Scene, given: readonly Said[]): Promise<Live | undefined> {
  const { api, datanet, print, signal } = scene
  const approved = await approve(scene, given)
  const revision = await publish(scene)
  if (revision === undefined) return undefined
  const standing = (await api.models.built()).filter(({ revisions }) =>
    revisions.includes(revision.revision)
  )
  const money = await moneyOf(api)
  const startedAtMs = performance.now()
  const model = standing.at(-1) ?? (await buildModel(api, datanet, {}, waiting(scene)))
  if (standing.length === 0) {
    const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1)
    step(print, 'built', `“${model.name}” from it, in ${seconds} s`)
  }
  const { offer, retired } = await serve(scene, model)
  const { callWei, outputTokenWei } = offer
  step(print, 'serving', `it at ${money(callWei)} a call and ${money(outputTokenWei)} a token`)
  if (retired.length > 0)
    step(print, 'retired', `the model before: ${retired.map(short).join(', ')}`)
  signal.throwIfAborted()
  return { approved, revision, model, offer, retired }
}

/** Approves what waits and was handed in just now; what somebody else handed in waits for a review. */
async function approve(scene: Scene, given: readonly Said[]) {
  const { api, datanet, print, signal } = scene
  const handed = new Set(given.map(keyOf))
  // Somebody else may have handed in the same words first, to be credited for them.
  const curators = await ownCurators(api, datanet)
  let approved = 0
  let pending = 0
  for await (const one of desk(api, datanet.id, { signal })) {
    const { contribution, contributor } = one
    if (contributor !== scene.account || !handed.has(keyOf(one))) continue
    pending += 1
    print.progress({ text: 'approving', done: approved, total: given.length })
    for (const account of curators.filter((curator) => curator !== contributor)) {
      const draft = { datanet: datanet.id, contribution, account, verdict: 'approve' as const }
      const { status } = await api.datanets.review(draft, { signal })
      if (status !== 'accepted') continue
      approved += 1
      break
    }
  }
  if (approved > 0) step(print, 'approved', `${approved} of ${pending}, by its curator here`)
  if (approved < pending) step(print, 'waiting', `${pending - approved} for a review`)
  return approved
}

/** What is said, in whatever order its fields stand. */
function keyOf({ schema, content }: Said): string {
  return JSON.stringify([schema, ...Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1))])
}

/** The new revision, or the newest one when nothing is new. */
async function publish(scene: Scene): Promise<RevisionSummary | undefined> {
  const { api, datanet, print, signal } = scene
  try {
    const revision = await api.datanets.publish(datanet.id, waiting(scene))
    const { ordinal, rows } = revision
    step(
      print,
      'published',
      `revision ${ordinal} with ${rows} ${rows === 1 ? 'text' : 'texts'}, anchored on chain`
    )
    return revision
  } catch (error) {
    if (toProblem(error).body.code !== 'NOTHING_TO_PUBLISH') throw error
  }
  return api.datanets.head(datanet.id, { signal }).catch((error) => {
    if (toProblem(error).body.code !== 'ANCHOR_MISSING') throw error
    return undefined
  })
}

/** Offers the model, and no more those of the same Datanet that this peer offered before. */
async function serve({ api, datanet, signal }: Scene, model: ModelSummary) {
  const { peerId } = await api.status({ signal })
  const own = (await api.models.list({ signal })).flatMap(({ model: met, offers }) =>
    offers.filter(({ provider }) => provider === peerId).map((offer) => ({ met, offer }))
  )
  const standing = own.find(({ met }) => met.model === model.model)
  const account = await ownAccount(api, 'builder')
  const terms = { model: model.model, account, ...DEFAULT_PRICE }
  const offer = standing?.offer ?? (await api.models.serve(terms, { signal }))
  const retired: string[] = []
  for (const { met } of own) {
    const isOlder = met.model !== model.model && met.datanets.includes(datanet.id)
    if (!isOlder || met.name !== model.name || met.issuer !== peerId) continue
    await api.models.retire(met.model, { signal })
    retired.push(met.model)
  }
  return { offer, retired }
}

async function ownCurators(api: PeerApi, { curators }: DatanetSummary): Promise<string[]> {
  const own = (await api.accounts.list()).map(({ address }) => address)
  return curators.filter((curator) => own.includes(curator))
}

function waiting({ print, signal }: Scene): CallOptions & { onProgress: Print['progress'] } {
  return { signal, onProgress: print.progress }
}

function step(print: Print, what: string, text: string): void {
  print.write(`${what.padEnd(10)} ${text}\n`)
}
