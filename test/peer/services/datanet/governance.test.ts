import { beforeEach, describe, expect, test } from 'vitest'
import { createKnownDatanets } from '../../../../peer/services/datanet/known-datanets.ts'
import { LIMITS } from '../../../../protocol/base/limits.ts'
import { encodeRecord } from '../../../../protocol/base/schema.ts'
import {
  type Manifest,
  manifestSchema,
  type SignedManifest,
  signManifest
} from '../../../../protocol/datanet/manifest.ts'
import { makeProposal, signApproval } from '../../../../protocol/datanet/proposal.ts'
import { refusal } from '../../../protocol/base/refusal.ts'
import { CURATORS, person, someCid } from '../../../protocol/datanet/people.ts'
import { clock, createCuratorPeers, DOMAIN } from './curator-peers.ts'

const DAY_MS = 86_400_000
let peers: ReturnType<typeof createCuratorPeers>
beforeEach(() => {
  peers = createCuratorPeers()
})

/** Three curators on a peer each, the first of which takes in; a promise of `changeDelayMs`. */
async function three(changeDelayMs = 0) {
  const [host, second, third] = [
    await peers.peer('host', [0]),
    await peers.peer('second', [1]),
    await peers.peer('third', [2])
  ]
  const { signed, id } = await peers.founded({ intakeHost: 'host', changeDelayMs })
  for (const peer of [host, second, third]) {
    peer.manifests.show(peer.known.meet(signed, peer === host))
  }
  const change = (change: object, from = host) => from.governance.change({ datanet: id, change })
  return { host, second, third, signed, id, change }
}

