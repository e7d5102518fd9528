import { cidOf, parseCid, RAW } from '../../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { revisionCid } from '../../../protocol/datanet/revision.ts'
import { type SignedCard, signCard, verifyCard } from '../../../protocol/model/card.ts'
import { tokensOf } from '../../../protocol/model/price.ts'
import type { BuildRecipe, ModelSummary } from '../../api/models-api.ts'
import type { ProgressOptions } from '../../api/peer-api.ts'
import { createGround } from '../../engines/attribution/ground.ts'
import type { EnginePassage } from '../../engines/engine.ts'
import { createGroundedEngine } from '../../engines/grounded/grounded-engine.ts'
import { loadEmbedder } from '../../engines/retrieval/embedder.ts'
import { forgetPassage } from '../../engines/retrieval/forget-passage.ts'
import { createRetrievalEngine } from '../../engines/retrieval/retrieval-engine.ts'
import { buildRetrievalIndex, loadRetrievalIndex } from '../../engines/retrieval/retrieval-index.ts'
import type { TextModel } from '../../engines/text-model.ts'
import type { Tombstones } from '../contribution/tombstones.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { Parts } from '../parts.ts'
import { passagesOf } from '../revision/revision-passages.ts'
import type { VerifiedRevision } from '../revision/revision-reading.ts'
import type { Revisions } from '../revision/revisions.ts'
import { type Catalogue, describeCard } from './catalogue.ts'
import { createLoadedModel, type LoadedModel } from './loaded-model.ts'
import type { TextModels } from './text-models.ts'

/** Building models of Datanets, and loading what was built. */
export interface Models {
  build(recipe: BuildRecipe, options?: ProgressOptions): Promise<ModelSummary>
  adopt(model: string, options?: ProgressOptions): Promise<ModelSummary>
  built(): Promise<readonly ModelSummary[]>
  /** The model of a card built here. Refuses others (MODEL_UNKNOWN). */
  load(model: string): Promise<LoadedModel>
}

const METHOD = 'leave-one-out/2'

