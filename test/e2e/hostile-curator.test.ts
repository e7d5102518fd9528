import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Peer } from '../../peer/peer.ts'
import { digestOf, parseCid } from '../../protocol/base/codec.ts'
import { encodeRecord, toWire } from '../../protocol/base/schema.ts'
import { keySigner } from '../../protocol/base/typed-data.ts'
import {
  type Manifest,
  manifestSchema,
  type SignedManifest,
  signManifest,
  verifyManifest
} from '../../protocol/datanet/manifest.ts'
import {
  type ApprovalPlace,
  makeProposal,
  type Proposal,
  readProposal,
  signApproval,
  statedApproval
} from '../../protocol/datanet/proposal.ts'
import { decodeRevision, encodeRevision, registryDomain } from '../../protocol/datanet/revision.ts'
import { serveDocuments } from '../../protocol/net/document-server.ts'
import { serveExchange } from '../../protocol/net/exchange.ts'
import type { ExchangePool } from '../../protocol/net/exchange-pool.ts'
import { PROTOCOLS } from '../../protocol/net/ids.ts'
import { proposeAskSchema } from '../../protocol/net/propose.ts'
import { tombstonesEndSchema } from '../../protocol/net/tombstones.ts'
import { createTestWorld, LICENCE, ROYALTY, type TestWorld } from '../fixtures/world.ts'
import { TEXTS } from '../fixtures/world-texts.ts'
import { refusal } from '../protocol/base/refusal.ts'

/** One of three curators, who does what their key allows, by hand. */
const hostile = keySigner(new Uint8Array(32).fill(13))
let world: TestWorld
let host: Peer
let honest: Peer
let reader: Peer
let pool: ExchangePool
let id: string
let founding: SignedManifest
let place: ApprovalPlace
const documents = new Map<string, Uint8Array>()
const undo: Array<() => unknown> = []

beforeAll(async () => {
  world = await createTestWorld()
  const soon = { withdrawals: { syncMs: 200 } }
  host = await world.peer('host', soon)
  honest = await world.peer('honest', soon)
  const bare = await world.node()
  pool = bare.pool
  const server = await serveDocuments(bare.node, {
    byCid: () => undefined,
    newest: ({ kind, id: named }) => documents.get(`${kind} ${named}`),
    *catalogue() {}
  })
  // Without a word about withdrawals nobody would be given rows at all.
  // biome-ignore lint/correctness/useYield: a log without entries has an end and no parts.
  const tombstones = await serveExchange(bare.node, PROTOCOLS.tombstones, async function* () {
    return toWire(tombstonesEndSchema, { next: 0 })
  })
  undo.push(
    () => server.stop(),
    () => tombstones.stop()
  )
  const own = await Promise.all([host, honest].map((peer) => peer.api.accounts.create('curator')))
  const founded = await host.api.datanets.create({
    ...{ name: 'Knots', purpose: 'How to tie them.', topics: [world.network.topic] },
    ...{ licences: [LICENCE], consent: 'Yes.', royalty: ROYALTY, treasury: host.account },
    curators: [...own.map(({ address }) => address), hostile.address],
    // The hostile one may show whatever it wants as a host.
    hosts: [bare.node.peerId.toString()],
    ...{ threshold: 1, reviewApprovals: 1, changeDelayMs: 0 }
  })
  id = founded.id
  await honest.api.datanets.find(world.topic)
  await host.api.datanets.change({ datanet: id, change: { threshold: 2 } })
  for (const peer of [host, honest]) await peer.api.datanets.manifests(id)
  const read = async (named: string, previous?: SignedManifest) => {
    const ask = { name: { issuer: id, kind: 'manifest', id: named } }
    const { bytes } = (await pool.request(host.peerId, PROTOCOLS.document, ask)) as {
      bytes: Uint8Array
    }
    return verifyManifest(bytes, previous)
  }
  founding = await read(id)
  const { chainId, registry } = world.chain.contracts
  place = {
    key: founded.chainKey,
    registry: registryDomain(Number(chainId), registry),
    inForce: await read('1', founding)
  }
  reader = await world.peer('reader')
  await reader.api.datanets.find(world.topic)
}, 60_000)
afterAll(async () => {
  for (const step of undo) await step()
  await world?.stop()
})

function manifestAfter({ cid, manifest }: SignedManifest, change: Partial<Manifest>): Manifest {
  const atMs = Date.now()
  const seq = manifest.seq + 1
  return { ...manifest, createdAtMs: atMs, effectiveAtMs: atMs, seq, prev: cid, ...change }
}

function proposalOf(subject: { manifest: Uint8Array } | { revision: Uint8Array }): Proposal {
  return makeProposal({ version: 1, datanet: founding.cid, subject, createdAtMs: Date.now() })
}

/** Hands a proposal to `peer` under the hostile curator's word alone. */
async function push(peer: Peer, proposal: Proposal) {
  const approvals = [await signApproval(proposal, hostile, place)]
  const ask = { datanet: parseCid(id), proposal: proposal.bytes, approvals }
  await pool.request(peer.peerId, PROTOCOLS.propose, toWire(proposeAskSchema, ask))
}

