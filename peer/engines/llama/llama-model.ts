import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { cidFromDigest, RAW } from '../../../protocol/base/codec.ts'
import { DatanetError, isAbort, isDatanetError } from '../../../protocol/base/errors.ts'
import { readAnswer } from '../../../protocol/model/tool-calls.ts'
import { ADAPTER_FILES } from '../adapters/adapter-files.ts'
import type { AdapterPool } from '../adapters/adapter-pool.ts'
import type { AdapterStore, NamedAdapter } from '../adapters/adapter-store.ts'
import { type Canary, createCanaries } from '../adapters/canary.ts'
import { createWarmSet } from '../adapters/warm-set.ts'
import type { TextEnd, TextModel, TextRequest } from '../text-model.ts'
import { failed } from '../upstream/upstream-error.ts'
import type { UpstreamInit } from '../upstream/upstream-init.ts'
import {
  type LlamaBinding,
  type LlamaContext,
  type LlamaModelFile,
  loadLlama
} from './load-llama.ts'
import { createTurns, type Turns } from './one-at-a-time.ts'

/** Dialogues kept, each with its adapter: memory for its context each. */
const WARM = 2
const MAX_RANK = 256
const CONTEXT_TOKENS = 4_096
/** The base itself, among the adapters. */
const PLAIN = ''

/** One context and who waits for it. */
interface Room {
  readonly context: LlamaContext
  readonly sequence: object
  readonly turns: Turns
}

/**
 * A GGUF file in this process, with adapters in GGUF files of `store`. Loaded with the first question;
 * refuses as `loadLlama`, a file that is not that of its CID with CONFIG_INVALID, and as TextModel.
 * It answers one at a time, an adapter each its own context; it takes no tools and no schemas.
 */
