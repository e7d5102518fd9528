import { beforeAll, expect, test } from 'vitest'
import { createContract } from '../../peer/chain/ethers/contract.ts'
import type { AnchorRequest, Founding } from '../../peer/chain/registry.ts'
import { buildMerkleTree, merkleLeaf } from '../../protocol/base/merkle.ts'
import { DatanetRegistry } from '../../protocol/contracts/abi/DatanetRegistry.ts'
import { REVISION_APPROVAL, registryDomain } from '../../protocol/datanet/revision.ts'
import { accountOf, hashOf, highS, signAll } from './people.ts'
import { createWorld, reverted, type World, ZERO_HASH } from './world.ts'

const CURATORS = ['ada', 'ben', 'cyd'].sort((a, b) => (accountOf(a) < accountOf(b) ? -1 : 1))
const ZERO_HEAD = `0x${'00'.repeat(24)}`
const [first, second, third] = CURATORS as [string, string, string]

let world: World
beforeAll(async () => {
  world = await createWorld(['host', ...CURATORS])
})

function founding(over: Partial<Founding> = {}): Founding {
  return { manifest: hashOf('manifest'), curators: CURATORS.map(accountOf), threshold: 2, ...over }
}

/** A Datanet of its own for the test called `name`, and a way to anchor on it. */
async function fresh(name: string): Promise<{
  datanet: string
  anchor(over: Partial<AnchorRequest>, names?: string[]): Promise<unknown>
}> {
  const { datanet } = await world.as('host').registry.found(founding({ manifest: hashOf(name) }))
  return {
    datanet,
    async anchor(over, names = [first, second]) {
      const request = {
        datanet,
        ordinal: 1,
        parent: ZERO_HASH,
        revision: hashOf('revision 1'),
        contributionsRoot: hashOf('root'),
        ...over
      }
      const approvals = over.approvals ?? (await world.approve(names, { ...request, datanet }))
      return world.as('host').registry.anchor({ ...request, approvals })
    }
  }
}

test('founds a Datanet under the key that binds manifest, curators and threshold', async () => {
  const { registry } = world.as('host')
  const { datanet } = await registry.found(founding())
  expect(datanet).toBe(registry.datanetKey(founding()))
  expect(await registry.curatorsOf(datanet)).toEqual({
    curators: CURATORS.map(accountOf),
    threshold: 2
  })
  expect(await registry.head(datanet)).toEqual({ ordinal: 0, revision: ZERO_HASH })
  expect(registry.datanetKey(founding({ threshold: 1 }))).not.toBe(datanet)
})

test('refuses to found the same Datanet twice', async () => {
  await fresh('twice')
  await expect(
    world.as('ada').registry.found(founding({ manifest: hashOf('twice') }))
  ).rejects.toMatchObject(reverted('RegistryAlreadyFounded'))
})

test.each([
  ['no manifest', { manifest: ZERO_HASH }, 'RegistryManifestMissing'],
  ['no curators', { curators: [] }, 'RegistryCuratorsInvalid'],
  [
    'descending curators',
    { curators: CURATORS.map(accountOf).reverse() },
    'RegistryCuratorsInvalid'
  ],
  [
    'a repeated curator',
    { curators: [accountOf(first), accountOf(first)] },
    'RegistryCuratorsInvalid'
  ],
  [
    'the zero account as curator',
    { curators: [`0x${'00'.repeat(20)}`], threshold: 1 },
    'RegistryCuratorsInvalid'
  ],
  ['a threshold of zero', { threshold: 0 }, 'RegistryThresholdInvalid'],
  ['a threshold above the curators', { threshold: 4 }, 'RegistryThresholdInvalid'],
  [
    '33 curators',
    {
      curators: Array.from({ length: 33 }, (_, i) => `0x${(i + 1).toString(16).padStart(40, '0')}`)
    },
    'RegistryCuratorsInvalid'
  ]
])('refuses to found with %s', async (_, over, error) => {
  await expect(world.as('host').registry.found(founding(over))).rejects.toMatchObject(
    reverted(error)
  )
})

test('anchors revisions one upon the other, whoever submits them', async () => {
  const { datanet, anchor } = await fresh('chain')
  await anchor({})
  await anchor({ ordinal: 2, parent: hashOf('revision 1'), revision: hashOf('revision 2') }, [
    third,
    first
  ])
  const { registry } = world.as('host')
  expect(await registry.head(datanet)).toEqual({ ordinal: 2, revision: hashOf('revision 2') })
  expect(await registry.anchorOf(datanet, 1)).toBe(hashOf('revision 1'))
  expect(await registry.anchorOf(datanet, 3)).toBeUndefined()
  expect(await registry.ordinalOf(datanet, hashOf('revision 2'))).toBe(2)
  expect(await registry.ordinalOf(datanet, hashOf('other'))).toBeUndefined()
  expect(await registry.contributionsRootOf(datanet, hashOf('revision 1'))).toBe(hashOf('root'))
})

test('refuses a revision on a Datanet nobody founded', async () => {
  const { anchor } = await fresh('unknown')
  await expect(anchor({ datanet: hashOf('nobody') })).rejects.toMatchObject(
    reverted('RegistryDatanetUnknown')
  )
})

