import { basename, join } from 'node:path'
import { z } from 'zod'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import type { UpstreamHttp } from '../upstream/upstream-http.ts'
import type { AdapterHost } from './adapter-host.ts'

const listSchema = z.object({
  data: z.array(
    z.object({ id: z.string(), parent: z.string().nullish(), root: z.string().nullish() })
  )
})
const doneSchema = z.object({ success: z.boolean() })

/**
 * vLLM, or SGLang, started so that it takes adapters at run time. An adapter's name there is its CID.
 * `http` is for the server's root, above `/v1`.
 */
export function createVllmHost(
  http: UpstreamHttp,
  init: {
    readonly kind: 'vllm' | 'sglang'
    /** What the server calls its base. */
    readonly model: string
    /** Where the server sees the folder of adapters, if elsewhere. */
    readonly root?: string | undefined
  }
): AdapterHost {
  const { kind, model, root } = init
  const path = kind === 'vllm' ? '/v1' : ''

  /** The adapter as the server lists it; SGLang does not say where one came from. */
  async function listed(cid: string, signal: AbortSignal) {
    const parsed = listSchema.safeParse(await http.json('/v1/models', { signal }))
    return parsed.data?.data.find(({ id }) => id === cid || id === `${model}:${cid}`)
  }

  async function post(route: string, body: object, signal: AbortSignal): Promise<void> {
    const said = await http.json(path + route, { body, signal })
    if (doneSchema.safeParse(said).data?.success === false) {
      throw new DatanetError('ENGINE_FAILED', { reason: 'refused' })
    }
  }

  async function unload(cid: string, { signal }: { readonly signal: AbortSignal }) {
    try {
      await post('/unload_lora_adapter', { lora_name: cid }, signal)
    } catch (error) {
      if ((await listed(cid, signal)) !== undefined) throw error
    }
  }

  return {
    unload,

    async load(cid, folder, options) {
      const { signal } = options
      const seen = root === undefined ? folder : join(root, basename(folder))
      // One of an earlier run may be of another file: only what was loaded now is known.
      if ((await listed(cid, signal)) !== undefined) await unload(cid, options)
      try {
        await post('/load_lora_adapter', { lora_name: cid, lora_path: seen }, signal)
      } catch (error) {
        throw isRefusal(error) ? refused(seen, error) : error
      }
      const there = await listed(cid, signal)
      if (there === undefined && kind === 'sglang') return
      const isRight = there?.root === seen && (there.parent ?? model) === model
      if (kind === 'vllm' && !isRight) throw refused(seen)
    },

    target: (cid) => ({ model: kind === 'vllm' ? cid : `${model}:${cid}`, isExact: true })
  }
}

/** What the server says of this adapter, and not of itself. */
function isRefusal(error: unknown): boolean {
  return isDatanetError(error) && ['INPUT_INVALID', 'ENGINE_FAILED'].includes(error.code)
    ? error.details.reason !== 'unreachable' && error.details.reason !== 'key refused'
    : false
}

/** The folder is told to its operator alone: hints do not travel. */
function refused(folder: string, cause?: unknown): DatanetError {
  const hint = `does the server see ${folder}, and may it load adapters (README, upstreams)?`
  return new DatanetError('ADAPTER_REFUSED', { reason: 'not loaded' }, { cause, hint })
}