const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`

describe('one hostile curator of three', () => {
  test('puts no manifest in force alone: not by proposing, showing or rotating it', async () => {
    const taken = manifestAfter(place.inForce, { curators: [hostile.address], threshold: 1 })
    const body = encodeRecord(manifestSchema, { ...taken, review: { ...taken.review } })
    await push(host, proposalOf({ manifest: body }))
    const [open] = await honest.api.datanets.proposals(id)
    expect(open).toMatchObject({ state: 'open', approvals: [hostile.address] })

    const alone = await signManifest(taken, [hostile])
    documents.set('manifest 2', alone.bytes)
    await reader.api.datanets.manifests(id)
    expect(await reader.api.datanets.show(id)).toMatchObject({ seq: 1, threshold: 2 })

    const approval = statedApproval(
      await signApproval(proposalOf({ manifest: body }), hostile, place)
    )
    const rotated = world.chain.registry.rotate({
      ...{ datanet: place.key, seq: 2, curators: taken.curators, threshold: 1 },
      ...{ prev: hex(digestOf(place.inForce.cid)), manifest: hex(digestOf(alone.cid)) },
      approvals: [approval.signatures[1] as Uint8Array, approval.signatures[1] as Uint8Array]
    })
    expect(await refusal(() => rotated)).toBe('CHAIN_REVERTED')
  }, 60_000)

  test('cannot jump over a number, nor come back to one that is taken', async () => {
    for (const change of [{ seq: 3 }, { seq: 1, prev: founding.cid }]) {
      const body = encodeRecord(manifestSchema, manifestAfter(place.inForce, change))
      const asked = push(host, proposalOf({ manifest: body }))
      expect(await refusal(() => asked)).toBe('RECORD_SUPERSEDED')
    }
  })

  test('gets no forked revision approved, fetched or anchored, and is told on', async () => {
    const { address: account } = await host.api.accounts.create('ann')
    const contribute = async (n: number) => {
      const { title, text } = TEXTS[n] as (typeof TEXTS)[0]
      const given = { datanet: id, account, schema: 'text/1', content: { title, text } }
      return host.api.datanets.contribute({ ...given, language: 'en', licence: LICENCE })
    }
    const { contribution } = await contribute(0)
    const curator = (await host.api.accounts.find('curator')).address
    const verdict = { verdict: 'approve' as const, account: curator }
    await host.api.datanets.review({ datanet: id, contribution, ...verdict })
    const asked = await host.api.datanets.propose(id)
    const { bundle } = await host.api.datanets.proposal({ datanet: id, proposal: asked.proposal })
    expect(bundle).toMatch(/^datanet-proposal:/)

    // The same place, with one row more than was contributed.
    const mine = await revisionOf(asked.proposal)
    const forged = encodeRevision({ ...mine, rows: 2, contributionsRoot: new Uint8Array(32) })
    const fork = proposalOf({ revision: forged })
    await push(honest, fork)
    const named = { datanet: id, proposal: fork.cid.toString() }
    const approved = honest.api.datanets.approve(named)
    expect(await refusal(() => approved)).toBe('REVISION_INVALID')

    const revision = decodeRevision(forged)
    const approval = statedApproval(await signApproval(fork, hostile, place))
    const anchored = world.chain.registry.anchor({
      ...{ datanet: place.key, ordinal: 1, parent: `0x${'00'.repeat(32)}` },
      revision: hex(digestOf(fork.subject.cid)),
      contributionsRoot: hex(revision.contributionsRoot),
      approvals: approval.signatures
    })
    expect(await refusal(() => anchored)).toBe('CHAIN_REVERTED')

    // Approving the honest one as well does not take the other word back.
    await push(honest, await proposalOn(asked.proposal))
    expect(await honest.api.datanets.forks(id)).toMatchObject([
      { kind: 'approval', place: 'revision 1', curator: hostile.address }
    ])
    await honest.api.datanets.proposals(id)
    documents.set(`revision ${id}`, forged)
    await expect
      .poll(() => reader.api.datanets.fetch(id), { timeout: 30_000 })
      .toMatchObject({ ordinal: 1, rows: 1 })
    const all = await honest.api.datanets.proposals(id)
    expect(
      all
        .filter(({ kind }) => kind === 'revision')
        .map(({ state }) => state)
        .sort()
    ).toEqual(['anchored', 'over'])
  }, 60_000)
})

/** A proposal as the host gives it to whoever decides. */
async function proposalOn(cid: string): Promise<Proposal> {
  const ask = toWire(proposeAskSchema, { datanet: parseCid(id), list: true })
  const exchange = pool.ask(host.peerId, PROTOCOLS.propose, ask)
  exchange.end.catch(() => {})
  for await (const part of exchange.parts) {
    const proposal = readProposal((part as { proposal: Uint8Array }).proposal)
    if (proposal.cid.toString() === cid) return proposal
  }
  throw new Error(`no proposal ${cid}`)
}

async function revisionOf(cid: string) {
  const { subject } = await proposalOn(cid)
  if (subject.kind !== 'revision') throw new Error('no revision')
  return subject.revision
}
