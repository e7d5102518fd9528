// What reading vectors needs: their JSON in memory, and a ledger of what held.
import { isDeepStrictEqual } from 'node:util'
import { CID } from 'multiformats/cid'
import { hex, unhex, weiBytes } from './codec.mjs'

/** Vector JSON to what this client has in memory. */
export function value(json) {
  if (Array.isArray(json)) return json.map(value)
  if (json === null || typeof json !== 'object') return json
  if (json.$bytes !== undefined) return unhex(json.$bytes)
  if (json.$cid !== undefined) return json.$cid
  if (json.$wei !== undefined) return BigInt(json.$wei)
  return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, value(item)]))
}

/** Vector JSON to what dag-cbor writes: links, and amounts as bytes. */
export function wire(json) {
  if (Array.isArray(json)) return json.map(wire)
  if (json === null || typeof json !== 'object') return json
  if (json.$bytes !== undefined) return unhex(json.$bytes)
  if (json.$cid !== undefined) return CID.parse(json.$cid)
  if (json.$wei !== undefined) return weiBytes(BigInt(json.$wei))
  return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, wire(item)]))
}

function plain(x) {
  if (x instanceof Uint8Array) return hex(x)
  if (typeof x === 'bigint') return x.toString()
  if (Array.isArray(x)) return x.map(plain)
  if (x === null || typeof x !== 'object') return x
  return Object.fromEntries(Object.entries(x).map(([key, item]) => [key, plain(item)]))
}

/** Counts the checks of one file and names the ones that fail. */
export function ledger() {
  let checked = 0
  const failed = []
  return {
    equal: (what, got, wanted) => {
      checked += 1
      const [a, b] = [plain(got), plain(wanted)]
      if (isDeepStrictEqual(a, b)) return
      failed.push(`${what}: ${JSON.stringify(a)} instead of ${JSON.stringify(b)}`)
    },
    refuses: async (what, code, attempt) => {
      checked += 1
      try {
        await attempt()
        failed.push(`${what}: accepted instead of ${code}`)
      } catch (error) {
        if (error.code !== code) failed.push(`${what}: ${error.message} instead of ${code}`)
      }
    },
    end: () => ({ checked, failed })
  }
}

/** Both directions of a record: its bytes to its input, and its input to its bytes. */
export function whole(shape, check, one) {
  const body = unhex(one.body ?? one.bytes)
  check.equal(`${one.name}: decodes`, shape.decode(body), value(one.input))
  check.equal(`${one.name}: encodes`, shape.encode(value(one.input)), body)
}
