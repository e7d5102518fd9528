import { verifyContribution } from '../../protocol/datanet/contribution.ts'
import { verifyInclusion } from '../../protocol/datanet/inclusion.ts'
import { passageOf } from '../../protocol/datanet/passage.ts'
import { refusal } from './problem.ts'

/** What was shown of a contribution, by nothing but a proof and the contribution itself. */
export interface InclusionCheck {
  readonly contribution: string
  readonly contributor: string
  readonly title: string
  readonly datanet: string
  readonly ordinal: number
  readonly row: number
  readonly rows: number
  /** The digest that the chain must anchor at that ordinal: 0x text. */
  readonly anchor: string
  /** Whether it is the digest that was given. */
  readonly isAnchorGiven: boolean
}

/**
 * Checks a proof offline: the signature of the contribution, its place in the revision, and that the
 * revision is the one with the digest `anchor`, where that is given. Refuses whatever does not hold
 * (SIGNATURE_INVALID, CID_MISMATCH, REVISION_INVALID, RECORD_MALFORMED).
 */
export function checkInclusion(given: {
  /** Base64 both. */
  readonly proof: string
  readonly signed: string
  /** The anchored digest, 0x text: from the chain, and not from who made the proof. */
  readonly anchor?: string
}): InclusionCheck {
  const signed = verifyContribution(bytesOf(given.signed, 'base64'))
  const { anchor } = given
  if (anchor !== undefined && !/^0x[0-9a-f]{64}$/i.test(anchor)) {
    throw refusal('INPUT_INVALID', { anchor }, { hint: 'an anchor is 0x and 64 hex digits' })
  }
  const proven = verifyInclusion(
    bytesOf(given.proof, 'base64'),
    anchor === undefined ? undefined : bytesOf(anchor.slice(2), 'hex')
  )
  if (!proven.contribution.equals(signed.cid)) {
    throw refusal('CID_MISMATCH', {}, { hint: 'the proof is of another contribution' })
  }
  if (!proven.revision.datanet.equals(signed.contribution.datanet)) {
    throw refusal('REVISION_INVALID', {}, { hint: 'the revision is of another Datanet' })
  }
  return {
    contribution: signed.cid.toString(),
    contributor: signed.contribution.contributor,
    title: passageOf(signed.contribution).title,
    datanet: proven.revision.datanet.toString(),
    ordinal: proven.revision.ordinal,
    row: proven.row,
    rows: proven.revision.rows,
    anchor: `0x${Buffer.from(proven.anchor).toString('hex')}`,
    isAnchorGiven: anchor !== undefined
  }
}

function bytesOf(text: string, encoding: 'base64' | 'hex'): Uint8Array {
  return Uint8Array.from(Buffer.from(text, encoding))
}
