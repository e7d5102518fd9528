import type { DatanetSummary } from '../../api/datanets-api.ts'
import type { ModelSummary } from '../../api/models-api.ts'
import type { ReceiptSummary } from '../../api/money-api.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import { means, theOne } from './named.ts'

/**
 * The Datanet that `named` means: an id, the ends of one, or a name; without it, the only one known.
 * Refuses what names none (DATANET_UNKNOWN) or several (INPUT_INVALID).
 */
export async function datanetOf(api: PeerApi, named?: string): Promise<DatanetSummary> {
  const all = await api.datanets.list()
  const found = named === undefined ? all : all.filter((one) => means(named, one.id, one.name))
  return theOne(found, 'DATANET_UNKNOWN', named, 'Datanet', 'find it first: datanet search <topic>')
}

/** The address of the account that `named` means: an address or a label; by default the peer's own. */
export async function accountOf(api: PeerApi, named?: string): Promise<string> {
  if (named === undefined) return (await api.status()).account
  if (/^0x[0-9a-fA-F]{40}$/.test(named)) return named.toLowerCase()
  const found = (await api.accounts.list()).filter((a) => means(named, a.address, a.label))
  const hint = 'the peer keeps no such account: datanet account create <label>'
  return theOne(found, 'INPUT_INVALID', named, 'account', hint).address
}

/** The address of the account called `label`, made the first time. */
export async function ownAccount(api: PeerApi, label: string): Promise<string> {
  const known = (await api.accounts.list()).find((account) => account.label === label)
  return (known ?? (await api.accounts.create(label))).address
}

/** The model among `models` that `named` means; of one name the newest. By default the newest. */
export function modelOf(
  models: readonly ModelSummary[],
  named?: string,
  hint = 'find it first: datanet search <topic>'
): ModelSummary {
  const newest = models.toSorted((a, b) => b.publishedAtMs - a.publishedAtMs)
  const found = newest.filter((one) => named === undefined || means(named, one.model, one.name))
  if (found[0] !== undefined) return found[0]
  throw refusal('MODEL_UNKNOWN', named === undefined ? {} : { model: named }, { hint })
}

/** The id of the receipt that `named` means: an id or the ends of one; by default the newest. */
export async function receiptOf(api: PeerApi, named?: string): Promise<string> {
  if (named !== undefined && /^[0-9a-f]{32}$/.test(named)) return named
  const all = (await api.receipts.list()).toSorted((a, b) => b.finishedAtMs - a.finishedAtMs)
  if (named === undefined && all[0] !== undefined) return all[0].callId
  // They are drawn at random: a short beginning is unique, or it is said that it is not.
  const wanted = (named ?? '').toLowerCase()
  const found = all.filter(
    ({ callId }: ReceiptSummary) =>
      means(wanted, callId) || (wanted !== '' && callId.startsWith(wanted))
  )
  return theOne(found, 'RECEIPT_UNKNOWN', named, 'receipt', 'see them all: datanet receipt list')
    .callId
}
