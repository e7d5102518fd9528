import type { KnownDatanet } from '../../../../peer/services/datanet/known-datanets.ts'
import type { Parts } from '../../../../peer/services/parts.ts'
import { createReviewDesk } from '../../../../peer/services/review/review-desk.ts'
import { createReviewing } from '../../../../peer/services/review/reviewing.ts'
import { createAccountStore } from '../../../../peer/store/accounts.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { createDatanetStore } from '../../../../peer/store/datanets.ts'
import { openWallet } from '../../../../peer/wallet/wallet.ts'
import { sha256 } from '../../../../protocol/base/codec.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { fromWire } from '../../../../protocol/base/schema.ts'
import { keySigner } from '../../../../protocol/base/typed-data.ts'
import { signContribution } from '../../../../protocol/datanet/contribution.ts'
import { HAND_OVER, sealHandOver } from '../../../../protocol/datanet/hand-over.ts'
import {
  type Manifest,
  RECORDS_DOMAIN,
  signManifest
} from '../../../../protocol/datanet/manifest.ts'
import { appealAskSchema } from '../../../../protocol/net/appeal.ts'
import type { ExchangeHandler } from '../../../../protocol/net/exchange.ts'
import { contribution, manifest } from '../../../protocol/datanet/people.ts'

const keyOf = (n: number) => Uint8Array.from(Buffer.alloc(32, n))

/** The account with number `n`. */
export const someone = (n: number) => keySigner(keyOf(n))

/** The curators of a room, by number: enough for an appeal. */
export const JUDGES = [1, 2, 3, 4, 6].sort((a, b) =>
  someone(a).address < someone(b).address ? -1 : 1
)

/** An intake host without a network: its store, its desk, and the peer that its curators and contributors use. */
export async function reviewRoom(change: Partial<Manifest> = {}, path = ':memory:') {
  const clock = { nowMs: 1_000_000 }
  const curators = JUDGES.map((n) => someone(n).address)
  const signed = await signManifest(
    manifest({ curators, ...change }),
    JUDGES.map((n) => someone(n))
  )
  const datanet = { id: signed.cid, signed, hosted: true } as unknown as KnownDatanet
  const db = openDatabase(path)
  const wallet = await openWallet(db)
  for (const n of [...JUDGES, 5, 7, 8, 9, 10]) {
    if (wallet.find(someone(n).address) === undefined) wallet.add(`person ${n}`, keyOf(n))
  }
  const logged: unknown[] = []
  const parts = {
    ...{ wallet, accountStore: createAccountStore(db), datanetStore: createDatanetStore(db) },
    ...{ now: () => clock.nowMs, log: (...words: unknown[]) => logged.push(words) }
  } as unknown as Parts
  const datanets = {
    known(id: string) {
      if (id !== signed.cid.toString()) throw new DatanetError('DATANET_UNKNOWN', { id })
      return datanet
    }
  }
  const desk = createReviewDesk(parts, datanets)
  const id = signed.cid.toString()
  let salt = 0

  /** A curator's and contributor's side, at a host that answers by `handler`. */
  const reviewingAt = (handler: ExchangeHandler) =>
    createReviewing(parts, datanets, { handler }, async (known, value) => ({
      status: await desk.appeal(known, fromWire(appealAskSchema, value).appeal)
    }))
  const api = reviewingAt(desk.handler)
  const by = (n: number) => ({ datanet: id, account: someone(n).address })

  return {
    ...{ api, by, clock, datanet, db, desk, id, logged, parts, reviewingAt },
    store: parts.datanetStore,
    /** Hands in, as person `n`; the CID. */
    async handIn(n: number, author = 'A. Uthor'): Promise<string> {
      salt += 1
      const text = `The bow is the front of boat ${salt}.`
      const one = await signContribution(
        contribution({
          ...{ datanet: signed.cid, contributor: someone(n).address, author },
          ...{ content: { title: `bow ${salt}`, text } },
          salt: new Uint8Array(16).fill(salt)
        } as never),
        someone(n)
      )
      const cid = one.cid.toString()
      parts.datanetStore.addContribution({
        ...{ cid, datanet: id, contributor: someone(n).address, bytes: one.bytes },
        ...{ textDigest: sha256(new TextEncoder().encode(text)), takenAtMs: clock.nowMs }
      })
      return cid
    },
    /** What `n` is given, by CID. */
    async next(n: number, most = 1): Promise<string[]> {
      return (await api.reviewNext({ ...by(n), most })).map(({ contribution: cid }) => cid)
    },
    say: (
      n: number,
      cid: string,
      verdict: 'approve' | 'reject' | 'unsure' | 'flag' | 'clear',
      code?: string
    ) => {
      clock.nowMs += 1
      const given =
        verdict === 'flag' ? { code: code ?? 'spam' } : code === undefined ? {} : { code }
      return api.review({ ...by(n), contribution: cid, verdict, ...given })
    },
    appeal: (n: number, cid: string) =>
      api.appeal({ ...by(n), contribution: cid, text: 'Look again.' }),
    /** Hands the account of `n` over to that of `m`, as a host takes it in. */
    async handOver(n: number, m: number, seq = clock.nowMs) {
      const handOver = {
        ...{ version: 1 as const, oldAccount: someone(n).address },
        ...{ newAccount: someone(m).address, seq }
      }
      const sign = (k: number) => someone(k).signTypedData(RECORDS_DOMAIN, HAND_OVER, handOver)
      const sealed = sealHandOver(handOver, {
        oldSignature: await sign(n),
        newSignature: await sign(m)
      })
      const { oldAccount, newAccount } = handOver
      const { bytes } = sealed
      const cid = sealed.cid.toString()
      parts.datanetStore.addHandOver({ cid, datanet: id, oldAccount, newAccount, bytes })
      desk.handedOver(datanet, newAccount)
    },
    statusOf: (cid: string) => parts.datanetStore.contribution(cid)?.status
  }
}
