import { z } from 'zod'
import { decodeCanonical, encodeCanonical } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { field, fromWire, toWire } from '../../../protocol/base/schema.ts'
import { proposeBundleSchema } from '../../../protocol/net/propose.ts'

const HEAD = 'datanet-proposal:'
/** A proposal and the approvals of all curators, each at most a record, as text. */
const MOST = LIMITS.recordBytes * 3

const bundleSchema = z.strictObject({ datanet: field.cid, ...proposeBundleSchema.shape })

/** A proposal with its approvals, to be carried by hand. */
export type ProposalBundle = z.output<typeof bundleSchema>

/** `bundle` as one line of text. */
export function bundleText(bundle: ProposalBundle): string {
  const bytes = encodeCanonical(toWire(bundleSchema, bundle))
  return `${HEAD}${Buffer.from(bytes).toString('base64url')}`
}

/** The bundle in `text`. Refuses what is none (INPUT_INVALID); nothing in it is verified here. */
export function readBundle(text: string): ProposalBundle {
  const words = text.trim()
  try {
    if (!words.startsWith(HEAD)) throw new Error('no head')
    const bytes = Uint8Array.from(Buffer.from(words.slice(HEAD.length), 'base64url'))
    return fromWire(bundleSchema, decodeCanonical(bytes, MOST))
  } catch (cause) {
    const hint = `a proposal's bundle begins with ${HEAD}; datanet proposal show writes one`
    throw new DatanetError('INPUT_INVALID', { param: 'bundle' }, { cause, hint })
  }
}
