import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import type { TextEnd, TextModel, TextRequest } from '../text-model.ts'
import type { ChatClient } from '../upstream/chat-client.ts'
import type { AdapterHost } from './adapter-host.ts'
import type { AdapterStore, NamedAdapter } from './adapter-store.ts'
import { type Canary, createCanaries } from './canary.ts'
import { createWarmSet } from './warm-set.ts'

/** Adapters on the base of one model server. */
export interface AdapterPool {
  readonly maxRank: number
  /** CID texts of those in the server's memory, the last used first. */
  readonly warm: readonly string[]
  /** The base with an adapter, which is loaded when it is asked; refuses as TextModel does. */
  model(named: NamedAdapter & { readonly canary?: Canary | undefined }): TextModel
  /** The canary for the card of an adapter, loaded for it. */
  canary(
    named: NamedAdapter,
    options: { readonly signal: AbortSignal }
  ): Promise<Canary | undefined>
}

/** How long loading may take: the longest of its waiting callers may not decide. */
const LOAD_MS = 60_000

/**
 * The adapters of `store` on one server, `size` of them in its memory. Before one answers anybody, its
 * files are hashed, the server's list is looked at, and it must have said something that its base does
 * not (specs/06-model.md §Adapter).
 */
export function createAdapterPool(
  components: {
    readonly client: ChatClient
    readonly host: AdapterHost
    readonly store: AdapterStore
    readonly base: TextModel
  },
  { size, maxRank }: { readonly size: number; readonly maxRank: number }
): AdapterPool {
  const { client, host, store, base } = components
  const canaries = createCanaries(base)
  /** What the cards say of them, by CID. */
  const named = new Map<string, NamedAdapter & { readonly canary?: Canary | undefined }>()

  const set = createWarmSet(
    {
      async bring(cid) {
        const signal = AbortSignal.timeout(LOAD_MS)
        const adapter = named.get(cid) as NamedAdapter & { readonly canary?: Canary }
        if (adapter.rank > maxRank) {
          throw new DatanetError('ADAPTER_REFUSED', {
            reason: 'a higher rank than the server takes'
          })
        }
        try {
          await host.load(cid, await store.check(adapter, { signal }), { signal })
          await canaries.check(withAdapter(cid), adapter.canary, { signal })
        } catch (error) {
          await host.unload(cid, { signal }).catch(() => {})
          throw signal.aborted ? new DatanetError('ENGINE_TIMEOUT', {}, { cause: error }) : error
        }
      },
      remove: (cid) => host.unload(cid, { signal: AbortSignal.timeout(LOAD_MS) })
    },
    { size }
  )

  /** The server's answer under the adapter's name, whether or not it is loaded. */
  function withAdapter(cid: string): Pick<TextModel, 'generate'> {
    return {
      generate: (request, options) => client.chat(request, host.target(cid), options)
    }
  }

  async function* answer(
    cid: string,
    request: TextRequest,
    { signal }: { readonly signal: AbortSignal }
  ): AsyncGenerator<string, TextEnd> {
    for (let tries = 0; ; tries++) {
      const held = await set.hold(cid, { signal })
      let isSaid = false
      try {
        const generation = withAdapter(cid).generate(request, { signal })
        for (;;) {
          const step = await generation.next()
          if (step.done === true) return step.value
          isSaid = true
          yield step.value
        }
      } catch (error) {
        // The server was started again, or dropped it: it is brought in once more.
        const isGone = isDatanetError(error) && error.details.reason === 'model missing'
        if (!isGone || isSaid || tries > 0) throw error
        set.forget(cid)
      } finally {
        held.release()
      }
    }
  }

  return {
    maxRank,
    get warm() {
      return set.keys
    },
    model(adapter) {
      named.set(adapter.cid, adapter)
      return {
        kind: base.kind,
        base: base.base,
        forms: base.forms,
        generate: (request, options) => answer(adapter.cid, request, options)
      }
    },
    async canary(adapter, options) {
      named.set(adapter.cid, named.get(adapter.cid) ?? adapter)
      const held = await set.hold(adapter.cid, options)
      try {
        return await canaries.make(withAdapter(adapter.cid), options)
      } finally {
        held.release()
      }
    }
  }
}