describe('a change of the manifest', () => {
  test('is gathered from peer to peer, announced at once and in force in its time', async () => {
    const { host, second, third, id, change } = await three(DAY_MS)
    const asked = await change({ purpose: 'Knots alone.' })
    expect(asked).toMatchObject({ state: 'open', approvals: [CURATORS[0].address] })
    const named = { datanet: id, proposal: asked.proposal }
    await second.governance.proposals(id)
    expect(await second.governance.approve(named)).toMatchObject({ state: 'announced' })
    expect(await third.governance.manifests(id)).toMatchObject([
      { state: 'in force' },
      { state: 'announced', changes: [{ field: 'purpose', after: 'Knots alone.' }] }
    ])
    expect(peers.rotations).toEqual([])
    clock.nowMs = asked.effectiveAtMs as number
    await host.settling.settle(id)
    expect(peers.rotations).toHaveLength(1)
    for (const peer of [host, second, third]) {
      await peer.manifests.catchUp(id)
      expect(peer.known.known(id).signed.manifest.purpose).toBe('Knots alone.')
    }
  })

  test('that its chain has, and the peer kept, is in force after a restart', async () => {
    const { host, second, id, change } = await three()
    const { proposal } = await change({ name: 'Bends' })
    await second.governance.proposals(id)
    await second.governance.approve({ datanet: id, proposal })
    await host.manifests.catchUp(id)
    const again = createKnownDatanets(host.parts).known(id)
    expect([again.signed.manifest.name, again.history.length]).toEqual(['Bends', 2])
  })

  // CHANGE-W1
  test('is not approved so late that it would give less notice than was promised', async () => {
    const { second, id, change } = await three(DAY_MS)
    const { proposal, effectiveAtMs } = await change({ name: 'Bends' })
    await second.governance.proposals(id)
    clock.nowMs = (effectiveAtMs as number) - DAY_MS + LIMITS.clockSkewMs + 1
    const late = () => second.governance.approve({ datanet: id, proposal })
    expect(await refusal(late)).toBe('CHANGE_TOO_SOON')
    clock.nowMs -= 1
    expect(await late()).toMatchObject({ state: 'announced' })
  })

  // CHANGE-W2
  test('is not approved beside another one for its place, unless instead of it', async () => {
    const { host, second, third, id, change } = await three()
    await change({ name: 'Bends' })
    const other = await change({ name: 'Hitches' }, third)
    await host.governance.proposals(id)
    const named = { datanet: id, proposal: other.proposal }
    expect(await refusal(() => host.governance.approve(named))).toBe('PROPOSAL_REFUSED')
    expect(await refusal(() => change({ name: 'Splices' }))).toBe('PROPOSAL_REFUSED')
    expect(await host.governance.approve({ ...named, instead: true })).toMatchObject({
      state: 'in force'
    })
    await second.manifests.catchUp(id)
    expect(second.known.known(id).signed.manifest.name).toBe('Hitches')
  })

  // PROPOSAL-W3
  test('approved by one curator beside another one is kept as evidence and told', async () => {
    const { host, third, id, change } = await three()
    const one = await change({ name: 'Bends' })
    const other = await change({ name: 'Hitches' }, third)
    expect(await host.governance.forks(id)).toEqual([])
    await host.governance.proposals(id)
    await host.governance.approve({ datanet: id, proposal: other.proposal, instead: true })
    const curator = CURATORS[0].address
    expect(await host.governance.forks(id)).toEqual([
      {
        kind: 'approval',
        place: 'manifest 1',
        curator,
        first: one.proposal,
        second: other.proposal
      }
    ])
    expect(host.logged.map(([scope]) => scope)).toContain('fork')
  })

  // CHANGE-W3
  test('is rotated by the intake host, and by others when it did not', async () => {
    const { host, second, id, change } = await three(DAY_MS)
    const { proposal, effectiveAtMs } = await change({ name: 'Bends' })
    await second.governance.proposals(id)
    await second.governance.approve({ datanet: id, proposal })
    host.leave()
    clock.nowMs = effectiveAtMs as number
    await second.settling.settle(id)
    expect(peers.rotations).toHaveLength(0)
    clock.nowMs += 20_000
    await second.settling.settle(id)
    expect(peers.rotations).toHaveLength(1)
  })

  // CHANGE-R1
  test('of two that are approved the one on the chain counts, and both are evidence', async () => {
    const { host, signed, id } = await three()
    const [one, other] = ['One', 'Other'].map((name) => next(signed, { name })) as [
      Manifest,
      Manifest
    ]
    const first = await signManifest(one, [CURATORS[0], CURATORS[1]])
    const second = await signManifest(other, [CURATORS[1], CURATORS[2]])
    const reader = await peers.peer('reader')
    reader.known.meet(signed, false)
    // Whom the chain did not hear of, the reader hears of first.
    reader.manifests.announce(id, second.bytes)
    expect(await refusal(() => reader.manifests.announce(id, first.bytes))).toBe(
      'RECORD_EQUIVOCATES'
    )
    expect(reader.known.known(id).next?.manifest.name).toBe('Other')
    const { proposal, approvals } = await proposed(host.known.known(id), one, [0, 1])
    host.proposals.take(id, proposal.bytes, approvals)
    await host.settling.settle(id)
    await reader.manifests.catchUp(id)
    expect(reader.known.known(id).signed.manifest.name).toBe('One')
    const [pair] = reader.parts.evidenceStore.documents()
    expect(pair).toMatchObject({ issuer: id, kind: 'manifest', id: '1', seq: 1 })
    expect(pair?.documents.map(Buffer.from)).toEqual([second.bytes, first.bytes].map(Buffer.from))
    expect(reader.logged.map(([scope]) => scope)).toContain('fork')
    expect(await reader.governance.forks(id)).toEqual([
      { kind: 'manifest', place: 'manifest 1', first: `${second.cid}`, second: `${first.cid}` }
    ])
  })

  test('that the chain does not have is passed over for the one that it has', async () => {
    const { host, second, signed, id, change } = await three()
    const { proposal } = await change({ name: 'Bends' })
    await second.governance.proposals(id)
    await second.governance.approve({ datanet: id, proposal })
    const fork = await signManifest(next(signed, { name: 'Other' }), CURATORS)
    const reader = await peers.peer('reader')
    reader.known.meet(signed, false)
    // Its own host lies; another curator's peer does not.
    const issuer = id
    peers.shown.get('host')?.set(`${id} manifest 1`, {
      ...{ issuer, kind: 'manifest', id: '1', seq: 1, bytes: fork.bytes }
    })
    expect((await reader.manifests.catchUp(id)).signed.manifest.name).toBe('Bends')
    expect(host.known.known(id).signed.manifest.name).toBe('Bends')
  })

  // CHANGE-R2
  test('that nobody gives leaves the one before in force, and is asked for again', async () => {
    const { host, second, id, change } = await three()
    const { signed } = host.known.known(id)
    const reader = await peers.peer('reader')
    reader.known.meet(signed, false)
    const { proposal } = await change({ name: 'Bends' })
    await second.governance.proposals(id)
    await second.governance.approve({ datanet: id, proposal })
    const held = ['host', 'second', 'third'].map((one) => peers.shown.get(one))
    for (const one of held) one?.delete(`${id} manifest 1`)
    expect(await refusal(() => reader.manifests.catchUp(id))).toBe('MANIFEST_BEHIND')
    expect(reader.known.known(id).signed.manifest.seq).toBe(0)
    host.manifests.show(host.known.known(id))
    expect((await reader.manifests.catchUp(id)).signed.manifest.name).toBe('Bends')
  })

  test('is refused with a gap in its numbers, and unapproved', async () => {
    const { host, signed, id } = await three()
    const late = await signManifest(next(signed, { seq: 2 }), CURATORS)
    const alone = await signManifest(next(signed), [CURATORS[0]])
    expect(await refusal(() => host.manifests.announce(id, late.bytes))).toBe('RECORD_SUPERSEDED')
    expect(await refusal(() => host.manifests.announce(id, alone.bytes))).toBe('APPROVALS_MISSING')
  })

  // CHANGE-R3
  test('makes nobody an intake host who did not agree', async () => {
    const { signed, id } = await peers.founded({ intakeHost: 'named' })
    const [stranger, curator] = [await peers.peer('named'), await peers.peer('named', [0])]
    expect(stranger.known.meet(signed, false).hosted).toBe(false)
    expect(curator.known.meet(signed, false).hosted).toBe(true)
    expect(stranger.known.meet(signed, true).hosted).toBe(true)
    expect(stranger.known.known(id).decides).toBe(false)
  })
})

