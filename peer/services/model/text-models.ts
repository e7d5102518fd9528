import { DatanetError } from '../../../protocol/base/errors.ts'
import type { ModelCard } from '../../../protocol/model/card.ts'
import type { TextModel } from '../../engines/text-model.ts'
import type { UpstreamInit } from '../../engines/upstream/upstream-init.ts'
import { createUpstreamModel } from '../../engines/upstream/upstream-model.ts'

/** What a card says of the language model in front of its index. */
export type OnText = Pick<ModelCard, 'engine' | 'base' | 'adapter'>

/** The language models that this peer's operator set up. */
export interface TextModels {
  /** What a card of a model built on the upstream of this name says (UPSTREAM_MISSING). */
  named(upstream: string): Promise<OnText>
  /** The model of a card; undefined for one that only quotes. Refuses a base that nobody set up (UPSTREAM_MISSING). */
  of(card: OnText): Promise<TextModel | undefined>
}

/** Language models by `upstreams`; of several with one base the first is asked. */
export function createTextModels(upstreams: readonly UpstreamInit[]): TextModels {
  const made = new Map<UpstreamInit, TextModel>()

  function modelOf(init: UpstreamInit): TextModel {
    const known = made.get(init) ?? createUpstreamModel(init)
    made.set(init, known)
    return known
  }

  return {
    async named(upstream) {
      const init = upstreams.find(({ name }) => name === upstream)
      if (init === undefined) {
        const hint = `no upstream is called ${upstream}: see upstreams in the settings`
        throw new DatanetError('UPSTREAM_MISSING', { upstream }, { hint })
      }
      return { engine: modelOf(init).kind, base: init.base }
    },
    async of({ engine, base }) {
      if (engine === 'retrieval') return undefined
      const init = upstreams.find((one) => one.base === base && modelOf(one).kind === engine)
      if (init === undefined) {
        const hint = `this model answers with ${base}: name a server that has it in upstreams`
        throw new DatanetError('UPSTREAM_MISSING', { base }, { hint })
      }
      return modelOf(init)
    }
  }
}
