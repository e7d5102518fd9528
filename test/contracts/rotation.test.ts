import { beforeAll, expect, test } from 'vitest'
import type { RotationRequest } from '../../peer/chain/registry.ts'
import { registryDomain } from '../../protocol/datanet/revision.ts'
import { ROTATION } from '../../protocol/datanet/rotation.ts'
import { accountOf, hashOf, highS, signAll } from './people.ts'
import { createWorld, reverted, type World, ZERO_HASH } from './world.ts'

const OLD = ['ada', 'ben', 'cyd'].sort((a, b) => (accountOf(a) < accountOf(b) ? -1 : 1))
const NEW = ['cyd', 'dan', 'eve'].sort((a, b) => (accountOf(a) < accountOf(b) ? -1 : 1))

let world: World
beforeAll(async () => {
  world = await createWorld(['host'])
})

type Over = Partial<Omit<RotationRequest, 'approvals'>> & { readonly approvals?: Uint8Array[] }

/** A Datanet of its own whose curators may be rotated from OLD to NEW. */
async function founded(name: string) {
  const { registry } = world.as('host')
  const manifest = hashOf(name)
  const curators = OLD.map(accountOf)
  const { datanet } = await registry.found({ manifest, curators, threshold: 2 })
  const next = {
    datanet,
    seq: 1,
    prev: manifest,
    manifest: hashOf(`${name}, next`),
    curators: NEW.map(accountOf),
    threshold: 2
  }
  const domain = registryDomain(31_337, world.contracts.registry)
  const sign = (names: string[], value: object = next, over = {}) =>
    signAll(names, { ...domain, ...over }, ROTATION, value as Record<string, unknown>)
  const rotate = async (over: Over = {}, names = ['ada', 'ben']) => {
    const value = { ...next, ...over }
    return registry.rotate({ ...value, approvals: over.approvals ?? (await sign(names, value)) })
  }
  return { datanet, next, sign, rotate, registry }
}

test('the quorum of those before puts the next curators in force', async () => {
  const { datanet, next, sign, rotate, registry } = await founded('rotate')
  expect(await registry.manifestOf(datanet)).toEqual({ seq: 0, manifest: next.prev })
  await rotate()
  expect(await registry.manifestOf(datanet)).toEqual({ seq: 1, manifest: next.manifest })
  expect(await registry.curatorsOf(datanet)).toEqual({ curators: next.curators, threshold: 2 })

  // From now on the new ones decide: about revisions as about the next rotation.
  const anchor = async (names: string[]) => {
    const revision = hashOf('revision')
    const value = { datanet, ordinal: 1, parent: ZERO_HASH, revision, contributionsRoot: ZERO_HASH }
    return registry.anchor({ ...value, approvals: await world.approve(names, value) })
  }
  const missing = reverted('RegistryApprovalsMissing')
  await expect(anchor(['ada', 'ben'])).rejects.toMatchObject(missing)
  await anchor(['cyd', 'eve'])
  const after = { ...next, seq: 2, prev: next.manifest, manifest: hashOf('third') }
  await expect(
    rotate({ ...after, approvals: await sign(['ada', 'ben'], after) })
  ).rejects.toMatchObject(missing)
  await rotate({ ...after, curators: [accountOf('eve')], threshold: 1 }, ['dan', 'eve'])
  expect(await registry.curatorsOf(datanet)).toEqual({
    curators: [accountOf('eve')],
    threshold: 1
  })
})

test('of two next manifests the first one on chain counts', async () => {
  const { datanet, next, rotate, registry } = await founded('fork')
  const fork = { manifest: hashOf('fork, other'), curators: [accountOf('ada')], threshold: 1 }
  await rotate()
  await expect(rotate(fork)).rejects.toMatchObject(reverted('RegistrySeqUnexpected'))
  await expect(rotate({ ...fork, seq: 2 })).rejects.toMatchObject(
    reverted('RegistryManifestUnexpected')
  )
  expect(await registry.manifestOf(datanet)).toEqual({ seq: 1, manifest: next.manifest })
})

test('refuses a rotation without its quorum, or with one for anything else', async () => {
  const { next, sign, rotate } = await founded('quorum')
  const missing = reverted('RegistryApprovalsMissing')
  for (const names of [[], ['ada'], ['ada', 'ada'], ['ada', 'dan'], ['dan', 'eve']]) {
    await expect(rotate({}, names)).rejects.toMatchObject(missing)
  }
  for (const signed of [
    { ...next, datanet: hashOf('other') },
    { ...next, seq: 2 },
    { ...next, prev: hashOf('other') },
    { ...next, manifest: hashOf('other') },
    { ...next, curators: [...next.curators].reverse() },
    { ...next, curators: next.curators.slice(0, 2) },
    { ...next, threshold: 1 }
  ]) {
    const approvals = await sign(['ada', 'ben'], signed)
    await expect(rotate({ approvals })).rejects.toMatchObject(missing)
  }
  for (const over of [{ chainId: 1n }, { verifyingContract: world.contracts.pool }]) {
    const approvals = await sign(['ada', 'ben'], next, over)
    await expect(rotate({ approvals })).rejects.toMatchObject(missing)
  }
  const [ada, ben] = (await sign(['ada', 'ben'])) as [Uint8Array, Uint8Array]
  await expect(rotate({ approvals: [ada, highS(ben)] })).rejects.toMatchObject(missing)
  await rotate({ approvals: [ben, ada] })
})

test.each([
  ['a number that does not follow', { seq: 2 }, 'RegistrySeqUnexpected'],
  ['the number in force', { seq: 0 }, 'RegistrySeqUnexpected'],
  ['another manifest before', { prev: hashOf('other') }, 'RegistryManifestUnexpected'],
  ['no manifest', { manifest: ZERO_HASH }, 'RegistryManifestMissing'],
  ['no curators', { curators: [] }, 'RegistryCuratorsInvalid'],
  ['curators out of order', { curators: NEW.map(accountOf).reverse() }, 'RegistryCuratorsInvalid'],
  ['a threshold of zero', { threshold: 0 }, 'RegistryThresholdInvalid'],
  ['a threshold above the curators', { threshold: 4 }, 'RegistryThresholdInvalid'],
  ['a Datanet nobody founded', { datanet: hashOf('nobody') }, 'RegistryDatanetUnknown']
])('refuses a rotation with %s', async (name, over, error) => {
  const { rotate } = await founded(name)
  await expect(rotate(over)).rejects.toMatchObject(reverted(error))
})
