import type { CID } from 'multiformats/cid'
import { RAW } from '../base/codec.ts'

/** One piece of content and the name that its hash proves. */
export interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** This peer's own blocks. `get` must never ask the network. */
export interface BlockRoom {
  get(cid: CID): Promise<Uint8Array | undefined> | Uint8Array | undefined
  has(cid: CID): Promise<boolean> | boolean
  put(blocks: readonly Block[]): Promise<unknown> | unknown
  /** The CIDs that a block refers to, in order. Throws for bytes of another codec than `cid` says. */
  links(cid: CID, bytes: Uint8Array): CID[]
  /** The room as if the directories that `roots` link by one of `names` held nothing. */
  without?(roots: readonly CID[], names: readonly string[]): BlockRoom
}

/**
 * What `room` holds under `root`: the tops of complete sub-DAGs in `have`, and in `missing` the CIDs
 * that are referred to but not held. Nothing is missing when the whole DAG is here.
 */
export async function survey(
  room: Pick<BlockRoom, 'get' | 'has' | 'links'>,
  root: CID
): Promise<{ have: CID[]; missing: CID[] }> {
  interface Visit {
    readonly cid: CID
    readonly links: readonly CID[]
    next: number
    complete: boolean
  }
  const complete = new Map<string, boolean>()
  const have = new Map<string, CID>()
  const missing: CID[] = []

  async function visit(cid: CID): Promise<Visit> {
    const bytes = await room.get(cid)
    if (bytes === undefined) missing.push(cid)
    const links = bytes === undefined ? [] : room.links(cid, bytes)
    return { cid, links, next: 0, complete: bytes !== undefined }
  }

  /** A block of plain bytes refers to nothing: whether it is here says all, and reads none of it. */
  async function look(cid: CID): Promise<boolean> {
    const isHere = await room.has(cid)
    if (isHere) have.set(cid.toString(), cid)
    else missing.push(cid)
    complete.set(cid.toString(), isHere)
    return isHere
  }

  const path = [await visit(root)]
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const link = top.links[top.next++]
    if (link !== undefined) {
      let known = complete.get(link.toString())
      if (known === undefined && link.code === RAW) known = await look(link)
      if (known === undefined) path.push(await visit(link))
      else top.complete &&= known
      continue
    }
    path.pop()
    complete.set(top.cid.toString(), top.complete)
    const parent = path.at(-1)
    if (parent !== undefined) parent.complete &&= top.complete
    if (!top.complete) continue
    // A complete parent speaks for its children.
    for (const child of top.links) have.delete(child.toString())
    have.set(top.cid.toString(), top.cid)
  }
  return { have: [...have.values()], missing }
}

/** The names of all that lies under `roots`, as far as `room` holds it. */
export async function under(
  room: Pick<BlockRoom, 'get' | 'links'>,
  roots: readonly CID[]
): Promise<Set<string>> {
  const names = new Set<string>()
  const stack = [...roots]
  for (let cid = stack.pop(); cid !== undefined; cid = stack.pop()) {
    if (names.has(cid.toString())) continue
    names.add(cid.toString())
    const bytes = cid.code === RAW ? undefined : await room.get(cid)
    if (bytes !== undefined) stack.push(...room.links(cid, bytes))
  }
  return names
}

/** The blocks under `root` that `room` holds, parents first, each once, without those under `skip`. */
export async function* walk(
  room: Pick<BlockRoom, 'get' | 'links'>,
  root: CID,
  skip: readonly CID[]
): AsyncGenerator<Block> {
  const seen = await under(room, skip)
  const stack = [root]
  for (let cid = stack.pop(); cid !== undefined; cid = stack.pop()) {
    if (seen.has(cid.toString())) continue
    seen.add(cid.toString())
    const bytes = await room.get(cid)
    if (bytes === undefined) continue
    yield { cid, bytes }
    stack.push(...room.links(cid, bytes).reverse())
  }
}