export function createLlamaModel(
  init: UpstreamInit,
  { store, folder }: { readonly store: AdapterStore; readonly folder: string }
): TextModel & { readonly adapters: AdapterPool; stop(): Promise<void> } {
  const { base, warm = WARM, maxRank = MAX_RANK } = init
  const named = new Map<string, NamedAdapter & { readonly canary?: Canary | undefined }>()
  const rooms = new Map<string, Room>()
  let loading: Promise<{ binding: LlamaBinding; file: LlamaModelFile }> | undefined

  async function load() {
    const { path = join(folder, `${init.cid}.gguf`), cid } = init
    const binding = await loadLlama(folder)
    if (cid !== undefined) await refuseOther(path, cid)
    // More threads than cores spin against each other and against everything else.
    const maxThreads = Math.max(1, availableParallelism() - 1)
    const options = { build: 'never', skipDownload: true, logLevel: 'error', maxThreads }
    try {
      const llama = await binding.getLlama(options)
      return { binding, file: await llama.loadModel({ modelPath: path }) }
    } catch (cause) {
      const hint = `${path} cannot be loaded`
      throw new DatanetError('CONFIG_INVALID', { key: 'upstreams' }, { cause, hint })
    }
  }

  function loaded() {
    loading ??= load()
    loading.catch(() => {
      loading = undefined
    })
    return loading
  }

  async function bring(cid: string): Promise<void> {
    const { file } = await loaded()
    const signal = AbortSignal.timeout(60_000)
    const adapter = named.get(cid)
    if (adapter !== undefined && adapter.rank > maxRank) {
      throw new DatanetError('ADAPTER_REFUSED', { reason: 'a higher rank than is taken here' })
    }
    const place = adapter === undefined ? undefined : await store.check(adapter, { signal })
    const filePath = place === undefined ? undefined : join(place, ADAPTER_FILES.gguf)
    const lora = filePath === undefined ? {} : { lora: { adapters: [{ filePath, scale: 1 }] } }
    const context = await file
      .createContext({ contextSize: { max: CONTEXT_TOKENS }, sequences: 1, ...lora })
      .catch((cause: unknown) => {
        throw cid === PLAIN
          ? failed('no memory', cause)
          : new DatanetError('ADAPTER_REFUSED', { reason: 'not loaded' }, { cause })
      })
    rooms.set(cid, { context, sequence: context.getSequence(), turns: createTurns() })
    if (adapter === undefined) return
    try {
      const adapted = {
        generate: (request: TextRequest, options: Waiting) => say(cid, request, options)
      }
      await canaries.check(adapted, adapter.canary, { signal })
    } catch (error) {
      await remove(cid)
      throw error
    }
  }

  async function remove(cid: string): Promise<void> {
    const room = rooms.get(cid)
    rooms.delete(cid)
    await room?.context.dispose()
  }

  // The base has a place of its own: an adapter cannot be looked at without it.
  const set = createWarmSet({ bring, remove }, { size: warm + 1 })

  /** An answer in the room of an adapter that is there. */
  async function* say(
    cid: string,
    request: TextRequest,
    { signal }: Waiting
  ): AsyncGenerator<string, TextEnd> {
    const { binding } = await loaded()
    const room = rooms.get(cid)
    if (room === undefined) throw failed('model missing')
    const leave = await room.turns.take({ signal })
    const left = new AbortController()
    const contextSequence = room.sequence
    const session = new binding.LlamaChatSession({ contextSequence, autoDisposeSequence: false })
    const pieces: string[] = []
    let more = Promise.withResolvers<void>()
    const { history, last } = turnsOf(request)
    session.setChatHistory(history)
    const { maxTokens, temperature = 0 } = request
    const answering = session.promptWithMeta(last, {
      temperature,
      signal: AbortSignal.any([signal, left.signal]),
      ...(maxTokens === undefined ? {} : { maxTokens }),
      onTextChunk(text: string) {
        if (text !== '') pieces.push(text)
        more.resolve()
      }
    })
    let isOver = false
    const over = () => {
      isOver = true
      more.resolve()
    }
    answering.then(over, over)
    try {
      for (;;) {
        // Before looking, so that what comes while this looks wakes it again.
        more = Promise.withResolvers<void>()
        while (pieces.length > 0) yield pieces.shift() as string
        if (isOver) break
        await more.promise
      }
      const { stopReason } = await answering
      return { finish: stopReason === 'maxTokens' ? 'length' : 'stop', toolCalls: [] }
    } catch (error) {
      throw isAbort(error) || isDatanetError(error) ? error : failed('cut off', error)
    } finally {
      left.abort()
      await answering.catch(() => {})
      session.dispose({ disposeSequence: false })
      leave()
    }
  }

  async function* answer(
    cid: string,
    request: TextRequest,
    options: Waiting
  ): AsyncGenerator<string, TextEnd> {
    if (request.form !== undefined) throw new DatanetError('INPUT_INVALID', { param: 'form' })
    const held = await set.hold(cid, options)
    try {
      return yield* say(cid, request, options)
    } finally {
      held.release()
    }
  }

  const own = (cid: string): TextModel => ({
    kind: 'llama',
    base,
    forms: false,
    generate: (request, options) => answer(cid, request, options)
  })
  const plain = own(PLAIN)
  const canaries = createCanaries(plain)

  return {
    ...plain,
    async stop() {
      const there = await loading?.catch(() => undefined)
      loading = undefined
      for (const cid of [...rooms.keys()]) set.forget(cid)
      rooms.clear()
      await there?.file.dispose()
    },
    adapters: {
      maxRank,
      get warm() {
        return set.keys.filter((key) => key !== PLAIN)
      },
      model(adapter) {
        named.set(adapter.cid, adapter)
        return own(adapter.cid)
      },
      async canary(adapter, options) {
        named.set(adapter.cid, named.get(adapter.cid) ?? adapter)
        return canaries.make(own(adapter.cid), options)
      }
    }
  }
}

type Waiting = { readonly signal: AbortSignal }

/** A dialogue as the binding has it, and the turn that is answered. */
function turnsOf({ messages }: TextRequest) {
  const last = messages.at(-1)?.content ?? ''
  const history = messages.slice(0, -1).map(({ role, content }) => {
    if (role === 'system') return { type: 'system', text: content }
    if (role === 'assistant') return { type: 'model', response: [readAnswer(content).content] }
    return { type: 'user', text: content }
  })
  return { history, last }
}

async function refuseOther(path: string, cid: string): Promise<void> {
  const hash = createHash('sha256')
  for await (const bytes of createReadStream(path)) hash.update(bytes)
  if (cidFromDigest(hash.digest(), RAW).toString() === cid) return
  const hint = `${path} is not the file of ${cid}`
  throw new DatanetError('CONFIG_INVALID', { key: 'upstreams' }, { hint })
}
