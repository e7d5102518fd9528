import type { RotationRequest } from '../../../../peer/chain/registry.ts'
import { createDatanetPeers } from '../../../../peer/services/datanet/datanet-peers.ts'
import { createGovernance } from '../../../../peer/services/datanet/governance.ts'
import { createKnownDatanets } from '../../../../peer/services/datanet/known-datanets.ts'
import { createManifests } from '../../../../peer/services/datanet/manifests.ts'
import { createProposalSettling } from '../../../../peer/services/datanet/proposal-settling.ts'
import { createProposals } from '../../../../peer/services/datanet/proposals.ts'
import type { Parts } from '../../../../peer/services/parts.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { createDatanetStore } from '../../../../peer/store/datanets.ts'
import type { ShownDocument } from '../../../../peer/store/documents.ts'
import { createEvidenceStore } from '../../../../peer/store/evidence.ts'
import { createGovernanceStore } from '../../../../peer/store/governance.ts'
import { openWallet } from '../../../../peer/wallet/wallet.ts'
import { digestOf } from '../../../../protocol/base/codec.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { datanetKey, type Manifest, signManifest } from '../../../../protocol/datanet/manifest.ts'
import { registryDomain } from '../../../../protocol/datanet/revision.ts'
import type { ExchangeHandler } from '../../../../protocol/net/exchange.ts'
import { CURATORS, manifest, person } from '../../../protocol/datanet/people.ts'

/** The time of every peer here; it goes on when a test says so. */
export const clock = { nowMs: 1_000_000 }

const REGISTRY = `0x${'e2'.repeat(20)}`
/** The domain of that registry. */
export const DOMAIN = registryDomain(31_337, REGISTRY)

/** Peers that reach each other by a call, over a registry that only counts: what is between is not tested here. */
export function createCuratorPeers() {
  const handlers = new Map<string, ExchangeHandler>()
  const shown = new Map<string, Map<string, ShownDocument>>()
  const setOff: Promise<void>[] = []
  const chain = new Map<string, { seq: number; digests: string[] }>()

  async function answered(peer: string, ask: unknown) {
    const handler = handlers.get(peer)
    if (handler === undefined) throw new DatanetError('PEER_UNREACHABLE', { peer })
    const parts: unknown[] = []
    const running = handler(ask, {} as never)
    for (;;) {
      const { done, value } = await running.next(true)
      // What an ask sets off is over before anybody goes on.
      if (done === true) await Promise.all(setOff.splice(0))
      if (done === true) return { parts, end: value }
      parts.push(value)
    }
  }

  const pool = {
    request: async (peer: string, _: string, ask: unknown) => (await answered(peer, ask)).end,
    ask(peer: string, _: string, ask: unknown) {
      const answer = answered(peer, ask)
      answer.catch(() => {})
      return {
        parts: (async function* () {
          yield* (await answer).parts
        })(),
        end: answer.then(({ end }) => end)
      }
    }
  }

  const registry = {
    async manifestOf(key: string) {
      const state = chain.get(key)
      return state && { seq: state.seq, manifest: state.digests[state.seq] as string }
    },
    rotatedTo: async (key: string, seq: number) => chain.get(key)?.digests[seq],
    async rotate(request: RotationRequest) {
      const state = chain.get(request.datanet) ?? { seq: 0, digests: [request.prev] }
      if (request.seq !== state.seq + 1 || request.prev !== state.digests[state.seq]) {
        throw new DatanetError('CHAIN_REVERTED', { reason: 'RegistrySeqUnexpected' })
      }
      state.seq = request.seq
      state.digests[request.seq] = request.manifest
      chain.set(request.datanet, state)
      rotations.push(request)
    }
  }
  const rotations: RotationRequest[] = []

  /** A peer that keeps the keys of `curators`, a curator by its place in CURATORS. */
  async function peer(peerId: string, curators: readonly number[] = []) {
    const db = openDatabase(':memory:')
    const wallet = await openWallet(db)
    for (const n of curators) {
      const index = [1, 2, 3].find((one) => person(one).address === CURATORS[n]?.address) as number
      wallet.add(`curator ${n}`, Uint8Array.from(Buffer.alloc(32, index)))
    }
    const own = new Map<string, ShownDocument>()
    shown.set(peerId, own)
    const nameOf = (name: { issuer: string; kind: string; id: string }) =>
      `${name.issuer} ${name.kind} ${name.id}`
    const logged: Array<[string, Record<string, unknown>]> = []
    const parts = {
      ...{ peerId, wallet, pool, now: () => clock.nowMs },
      chain: { contracts: { chainId: 31_337n, registry: REGISTRY }, registry },
      governanceStore: createGovernanceStore(db),
      datanetStore: createDatanetStore(db),
      evidenceStore: createEvidenceStore(db),
      log: (scope: string, values: Record<string, unknown>) => logged.push([scope, values]),
      publications: {
        announce() {},
        publish: (document: ShownDocument) => own.set(nameOf(document), document),
        async fetch(from: string, name: never, verify: (bytes: Uint8Array) => Promise<unknown>) {
          const document = shown.get(from)?.get(nameOf(name))
          if (document === undefined) throw new DatanetError('DOCUMENT_UNKNOWN', { from })
          return ((await verify(document.bytes)) as { value: unknown }).value
        },
        async *discover(_: string, id: string, match: (entry: object) => boolean) {
          for (const [from, documents] of shown) {
            const entry = [...documents.values()].find((one) => one.issuer === id && match(one))
            if (from !== peerId && handlers.has(from) && entry) yield { peer: from, entry }
          }
        }
      }
    } as unknown as Parts
    const known = createKnownDatanets(parts)
    const peers = createDatanetPeers(parts)
    const manifests = createManifests(parts, known, peers)
    const proposals = createProposals(parts, known, peers, (id) => {
      setOff.push(settling.settle(id))
    })
    const settling = createProposalSettling(parts, known, manifests, proposals, async () => {})
    const revisions = { draft: () => Promise.reject(new Error('none here')), check: async () => {} }
    const governance = createGovernance(parts, known, manifests, proposals, settling, revisions)
    handlers.set(peerId, proposals.handler)
    return {
      ...{ peerId, known, manifests, proposals, settling, governance, logged, parts },
      /** Whom nobody reaches any more. */
      leave: () => handlers.delete(peerId)
    }
  }

  return {
    peer,
    rotations,
    chain,
    shown,
    /** A Datanet of the three curators, two of whom decide, founded on the chain. */
    async founded(change: Partial<Manifest> = {}) {
      const atMs = clock.nowMs
      const record = manifest({ createdAtMs: atMs, effectiveAtMs: atMs, ...change })
      const signed = await signManifest(record, CURATORS)
      const digest = `0x${Buffer.from(digestOf(signed.cid)).toString('hex')}`
      chain.set(datanetKey(signed), { seq: 0, digests: [digest] })
      return { signed, id: signed.cid.toString() }
    }
  }
}
