import { contentToJson } from '../../../protocol/datanet/content-json.ts'
import { verifyContribution } from '../../../protocol/datanet/contribution.ts'
import { passageOf } from '../../../protocol/datanet/passage.ts'
import { openSubmission } from '../../../protocol/datanet/submission-receipt.ts'
import type { OwnContribution, OwnContributionDetails } from '../../api/submissions-api.ts'
import type { OwnSubmission } from '../../store/own-submissions.ts'

/** A submission in a list: of one that was withdrawn, that it was. */
export function describeOwn({ bytes, receipt, ...item }: OwnSubmission): OwnContribution {
  if (bytes.byteLength === 0) return { ...item, schema: '', title: '' }
  const { contribution } = verifyContribution(bytes)
  return { ...item, schema: contribution.schema, title: passageOf(contribution).title }
}

/** A submission with all that it holds, and the host whose receipt it has, verified. */
export async function detailsOfOwn(item: OwnSubmission): Promise<OwnContributionDetails> {
  const { host } = await openSubmission(item.receipt)
  const word = { host, receipt: Buffer.from(item.receipt).toString('base64') }
  const own = describeOwn(item)
  if (item.bytes.byteLength === 0) {
    return { ...own, ...word, content: {}, language: '', licence: '', origin: '', signed: '' }
  }
  const { contribution } = verifyContribution(item.bytes)
  return {
    ...own,
    ...word,
    content: contentToJson(contribution),
    language: contribution.language,
    licence: contribution.licence,
    origin: contribution.origin,
    signed: Buffer.from(item.bytes).toString('base64')
  }
}
