import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { parseCid } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import type { ModelCard } from '../../../protocol/model/card.ts'
import type { AdapterPool } from '../../engines/adapters/adapter-pool.ts'
import { createAdapterStore } from '../../engines/adapters/adapter-store.ts'
import { createLlamaModel } from '../../engines/llama/llama-model.ts'
import type { TextModel } from '../../engines/text-model.ts'
import type { UpstreamInit } from '../../engines/upstream/upstream-init.ts'
import { createUpstreamModel, type UpstreamModel } from '../../engines/upstream/upstream-model.ts'
import type { LaneLimits } from './lane.ts'

/** What a card says of the language model in front of its index. */
export type OnText = Pick<ModelCard, 'engine' | 'base' | 'adapter'>

/** The language models that this peer's operator set up. */
export interface TextModels {
  /**
   * What the card of a model on the upstream of this name says, and of the adapter in a folder of this
   * machine, which is taken in and tried. Refuses UPSTREAM_MISSING, ADAPTER_REFUSED, and as
   * TextModel.generate does.
   */
  named(
    upstream: string,
    options: { readonly adapter?: string | undefined; readonly signal: AbortSignal }
  ): Promise<OnText>
  /**
   * The model of a card; undefined for one that only quotes. Refuses a base that nobody set up
   * (UPSTREAM_MISSING), and an adapter where it takes none (ADAPTER_REFUSED).
   */
  of(card: OnText): Promise<TextModel | undefined>
  /** Frees the models that run in this process. */
  stop(): Promise<void>
  /** What its operator says of places at the card's engine. */
  limitsOf(card: Pick<ModelCard, 'engine' | 'base'>): Partial<LaneLimits>
  /** What an offer of the card's model says of adapters. */
  adaptersOf(card: OnText): { readonly maxRank: number; readonly warm: CID[] } | undefined
}

/** Language models by `upstreams`, with what they need below `root`; of several with one base the first is asked. */
export function createTextModels(
  upstreams: readonly UpstreamInit[],
  { root }: { readonly root: string }
): TextModels {
  const store = createAdapterStore({ root: join(root, 'adapters') })
  const folder = join(root, 'llama')
  const made = new Map<UpstreamInit, UpstreamModel>()

  function modelOf(init: UpstreamInit): UpstreamModel {
    const known =
      made.get(init) ??
      (init.kind === 'llama'
        ? createLlamaModel(init, { store, folder })
        : createUpstreamModel(init, store))
    made.set(init, known)
    return known
  }

  function initOf({ engine, base }: Pick<OnText, 'engine' | 'base'>): UpstreamInit | undefined {
    if (engine === 'retrieval') return undefined
    return upstreams.find((one) => one.base === base && modelOf(one).kind === engine)
  }

  function find(card: OnText): UpstreamModel | undefined {
    const init = initOf(card)
    return init === undefined ? undefined : modelOf(init)
  }

  return {
    async named(upstream, { adapter, signal }) {
      const init = upstreams.find(({ name }) => name === upstream)
      if (init === undefined) {
        const hint = `no upstream is called ${upstream}: see upstreams in the settings`
        throw new DatanetError('UPSTREAM_MISSING', { upstream }, { hint })
      }
      const { kind, adapters } = modelOf(init)
      const on = { engine: kind, base: init.base }
      if (adapter === undefined) return on
      const pool = poolOf(adapters)
      const { cid, rank } = await store.take(adapter, { signal })
      const named = { cid: cid.toString(), rank, base: init.base }
      const canary = await pool.canary(named, { signal })
      return { ...on, adapter: { cid, rank, ...(canary === undefined ? {} : { canary }) } }
    },

    async of(card) {
      if (card.engine === 'retrieval') return undefined
      const { base, adapter } = card
      const upstream = find(card)
      if (upstream === undefined || base === undefined) {
        const hint = `this model answers with ${base}: name a server that has it in upstreams`
        throw new DatanetError('UPSTREAM_MISSING', { base }, { hint })
      }
      if (adapter === undefined) return upstream
      return poolOf(upstream.adapters).model({ ...adapter, cid: adapter.cid.toString(), base })
    },

    limitsOf(card) {
      const init = initOf(card)
      if (init === undefined) return {}
      const { parallel = init.kind === 'llama' ? 1 : undefined, queue, waitMs } = init
      return {
        ...(parallel === undefined ? {} : { parallel }),
        ...(queue === undefined ? {} : { queue }),
        ...(waitMs === undefined ? {} : { waitMs })
      }
    },

    async stop() {
      for (const one of made.values()) await one.stop?.()
    },

    adaptersOf(card) {
      const adapters = card.adapter === undefined ? undefined : find(card)?.adapters
      if (adapters === undefined) return undefined
      return { maxRank: adapters.maxRank, warm: adapters.warm.map(parseCid) }
    }
  }
}

function poolOf(adapters: AdapterPool | undefined): AdapterPool {
  if (adapters !== undefined) return adapters
  throw new DatanetError('ADAPTER_REFUSED', { reason: 'this kind of server takes none' })
}
