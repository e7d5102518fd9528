import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { z } from 'zod'
import { cidFromDigest, cidOf, encodeCanonical, RAW } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import type { UpstreamHttp } from '../upstream/upstream-http.ts'
import { ADAPTER_FILES } from './adapter-files.ts'
import type { AdapterHost } from './adapter-host.ts'

const listSchema = z.array(z.object({ id: z.int().min(0), path: z.string(), scale: z.number() }))

/**
 * llama.cpp's server, which has its adapters from its start (`--lora`): one is found among them by the
 * hash of its file, and each request says which it wants. All of them are switched off for requests
 * that name none. Requests that differ in this are answered one after another there.
 */
export function createLlamaServerHost(
  http: UpstreamHttp,
  { model }: { readonly model: string }
): AdapterHost {
  const ids = new Map<string, number>()

  async function list(signal: AbortSignal) {
    const parsed = listSchema.safeParse(await http.json('/lora-adapters', { signal }))
    if (!parsed.success)
      throw new DatanetError('ADAPTER_REFUSED', { reason: 'none at this server' })
    return parsed.data
  }

  return {
    async load(cid, _, { signal }) {
      const listed = await list(signal)
      for (const { id, path } of listed) {
        const found = await cidOfFile(path, signal).catch(() => undefined)
        if (found === cid) ids.set(cid, id)
      }
      if (!ids.has(cid)) {
        const hint = `start the server with --lora and the adapter's file, and --lora-init-without-apply`
        throw new DatanetError('ADAPTER_REFUSED', { reason: 'not at this server', cid }, { hint })
      }
      if (listed.some(({ scale }) => scale !== 0)) {
        const body = listed.map(({ id }) => ({ id, scale: 0 }))
        await http.json('/lora-adapters', { body, signal })
      }
    },
    async unload(cid) {
      ids.delete(cid)
    },
    target(cid) {
      const id = ids.get(cid)
      const lora = id === undefined ? [] : [{ id, scale: 1 }]
      return { model, extra: { lora }, isExact: false }
    }
  }
}

async function cidOfFile(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of createReadStream(path, { signal })) hash.update(bytes)
  const files = [{ name: ADAPTER_FILES.gguf, cid: cidFromDigest(hash.digest(), RAW) }]
  return cidOf(encodeCanonical({ kind: 'datanet.adapter/1', files })).toString()
}
