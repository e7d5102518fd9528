import { DatanetError } from '../../../protocol/base/errors.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { contentToJson } from '../../../protocol/datanet/content-json.ts'
import { verifyContribution } from '../../../protocol/datanet/contribution.ts'
import { ownersAfter, verifyHandOver } from '../../../protocol/datanet/hand-over.ts'
import { passageOf } from '../../../protocol/datanet/passage.ts'
import { appealAskSchema, appealEndSchema } from '../../../protocol/net/appeal.ts'
import {
  anyAskSchema,
  contributeAskSchema,
  contributeEndSchema,
  handOverAskSchema,
  handOverEndSchema
} from '../../../protocol/net/contribute.ts'
import type { ExchangeContext, ExchangeHandler } from '../../../protocol/net/exchange.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import { inclusionAskSchema, inclusionEndSchema } from '../../../protocol/net/inclusion.ts'
import type { PendingContribution, PendingQuery } from '../../api/datanets-api.ts'
import { shown } from '../../intake/examine.ts'
import type { StoredContribution } from '../../store/contributions.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { Parts } from '../parts.ts'
import type { ReviewDesk } from '../review/review-desk.ts'
import type { Proving } from './proving.ts'
import { standingOf } from './standing-of.ts'
import { takeFile } from './taken-file.ts'
import type { TakingIn } from './taking-in.ts'

/** Who asks, and until when. */
type From = Pick<ExchangeContext, 'remotePeer' | 'signal'>

/** What a curator is shown at once: each is looked at for it, and they come in one answer. */
const PAGE = 1_000

/** The host's door for contributions, and what waits behind it. */
export interface Intake {
  /** Answers `/datanet/contribute/1`. */
  readonly handler: ExchangeHandler
  pending(query: PendingQuery): Promise<readonly PendingContribution[]>
}

/** Intake for the Datanets this peer hosts. specs/04-datanet.md §Submission */
export function createIntake(
  parts: Pick<Parts, 'content' | 'datanetStore' | 'pool' | 'peerId' | 'now'>,
  datanets: Datanets,
  takingIn: TakingIn,
  proving: Proving,
  desk: Pick<ReviewDesk, 'appeal' | 'handedOver' | 'standings'>
): Intake {
  const { content, datanetStore, pool, peerId, now } = parts

  function hosted(id: string) {
    const datanet = datanets.known(id)
    if (!datanet.hosted) throw new DatanetError('DATANET_UNKNOWN', { id, hosted: false })
    return datanet
  }

  /** The intake host's answer, where this peer only keeps copies; undefined where it takes in itself. */
  async function relay(id: string, value: object, { signal, remotePeer }: From): Promise<unknown> {
    const { hosted: isHosted, signed } = datanets.known(id)
    if (isHosted) return undefined
    const { hosts, intakeHost } = signed.manifest
    // Once is enough: two peers with different manifests would pass it to and fro.
    if (!hosts.includes(peerId) || intakeHost === peerId || 'relayed' in value) hosted(id)
    if ('contribution' in value) {
      const { contribution } = verifyContribution(value.contribution as Uint8Array)
      // The intake host asks this peer for the file, which asks who has it.
      await takeFile(content, contribution, { peer: remotePeer, signal })
    }
    return pool.request(intakeHost, PROTOCOLS.contribute, { ...value, relayed: true }, { signal })
  }

  /** Whoever keeps a revision can show its rows, host or not: they are no secret. */
  async function prove(value: unknown): Promise<unknown> {
    const ask = fromWire(inclusionAskSchema, value)
    const { id } = datanets.known(ask.datanet.toString())
    const proof = await proving.prove(id.toString(), ask.prove.toString())
    return toWire(inclusionEndSchema, { proof })
  }

  async function take(value: unknown, from: From): Promise<unknown> {
    const { datanet: cid } = fromWire(anyAskSchema, value)
    if ('prove' in (value as object)) return prove(value)
    const relayed = await relay(cid.toString(), value as object, from)
    if (relayed !== undefined) return relayed
    const datanet = hosted(cid.toString())
    if ('handOver' in (value as object)) return takeHandOver(value)
    if ('query' in (value as object)) return standingOf(parts, datanet, value, desk.standings)
    if ('appeal' in (value as object)) {
      const { appeal } = fromWire(appealAskSchema, value)
      return toWire(appealEndSchema, { status: await desk.appeal(datanet, appeal) })
    }
    const ask = fromWire(contributeAskSchema, value)
    const { signal, remotePeer: peer } = from
    const by = { peer, signal }
    const taken = await takingIn.take(datanet.id, datanet.signed.manifest, ask.contribution, by)
    const { cid: contribution, status, receipt } = taken
    return toWire(contributeEndSchema, { contribution, status, receipt })
  }

  function takeHandOver(value: unknown): unknown {
    const ask = fromWire(handOverAskSchema, value)
    const known = hosted(ask.datanet.toString())
    const datanet = known.id.toString()
    const { handOver, cid, bytes } = verifyHandOver(ask.handOver, now())
    const { oldAccount, newAccount } = handOver
    const earlier = datanetStore.handOvers({ datanet })
    const same = earlier.find((one) => one.cid === cid.toString())
    if (same === undefined) {
      const isHere =
        datanetStore.countOf(oldAccount).some((one) => one.datanet === datanet) ||
        earlier.some((one) => one.newAccount === oldAccount) ||
        known.signed.manifest.curators.includes(oldAccount)
      if (!isHere) {
        const reason = 'it contributed nothing here and reviews nothing'
        throw new DatanetError(
          'HAND_OVER_REFUSED',
          { account: oldAccount, reason },
          { hint: reason }
        )
      }
      ownersAfter([...earlier, handOver])
      datanetStore.addHandOver({ cid: cid.toString(), datanet, oldAccount, newAccount, bytes })
      desk.handedOver(known, newAccount)
    }
    return toWire(handOverEndSchema, { handOver: cid, ordinal: same?.revision ?? 0 })
  }

  async function described(item: StoredContribution): Promise<PendingContribution> {
    const signed = verifyContribution(item.bytes)
    const { contribution } = signed
    return {
      contribution: item.cid,
      contributor: contribution.contributor,
      schema: contribution.schema,
      ...passageOf(contribution),
      content: contentToJson(contribution),
      language: contribution.language,
      licence: contribution.licence,
      origin: contribution.origin,
      order: item.order,
      ...(item.cluster === undefined ? {} : { cluster: item.cluster }),
      findings: (await takingIn.findings(signed)).map(shown)
    }
  }

  return {
    // biome-ignore lint/correctness/useYield: a submission has an end and no parts.
    async *handler(ask, from) {
      return take(ask, from)
    },

    async pending({ datanet, after = 0 }) {
      const waiting = hosted(datanet).id.toString()
      const items = datanetStore.contributions(waiting, 'pending', { after, most: PAGE })
      return Promise.all(items.map(described))
    }
  }
}