/** Models of this peer. specs/06-model.md §Card */
export function createModels(
  parts: Pick<Parts, 'modelStore' | 'wallet' | 'publications' | 'peerId' | 'now'>,
  datanets: Datanets,
  revisions: Revisions,
  catalogue: Catalogue,
  withdrawals: Pick<Tombstones, 'onWithdrawn'>,
  texts: TextModels
): Models {
  const { modelStore, wallet, publications, peerId, now } = parts
  const loaded = new Map<string, Promise<LoadedModel>>()

  withdrawals.onWithdrawn((_datanet, contribution) => {
    for (const { model, artefact } of modelStore.models()) {
      const left = forgetPassage(artefact, contribution)
      if (left !== artefact) modelStore.setArtefact(model, left)
    }
    for (const model of loaded.values()) {
      model.then((one) => one.drop(contribution)).catch(() => {})
    }
  })

  async function assemble(
    artefact: Uint8Array,
    passages: readonly EnginePassage[],
    {
      name,
      ownerOf,
      text
    }: {
      readonly name: string
      readonly ownerOf: VerifiedRevision['ownerOf']
      readonly text: TextModel | undefined
    }
  ): Promise<LoadedModel> {
    const first = loadRetrievalIndex(artefact, passages)
    const embedder = await loadEmbedder()
    const init = { datanet: name, countTokens: tokensOf }
    return createLoadedModel(passages, ownerOf, (left) => {
      const index = left === passages ? first : loadRetrievalIndex(artefact, left)
      const ground = createGround(index.corpus)
      const engine =
        text === undefined
          ? createRetrievalEngine({ index, embedder, ground }, init)
          : createGroundedEngine({ index, embedder, text, ground }, init)
      return { engine, ground }
    })
  }

  /** The newest artefact built here of the Datanet: what has not changed since is not made again. */
  async function earlierOf(datanet: string): Promise<Uint8Array | undefined> {
    for (const { card, artefact, issuedAtMs } of modelStore.models().toReversed()) {
      const { revisions } = (await verifyCard(card, issuedAtMs)).card
      if (revisions.some((one) => one.datanet.toString() === datanet)) return artefact
    }
    return undefined
  }

  async function make(
    passages: readonly EnginePassage[],
    datanet: string,
    options: ProgressOptions
  ): Promise<Uint8Array> {
    const earlier = await earlierOf(datanet)
    return buildRetrievalIndex(passages, {
      signal: options.signal ?? new AbortController().signal,
      previous: earlier === undefined ? undefined : { artefact: earlier },
      onProgress: ({ done, total }) =>
        options.onProgress?.({ text: 'reading the passages', done, total })
    })
  }

  /** The language model that a recipe asks for. */
  async function onText({ upstream, adapter }: BuildRecipe, options: ProgressOptions) {
    if (upstream === undefined && adapter !== undefined) {
      throw new DatanetError('INPUT_INVALID', { param: 'adapter' }, { hint: 'on which upstream?' })
    }
    if (upstream === undefined) return undefined
    const { signal = new AbortController().signal } = options
    return texts.named(upstream, { adapter, signal })
  }

  /** Keeps a model under its card, ready to be served, and shows the card. */
  function keep(signed: SignedCard, artefact: Uint8Array, model: LoadedModel): void {
    const { card, cid, bytes } = signed
    const id = cid.toString()
    modelStore.putModel({ model: id, card: bytes, artefact, issuedAtMs: card.seq })
    loaded.set(id, Promise.resolve(model))
    const labels = card.topics
    publications.publish({ issuer: card.issuer, kind: 'card', id, seq: card.seq, bytes, labels })
  }

  /** The rows of the one revision a card names, fetched if they are not here. */
  async function groundOf({ card }: SignedCard, options: ProgressOptions) {
    const [ground, ...others] = card.revisions
    if (ground === undefined || others.length > 0) {
      throw new DatanetError('MODEL_DIFFERS', { reason: 'not of one revision' })
    }
    const [id, revision] = [ground.datanet.toString(), ground.revision.toString()]
    const datanet = datanets.known(id)
    try {
      return { datanet, read: await revisions.read(id, revision) }
    } catch (error) {
      if (!isDatanetError(error) || error.code !== 'ANCHOR_MISSING') throw error
      await revisions.fetch(id, options)
      return { datanet, read: await revisions.read(id, revision) }
    }
  }

  return {
    async adopt(id, options = {}) {
      const { card: signed } = catalogue.resolve(id)
      const text = await texts.of(signed.card)
      const { datanet, read } = await groundOf(signed, options)
      const passages = passagesOf(read)
      const artefact = await make(passages, datanet.id.toString(), options)
      if (!cidOf(artefact, RAW).equals(signed.card.artefact)) {
        throw new DatanetError('MODEL_DIFFERS', { model: `${signed.cid}` })
      }
      const model = await assemble(artefact, passages, {
        name: datanet.signed.manifest.name,
        ownerOf: read.ownerOf,
        text
      })
      keep(signed, artefact, model)
      return describeCard(signed, model.engine.describe().notes, revisions.withdrawnOf)
    },

    async build(recipe, options = {}) {
      const datanet = datanets.known(recipe.datanet)
      const on = await onText(recipe, options)
      const { manifest } = datanet.signed
      const read = await revisions.read(recipe.datanet)
      const passages = passagesOf(read)
      const artefact = await make(passages, datanet.id.toString(), options)
      const model = await assemble(artefact, passages, {
        name: manifest.name,
        ownerOf: read.ownerOf,
        text: on === undefined ? undefined : await texts.of(on)
      })
      const { base, notes, evaluation } = model.engine.describe()
      const signed = await signCard(
        {
          version: 1,
          name: recipe.name,
          description: recipe.description,
          engine: model.engine.kind,
          ...(base === undefined ? {} : { base }),
          ...(on?.adapter === undefined ? {} : { adapter: on.adapter }),
          artefact: cidOf(artefact, RAW),
          revisions: [{ datanet: datanet.id, revision: revisionCid(read.revision) }],
          topics: manifest.topics,
          languages: ['en'],
          builder: wallet.account(recipe.account).address,
          issuer: peerId,
          tokenizer: 'o200k_base',
          evaluation: {
            method: METHOD,
            questions: evaluation?.questions ?? 0,
            answered: evaluation?.answered ?? 0,
            falseAnswers: evaluation?.falselyAnswered ?? 0
          },
          seq: now()
        },
        wallet.peerKey
      )
      keep(signed, artefact, model)
      return describeCard(signed, notes, revisions.withdrawnOf)
    },

    built: () =>
      Promise.all(
        modelStore
          .models()
          .map(async ({ card, issuedAtMs }) =>
            describeCard(await verifyCard(card, issuedAtMs), [], revisions.withdrawnOf)
          )
      ),

    load(model) {
      const known = loaded.get(model)
      if (known !== undefined) return known
      const loading = (async () => {
        const stored = modelStore.model(parseCid(model).toString())
        if (stored === undefined) throw new DatanetError('MODEL_UNKNOWN', { model })
        const { card } = await verifyCard(stored.card, now())
        // A newer revision may be here by now; the model answers from the one it was built on.
        const { datanet, revision } = card.revisions[0] as SignedCard['card']['revisions'][number]
        const read = await revisions.read(datanet.toString(), revision.toString())
        const { name } = datanets.known(datanet.toString()).signed.manifest
        const text = await texts.of(card)
        return assemble(stored.artefact, passagesOf(read), { name, ownerOf: read.ownerOf, text })
      })()
      loaded.set(model, loading)
      loading.catch(() => loaded.delete(model))
      return loading
    }
  }
}
