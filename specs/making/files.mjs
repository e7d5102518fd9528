// 04-files: the directory of contributed files, flat and sharded, its nodes written by hand.

import { murmur3128 } from '@multiformats/murmur3'
import { cidOf, concat, utf8 } from './tools.mjs'

const DAG_PB = 0x70
const RAW = 0x55
const FAN_OUT = 256
/** Above so many bytes of names and CIDs a directory is sharded. */
const FLAT_BYTES = 262_144

const varint = (value) => {
  const out = []
  let rest = BigInt(value)
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128)
  return Uint8Array.from([...out, Number(rest)])
}
const number = (field, value) => concat(varint(field << 3), varint(value))
const bytesIn = (field, data) => concat(varint((field << 3) | 2), varint(data.length), data)

/** A node of dag-pb: its links by name, then its data. */
function node(links, data) {
  const sorted = links.toSorted((a, b) => Buffer.compare(utf8(a.name), utf8(b.name)))
  const body = concat(
    ...sorted.map(({ cid, name, size }) =>
      bytesIn(2, concat(bytesIn(1, cid.bytes), bytesIn(2, utf8(name)), number(3, size)))
    ),
    bytesIn(1, data)
  )
  const size = BigInt(body.length) + links.reduce((sum, link) => sum + BigInt(link.size), 0n)
  return { cid: cidOf(body, DAG_PB), bytes: body, size }
}

/** A directory in one node, of links with a name and a size each. */
export const directoryNode = (links) => node(links, number(1, 1))

const flat = (files) =>
  directoryNode(files.map(({ cid, bytes }) => ({ cid, name: `${cid}`, size: bytes })))

/** One level of a sharded directory: a slot holds what is alone in it, or the next level. */
function shard(files, level = 0) {
  const slots = Map.groupBy(files, ({ hash }) => hash[level])
  const links = [...slots].map(([slot, some]) => {
    const prefix = slot.toString(16).toUpperCase().padStart(2, '0')
    const [only] = some
    if (some.length === 1) {
      return { cid: only.cid, name: `${prefix}${only.cid}`, size: only.bytes }
    }
    const { cid, size } = shard(some, level + 1)
    return { cid, size, name: prefix }
  })
  // A bit for each slot that holds something, the last slot first, without zeros at the front.
  const field = Buffer.alloc(FAN_OUT / 8)
  for (const slot of slots.keys()) field[FAN_OUT / 8 - 1 - (slot >> 3)] |= 1 << (slot & 7)
  const data = concat(
    number(1, 5),
    bytesIn(2, field.subarray(field.findIndex((byte) => byte > 0))),
    number(5, 0x22),
    number(6, FAN_OUT)
  )
  return node(links, data)
}

async function directory(files) {
  const size = files.reduce((sum, { cid }) => sum + `${cid}`.length + cid.bytes.length, 0)
  if (size <= FLAT_BYTES) return flat(files).cid
  const hashed = []
  for (const file of files) {
    const hash = (await murmur3128.encode(utf8(`${file.cid}`))).slice(0, 8)
    hashed.push({ ...file, hash })
  }
  return shard(hashed).cid
}

/** The files with the texts `file 0`, `file 1` and so on, as raw blocks. */
const numbered = (count) =>
  Array.from({ length: count }, (_, n) => {
    const data = utf8(`file ${n}`)
    return { cid: cidOf(data, RAW), bytes: data.length }
  })

export async function files() {
  const cases = []
  for (const [name, count] of [
    ['one', 1],
    ['three', 3],
    ['as many as fit', 2_759],
    ['one more', 2_760]
  ]) {
    cases.push({
      name,
      requirement: 'FILES-R1',
      count,
      directory: `${await directory(numbered(count))}`
    })
  }
  return { text: 'file', cases }
}
