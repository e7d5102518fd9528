import { type AddOptions, unixfs } from '@helia/unixfs'
import { MemoryBlockstore } from 'blockstore-core'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'
import { wideLayout } from '../../../peer/content/wide-layout.ts'

const HOW: Partial<AddOptions> = {
  rawLeaves: true,
  cidVersion: 1,
  reduceSingleLeafToSelf: false,
  wrapWithDirectory: true,
  chunker: (source) => source
}

/** The root of a file of leaves of these sizes and all of its blocks' names, by a layout. */
async function laid(
  sizes: readonly number[],
  layout?: (kept: MemoryBlockstore) => Partial<AddOptions>
) {
  const kept = new MemoryBlockstore()
  async function* content() {
    for (const [n, size] of sizes.entries()) yield new Uint8Array(size).fill(n % 251)
  }
  const how = { ...HOW, ...layout?.(kept) }
  let root: CID | undefined
  for await (const { cid } of unixfs({ blockstore: kept }).addAll(
    [{ path: 'data/rows', content: content() }],
    how
  )) {
    root = cid
  }
  const names: string[] = []
  for await (const { cid } of kept.getAll()) names.push(cid.toString())
  return { root: `${root}`, names: names.sort() }
}

const ours = (kept: MemoryBlockstore) => ({
  layout: wideLayout((cid, bytes) => void kept.put(cid, bytes))
})

test.each([1, 2, 1_023, 1_024, 1_025, 2_048, 3_000])(
  'a file of %i leaves has the nodes that the library gives it',
  async (count) => {
    const sizes = Array.from({ length: count }, (_, n) => 1 + (n % 300))
    expect(await laid(sizes, ours)).toEqual(await laid(sizes))
  }
)

test('so it is with leaves of any size', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40_000 }), {
    minLength: 1_025,
    maxLength: 1_200
  })
  await fc.assert(
    fc.asyncProperty(sizes, async (some) => {
      expect(await laid(some, ours)).toEqual(await laid(some))
    }),
    { numRuns: 3 }
  )
})

test('a node over more than a million leaves has another level above', async () => {
  const leaf = CID.parse('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')
  const levels: number[] = []
  const layout = wideLayout(() => {})
  async function* many() {
    for (let n = 0; n < 1_024 * 1_024 + 1; n += 1)
      yield { cid: leaf, size: 1n, block: new Uint8Array() }
  }
  await layout(many(), async (some) => {
    levels.push(some.length)
    return some[0] as (typeof some)[0]
  })
  expect(levels).toEqual([1_024, 1, 2])
})
