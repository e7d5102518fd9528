import { contentToJson } from '../../../protocol/datanet/content-json.ts'
import {
  type SignedContribution,
  verifyContribution
} from '../../../protocol/datanet/contribution.ts'
import { passageOf } from '../../../protocol/datanet/passage.ts'
import { openSubmission } from '../../../protocol/datanet/submission-receipt.ts'
import type { OwnContribution, OwnContributionDetails } from '../../api/submissions-api.ts'
import type { OutboxItem } from '../../store/outbox.ts'
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
  return { ...own, ...word, ...saidBy(verifyContribution(item.bytes)) }
}

/** What no host has taken yet, in a list: without a number. */
export function describeQueued(item: OutboxItem): OwnContribution {
  const { contribution } = verifyContribution(item.bytes)
  return {
    ...{ contribution: item.contribution, datanet: item.datanet, account: item.account },
    status: item.isRefused ? 'refused' : 'queued',
    ...{ order: 0, takenAtMs: 0, schema: contribution.schema },
    title: passageOf(contribution).title,
    ...(item.code === undefined ? {} : { code: item.code })
  }
}

/** The same with all that it holds; there is no receipt yet. */
export function detailsOfQueued(item: OutboxItem): OwnContributionDetails {
  const signed = verifyContribution(item.bytes)
  return { ...describeQueued(item), host: '', receipt: '', ...saidBy(signed) }
}

function saidBy({ contribution, bytes }: SignedContribution) {
  return {
    content: contentToJson(contribution),
    language: contribution.language,
    licence: contribution.licence,
    origin: contribution.origin,
    signed: Buffer.from(bytes).toString('base64')
  }
}