test('refuses an ordinal that does not follow the head', async () => {
  const { anchor } = await fresh('ordinal')
  await expect(anchor({ ordinal: 2 })).rejects.toMatchObject(reverted('RegistryOrdinalUnexpected'))
  await anchor({})
  await expect(anchor({})).rejects.toMatchObject(reverted('RegistryOrdinalUnexpected'))
})

test('refuses a parent that is not the head', async () => {
  const { anchor } = await fresh('parent')
  await expect(anchor({ parent: hashOf('fork') })).rejects.toMatchObject(
    reverted('RegistryParentUnexpected')
  )
})

test('refuses the zero revision', async () => {
  const { anchor } = await fresh('again')
  await expect(anchor({ revision: ZERO_HASH })).rejects.toMatchObject(
    reverted('RegistryRevisionInvalid')
  )
})

test('refuses fewer curators than the threshold, strangers and repeated approvals', async () => {
  const { anchor } = await fresh('threshold')
  for (const names of [[], [first], [first, first], [first, 'host'], ['host', 'deployer']]) {
    await expect(anchor({}, names)).rejects.toMatchObject(reverted('RegistryApprovalsMissing'))
  }
  // What does not count does no harm either.
  await anchor({}, ['host', first, first, third])
})

test('refuses approvals of another revision, root, ordinal, Datanet, contract or chain', async () => {
  const { datanet, anchor } = await fresh('binding')
  const good = {
    datanet,
    ordinal: 1,
    parent: ZERO_HASH,
    revision: hashOf('revision 1'),
    contributionsRoot: hashOf('root')
  }
  const domain = registryDomain(31_337, world.contracts.registry)
  const cases = [
    [domain, { ...good, revision: hashOf('other') }],
    [domain, { ...good, ordinal: 2 }],
    [domain, { ...good, parent: hashOf('other') }],
    [domain, { ...good, datanet: hashOf('other') }],
    [domain, { ...good, contributionsRoot: hashOf('other') }],
    [{ ...domain, verifyingContract: world.contracts.escrow }, good],
    [{ ...domain, chainId: 1n }, good],
    [{ ...domain, name: 'datanet' }, good],
    [{ ...domain, version: '2' }, good]
  ] as const
  for (const [signedIn, value] of cases) {
    const approvals = await signAll([first, second], signedIn, REVISION_APPROVAL, value)
    await expect(anchor({ approvals })).rejects.toMatchObject(reverted('RegistryApprovalsMissing'))
  }
  await anchor({ approvals: await signAll([first, second], domain, REVISION_APPROVAL, good) })
})

test('does not count a signature with high s', async () => {
  const { datanet, anchor } = await fresh('high s')
  const value = {
    datanet,
    ordinal: 1,
    parent: ZERO_HASH,
    revision: hashOf('revision 1'),
    contributionsRoot: hashOf('root')
  }
  const [one, two] = (await world.approve([first, second], value)) as [Uint8Array, Uint8Array]
  await expect(anchor({ approvals: [one, highS(two)] })).rejects.toMatchObject(
    reverted('RegistryApprovalsMissing')
  )
})

test('proves a contribution against the anchored root', async () => {
  const leaves = ['a', 'b', 'c', 'd', 'e'].map((text) => merkleLeaf(Buffer.from(text)))
  const tree = buildMerkleTree(leaves)
  const { datanet, anchor } = await fresh('proof')
  const contract = createContract(DatanetRegistry.abi, world.contracts.registry, world.rpc)
  const nothing = { before: ZERO_HEAD, revision: ZERO_HASH, contributionsRoot: ZERO_HASH }
  const first = { ...nothing, revision: hashOf('revision 1'), contributionsRoot: hex(tree.root) }
  type Shown = typeof first
  type Later = { revision: string; contributionsRoot: string }[]
  const [leaf, other] = leaves as [Uint8Array, Uint8Array]
  const isProven = async (shown: Shown, later: Later, of = leaf, proof = tree.proof(0)) => {
    const args = [datanet, shown, later, hex(of), proof.map(hex)] as const
    const [isThere] = await contract.read('verifyContribution', args)
    return isThere
  }
  // Where nothing is anchored nothing is proven, not even nothing.
  expect(await isProven(nothing, [], new Uint8Array(32), [])).toBe(false)
  expect(await isProven(first, [])).toBe(false)
  await anchor({ contributionsRoot: hex(tree.root) })
  for (const [i, leaf] of leaves.entries()) {
    expect(await isProven(first, [], leaf, tree.proof(i))).toBe(true)
  }
  expect(await isProven(first, [], other)).toBe(false)
  expect(await isProven({ ...first, revision: hashOf('not anchored') }, [])).toBe(false)
  expect(await isProven({ ...first, contributionsRoot: hashOf('other') }, [])).toBe(false)

  const next = { revision: hashOf('revision 2'), contributionsRoot: hashOf('root 2') }
  await anchor({ ordinal: 2, parent: first.revision, ...next })
  // Behind the head it takes those that came later, in their order.
  expect(await isProven(first, [])).toBe(false)
  expect(await isProven(first, [next])).toBe(true)
  expect(await isProven(first, [next, next])).toBe(false)
  const [, head] = await contract.read('head', [datanet])
  expect(await isProven({ ...first, before: head }, [])).toBe(false)
})

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}