describe('a proposal', () => {
  const bytesOf = ({ proposal, approvals }: Awaited<ReturnType<typeof proposed>>) =>
    [proposal.bytes, approvals] as const

  // PROPOSAL-R2
  test('is refused from the future, and after its life', async () => {
    const { host, signed, id } = await three()
    const known = host.known.known(id)
    const at = (atMs: number) => proposed(known, next(signed, { name: 'Bends' }), [0], atMs)
    const ahead = await at(clock.nowMs + LIMITS.clockSkewMs + 1)
    const old = await at(clock.nowMs)
    expect(await refusal(() => host.proposals.take(id, ...bytesOf(ahead)))).toBe(
      'RECORD_FROM_FUTURE'
    )
    clock.nowMs += LIMITS.proposalLifeMs + 1
    expect(await refusal(() => host.proposals.take(id, ...bytesOf(old)))).toBe('RECORD_EXPIRED')
  })

  // PROPOSAL-R3
  test('is refused for another place than the next', async () => {
    const { host, signed, id } = await three()
    const known = host.known.known(id)
    const jump = await proposed(known, next(signed, { seq: 2 }), [0])
    const fork = await proposed(known, next(signed, { prev: someCid(1) }), [0])
    for (const one of [jump, fork]) {
      expect(await refusal(() => host.proposals.take(id, ...bytesOf(one)))).toBe(
        'RECORD_SUPERSEDED'
      )
    }
  })

  // PROPOSAL-R5
  test('is refused without the word of a curator in force', async () => {
    const { host, signed, id } = await three()
    const { proposal } = await proposed(host.known.known(id), next(signed, { name: 'Bends' }), [])
    expect(await refusal(() => host.proposals.take(id, proposal.bytes, []))).toBe(
      'APPROVALS_MISSING'
    )
  })

  // PROPOSAL-R6
  test('of one curator alone has a bound, which others do not feel', async () => {
    const { host, second, signed, id, change } = await three()
    const known = host.known.known(id)
    for (let n = 0; n <= LIMITS.proposals; n += 1) {
      const one = await proposed(known, next(signed, { name: `Number ${n}` }), [2])
      const taken = () => host.proposals.take(id, ...bytesOf(one))
      if (n < LIMITS.proposals) taken()
      else expect(await refusal(taken)).toBe('PROPOSAL_REFUSED')
    }
    expect(await change({ name: 'Bends' })).toMatchObject({ state: 'open' })
    expect(await change({ name: 'Hitches' }, second)).toMatchObject({ state: 'open' })
  })

  // PROPOSAL-R7
  test('is not taken by who neither hosts nor decides', async () => {
    const { host, signed, id } = await three()
    const stranger = await peers.peer('stranger')
    stranger.known.meet(signed, false)
    const one = await proposed(host.known.known(id), next(signed, { name: 'Bends' }), [0])
    expect(await refusal(() => stranger.proposals.take(id, ...bytesOf(one)))).toBe(
      'DATANET_UNKNOWN'
    )
  })

  test('goes by hand where peers do not meet, and reaches curators without a host', async () => {
    const { host, second, third, id } = await three()
    host.leave()
    const asked = await second.governance.change({ datanet: id, change: { name: 'Bends' } })
    // They find each other by what they announce.
    expect(await third.governance.proposals(id)).toMatchObject([{ proposal: asked.proposal }])
    second.leave()
    const named = { datanet: id, proposal: asked.proposal }
    expect(await third.governance.approve(named)).toMatchObject({ state: 'in force' })
    const { bundle } = await third.governance.proposal(named)
    third.leave()
    for (const documents of peers.shown.values()) documents.clear()
    const alone = await peers.peer('alone', [0])
    alone.known.meet(host.known.known(id).founding, false)
    expect(await alone.governance.carry(bundle)).toMatchObject({ state: 'in force' })
    expect(await refusal(() => alone.governance.carry('something else'))).toBe('INPUT_INVALID')
  })

  test('that changes nothing is refused, and so is one by nobody who decides', async () => {
    const { third, signed, change } = await three()
    expect(await refusal(() => change({ name: signed.manifest.name }))).toBe('INPUT_INVALID')
    const stranger = await peers.peer('stranger')
    stranger.known.meet(signed, false)
    expect(await refusal(() => change({ name: 'Mine' }, stranger))).toBe('SIGNER_UNEXPECTED')
    expect(await refusal(() => change({ threshold: 4 }, third))).toBe('RECORD_MALFORMED')
  })
})

/** The manifest after `signed` with a change, in force at once. */
function next({ cid, manifest }: SignedManifest, change: Partial<Manifest> = {}): Manifest {
  const times = { createdAtMs: clock.nowMs, effectiveAtMs: clock.nowMs }
  return { ...manifest, ...times, seq: 1, prev: cid, ...change }
}

/** A manifest as a proposal, with the approvals of curators by their places. */
async function proposed(
  { key, signed }: { readonly key: string; readonly signed: SignedManifest },
  record: Manifest,
  who: readonly number[],
  createdAtMs = clock.nowMs
) {
  const proposal = makeProposal({
    ...{ version: 1, datanet: signed.cid, createdAtMs },
    subject: { manifest: encodeRecord(manifestSchema, record) }
  })
  const place = { key, registry: DOMAIN, inForce: signed }
  const approvals = await Promise.all(
    who.map((n) => signApproval(proposal, CURATORS[n] ?? person(9), place))
  )
  return { proposal, approvals }
}
