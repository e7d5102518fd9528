import type { LikenessStore, StoredLikeness } from '../store/likeness.ts'
import { createLikenessIndex, type LikenessIndex } from './likeness-index.ts'
import { minHash } from './min-hash.ts'

/** A text as it was looked up: what `add` needs of it afterwards. */
export interface Likeness {
  readonly signature?: Uint16Array
  /** The first contribution that it is a near-duplicate of. */
  readonly cluster?: string
}

/** Which contributions of a Datanet say nearly the same. */
export interface NearDuplicates {
  find(datanet: string, text: string): Likeness
  /**
   * Registers what `find` looked up, under the id and the order that it got. What it returns takes it
   * out of the memory again, where it is not written after all.
   */
  add(datanet: string, contribution: string, order: number, likeness: Likeness): () => void
}

/** Of each cluster one signature is looked at: that of its first, or of the earliest that is left. */
interface Room {
  readonly index: LikenessIndex
  readonly members: { readonly contribution: string; readonly cluster: string }[]
}

/**
 * Near-duplicates of the Datanets hosted here. A contribution that is like another joins that one's
 * cluster; only the first of each is compared with, so that a chain of small changes does not join
 * what is not alike. What was withdrawn is forgotten with the next search that meets it.
 */
export function createNearDuplicates(store: LikenessStore): NearDuplicates {
  const rooms = new Map<string, Room>()

  function enter(
    { index, members }: Room,
    one: Pick<StoredLikeness, 'contribution' | 'cluster'>,
    signature: Uint16Array
  ): number {
    const number = index.add(signature)
    members[number] = {
      contribution: one.contribution,
      cluster: one.cluster ?? one.contribution
    }
    return number
  }

  function roomOf(datanet: string): Room {
    const known = rooms.get(datanet)
    if (known !== undefined) return known
    const room: Room = { index: createLikenessIndex(store.count(datanet)), members: [] }
    const here = new Set<string>()
    for (const one of store.each(datanet)) {
      const cluster = one.cluster ?? one.contribution
      if (here.has(cluster)) continue
      here.add(cluster)
      enter(room, one, fromBytes(one.signature))
    }
    rooms.set(datanet, room)
    return room
  }

  return {
    find(datanet, text) {
      const signature = minHash(text)
      if (signature === undefined) return {}
      const room = roomOf(datanet)
      for (;;) {
        const number = room.index.nearest(signature)
        const member = number === undefined ? undefined : room.members[number]
        if (number === undefined || member === undefined) return { signature }
        if (store.has(member.contribution)) return { signature, cluster: member.cluster }
        room.index.remove(number)
        // The cluster stays that of its first, whoever stands for it: no copy is ever promoted.
        const left = store.earliest(datanet, member.cluster)
        if (left !== undefined) enter(room, left, fromBytes(left.signature))
      }
    },
    add(datanet, contribution, order, { signature, cluster }) {
      if (signature === undefined) return () => {}
      const item = { contribution, ...(cluster === undefined ? {} : { cluster }) }
      store.put({ ...item, datanet, order, signature: toBytes(signature) })
      if (cluster !== undefined) return () => {}
      const room = roomOf(datanet)
      const number = enter(room, item, signature)
      return () => room.index.remove(number)
    }
  }
}

/** Little-endian on every machine. */
function toBytes(signature: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(
    signature.buffer.slice(0),
    signature.byteOffset,
    signature.byteLength
  )
  return isLittle ? bytes : new Uint8Array(Buffer.from(bytes).swap16())
}

function fromBytes(bytes: Uint8Array): Uint16Array {
  const own = Uint8Array.from(bytes)
  if (!isLittle) Buffer.from(own.buffer).swap16()
  return new Uint16Array(own.buffer)
}

const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
