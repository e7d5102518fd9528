import { z } from 'zod'
import { digestOf } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { decodeRecord, encodeRecord, field } from '../base/schema.ts'
import { type AccountSigner, type TypedDomain, verifyTypedData } from '../base/typed-data.ts'
import { FILL } from './bounty-lock.ts'

/** The wire form of a curator's word that a contribution fills a bounty. specs/04-datanet.md §Fill */
export const fillSchema = z.strictObject({
  version: z.literal(1),
  datanet: field.cid,
  bounty: field.cid,
  contribution: field.cid,
  /** Who is paid. */
  account: field.address,
  curator: field.address,
  /** Over Fill, in the domain of the contract that holds the money. */
  signature: field.bytes(64)
})

export type Fill = z.output<typeof fillSchema>

/** A fill with the bytes that are stored and forwarded. */
export interface SignedFill {
  readonly fill: Fill
  readonly bytes: Uint8Array
}

/** Where the money of a bounty lies: the contract's domain, and its lock there. */
export interface FillPlace {
  readonly domain: TypedDomain
  readonly lock: string
}

/** The fill in `bytes` as it is stated; nothing of it is verified (RECORD_MALFORMED if it is none). */
export function statedFill(bytes: Uint8Array): Fill {
  return decodeRecord(fillSchema, bytes)
}

/** `fill` signed by `signer` as its curator. Refuses a payment to that account itself (BOUNTY_REFUSED). */
export async function signFill(
  fill: Omit<Fill, 'version' | 'curator' | 'signature'>,
  signer: AccountSigner,
  { domain, lock }: FillPlace
): Promise<SignedFill> {
  refuseOwn(fill.account, signer.address)
  const signature = await signer.signTypedData(domain, FILL, fillValue(fill, lock))
  const signed: Fill = { ...fill, version: 1, curator: signer.address, signature }
  return { fill: signed, bytes: encodeRecord(fillSchema, signed) }
}

/**
 * The fill in `bytes`. Refuses a malformed one, a signature that is not its curator's for this lock
 * (SIGNATURE_INVALID), and one that pays its own curator (BOUNTY_REFUSED). Whether the curator is one in
 * force is for the registry.
 */
export function verifyFill(bytes: Uint8Array, { domain, lock }: FillPlace): SignedFill {
  const fill = statedFill(bytes)
  verifyTypedData(domain, FILL, fillValue(fill, lock), fill.signature, fill.curator)
  refuseOwn(fill.account, fill.curator)
  return { fill, bytes }
}

/** What is signed: 32-byte words as 0x text. */
function fillValue(
  { contribution, account }: Pick<Fill, 'contribution' | 'account'>,
  lock: string
): Record<string, unknown> {
  return { lock, contribution: digestOf(contribution), account }
}

function refuseOwn(account: string, curator: string): void {
  if (account !== curator) return
  const reason = 'nobody approves a payment to themselves'
  throw new DatanetError('BOUNTY_REFUSED', { reason, curator }, { hint: reason })
}
