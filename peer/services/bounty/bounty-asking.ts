import { isDatanetError } from '../../../protocol/base/errors.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { type SignedBounty, verifyBounty } from '../../../protocol/datanet/bounty.ts'
import { type SignedFill, verifyFill } from '../../../protocol/datanet/bounty-fill.ts'
import {
  bountiesAskSchema,
  bountiesPartSchema,
  bountyTakenSchema
} from '../../../protocol/net/bounties.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import { deadline } from '../../../protocol/net/waiting.ts'
import type { BountyAnswer } from '../../api/bounties-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { KnownDatanet } from '../datanet/known-datanets.ts'
import type { Parts } from '../parts.ts'
import type { BountyLocks } from './bounty-locks.ts'

/** A bounty as it was heard of: its record and fills verified, the rest hearsay. */
export interface HeardBounty {
  readonly signed: SignedBounty
  readonly isListed: boolean
  readonly fills: readonly SignedFill[]
  readonly answers: readonly BountyAnswer[]
}

/** What came of handing something to a Datanet's hosts. */
export interface Handed {
  readonly isListed: boolean
  /** Of the first host that refused or did not answer, when none took it. */
  readonly failure?: unknown
}

/** The Datanet's hosts, asked for bounties and told of them. */
export interface BountyAsking {
  /** What the hosts list that answer, and what is kept here; by the bounty's CID. */
  hear(datanet: KnownDatanet, options?: CallOptions): Promise<Map<string, HeardBounty>>
  /** Hands a bounty or a fill to every host. */
  hand(
    datanet: KnownDatanet,
    what: { readonly bounty: Uint8Array } | { readonly fill: Uint8Array },
    options?: CallOptions
  ): Promise<Handed>
}

/** How long a host may keep who asks waiting. */
const HOST_MS = 10_000
/** What one host may list: as many as it keeps, and the parts that they come in. */
const MOST_LISTED = 2_100

/** Asking of one peer. specs/05-network.md §Bounties */
export function createBountyAsking(
  parts: Pick<Parts, 'bountyStore' | 'pool' | 'now' | 'log'>,
  locks: BountyLocks
): BountyAsking {
  const { pool, now, log, bountyStore } = parts

  const hostsOf = ({ signed: { manifest } }: KnownDatanet) => [
    manifest.intakeHost,
    ...manifest.hosts
  ]

  function fillsIn(
    signed: SignedBounty,
    datanet: KnownDatanet,
    all: readonly Uint8Array[]
  ): SignedFill[] {
    const place = locks.find(signed, datanet)
    if (place === undefined) return []
    return all.flatMap((bytes) => {
      try {
        const one = verifyFill(bytes, { domain: place.domain, lock: place.id })
        return one.fill.bounty.equals(signed.cid) ? [one] : []
      } catch (error) {
        if (!isDatanetError(error)) throw error
        return []
      }
    })
  }

  async function listOf(datanet: KnownDatanet, peer: string, options: CallOptions) {
    const limit = deadline(HOST_MS, ...(options.signal === undefined ? [] : [options.signal]))
    const found: HeardBounty[] = []
    try {
      const ask = toWire(bountiesAskSchema, { datanet: datanet.id, list: true })
      const exchange = pool.ask(peer, PROTOCOLS.bounties, ask, { signal: limit.signal })
      exchange.end.catch(() => {})
      for await (const part of exchange.parts) {
        for (const { bounty, fills, answers } of fromWire(bountiesPartSchema, part).bounties) {
          const signed = verifyBounty(bounty, now())
          if (!signed.bounty.datanet.equals(datanet.id)) continue
          const said = answers.map(({ contribution, status }) => ({
            contribution: contribution.toString(),
            status
          }))
          const words = fillsIn(signed, datanet, fills)
          found.push({ signed, isListed: true, fills: words, answers: said })
        }
        if (found.length > MOST_LISTED) break
      }
      await exchange.end
      return found
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!isDatanetError(error) && !limit.signal.aborted) throw error
      const code = isDatanetError(error) ? error.code : 'PEER_SILENT'
      log('bounty', { datanet: `${datanet.id}`, peer, code })
      return []
    } finally {
      limit.release('done')
    }
  }

  function own(datanet: KnownDatanet): HeardBounty[] {
    return bountyStore.of(datanet.id.toString()).map(({ cid, bytes }) => {
      const signed = verifyBounty(bytes, Number.POSITIVE_INFINITY)
      const fills = fillsIn(signed, datanet, bountyStore.fills(cid))
      return { signed, isListed: false, fills, answers: [] }
    })
  }

  return {
    async hear(datanet, options = {}) {
      const lists = await Promise.all(
        hostsOf(datanet).map((peer) => listOf(datanet, peer, options))
      )
      const heard = new Map<string, HeardBounty>()
      for (const one of [...own(datanet), ...lists.flat()]) {
        const cid = one.signed.cid.toString()
        const known = heard.get(cid)
        heard.set(cid, known === undefined ? one : together(known, one))
      }
      return heard
    },

    async hand(datanet, what, options = {}) {
      const ask = toWire(bountiesAskSchema, { datanet: datanet.id, ...what })
      const answers = await Promise.all(
        hostsOf(datanet).map(async (peer) => {
          try {
            const said = await pool.request(peer, PROTOCOLS.bounties, ask, {
              ...options,
              deadlineMs: HOST_MS
            })
            return { isListed: fromWire(bountyTakenSchema, said).isListed }
          } catch (failure) {
            options.signal?.throwIfAborted()
            if (!isDatanetError(failure)) throw failure
            return { isListed: false, failure }
          }
        })
      )
      const isListed = answers.some((one) => one.isListed)
      const failures = answers.flatMap(({ failure }) => (failure === undefined ? [] : [failure]))
      const failure = failures.length === answers.length ? { failure: failures[0] } : {}
      return { isListed, ...failure }
    }
  }
}

/** Of one curator the word that was heard last; of one contribution the status that says more. */
function together(a: HeardBounty, b: HeardBounty): HeardBounty {
  const fills = new Map([...a.fills, ...b.fills].map((one) => [one.fill.curator, one]))
  const answers = new Map<string, BountyAnswer>()
  for (const one of [...a.answers, ...b.answers]) {
    const known = answers.get(one.contribution)
    if (known === undefined || known.status === 'pending') answers.set(one.contribution, one)
  }
  return {
    signed: a.signed,
    isListed: a.isListed || b.isListed,
    fills: [...fills.values()],
    answers: [...answers.values()]
  }
}
