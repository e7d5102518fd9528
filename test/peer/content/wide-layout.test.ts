import { type AddOptions, unixfs } from '@helia/unixfs'
import { MemoryBlockstore } from 'blockstore-core'
import fc from 'fast-check'
import type { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'
import { layFile } from '../../../peer/content/wide-layout.ts'
import { cidOf, RAW } from '../../../protocol/base/codec.ts'

const HOW: Partial<AddOptions> = {
  rawLeaves: true,
  cidVersion: 1,
  reduceSingleLeafToSelf: false,
  chunker: (source) => source
}

/** A memory store knows its blocks by this alone. */
const hashOf = (cid: CID) => Buffer.from(cid.multihash.digest).toString('hex')
const leafOf = (size: number, n: number) => new Uint8Array(size).fill(n % 251)

/** The file of leaves of these sizes, with all nodes above them, as the library lays it out. */
async function theirs(sizes: readonly number[]) {
  const kept = new MemoryBlockstore()
  async function* content() {
    for (const [n, size] of sizes.entries()) yield leafOf(size, n)
  }
  const files = unixfs({ blockstore: kept })
  const laid: string[] = []
  for await (const { cid, size } of files.addAll([{ path: 'rows', content: content() }], HOW)) {
    laid.push(`${cid} ${size}`)
  }
  const leaves = new Set(sizes.map((size, n) => hashOf(cidOf(leafOf(size, n), RAW))))
  const nodes: string[] = []
  for await (const { cid } of kept.getAll()) if (!leaves.has(hashOf(cid))) nodes.push(hashOf(cid))
  return { laid, nodes: nodes.sort() }
}

async function ours(sizes: readonly number[]) {
  const nodes = new Set<string>()
  const leaves = sizes.map((size, n) => ({ cid: cidOf(leafOf(size, n), RAW), bytes: size }))
  const file = await layFile(leaves, (cid) => nodes.add(hashOf(cid)))
  const laid = file === undefined ? [] : [`${file.cid} ${file.size}`]
  return { laid, nodes: [...nodes].sort() }
}

test.each([0, 1, 2, 1_023, 1_024, 1_025, 2_048, 3_000])(
  'a file of %i leaves has the nodes that the library gives it',
  async (count) => {
    const sizes = Array.from({ length: count }, (_, n) => 1 + (n % 300))
    expect(await ours(sizes)).toEqual(await theirs(sizes))
  }
)

test('so it is with leaves of any size', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40_000 }), {
    minLength: 1_025,
    maxLength: 1_200
  })
  await fc.assert(
    fc.asyncProperty(sizes, async (some) => {
      expect(await ours(some)).toEqual(await theirs(some))
    }),
    { numRuns: 3, endOnFailure: true }
  )
})

test('a file of more than a million leaves has another level above', async () => {
  const leaf = { cid: cidOf(leafOf(1, 0), RAW), bytes: 1 }
  const count = 1_024 * 1_024 + 1
  let nodes = 0
  function* many() {
    for (let n = 0; n < count; n += 1) yield leaf
  }
  const file = await layFile(many(), () => {
    nodes += 1
  })
  // 1 024 full nodes and one over the last leaf, one over the first of them, one over the second, the top.
  expect(nodes).toBe(1_025 + 2 + 1)
  expect(file?.fileBytes).toBe(count)
})
