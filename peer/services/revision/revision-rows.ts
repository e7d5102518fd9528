import { parseCid } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { contentToJson } from '../../../protocol/datanet/content-json.ts'
import {
  type SignedContribution,
  verifyContribution
} from '../../../protocol/datanet/contribution.ts'

/** A contribution with what its host said of it when it took it in. */
export interface RegisteredContribution extends SignedContribution {
  /** Its number among all that the Datanet ever took in; later ones have greater numbers. */
  readonly order: number
  /** CID text of the first contribution that it is a near-duplicate of; absent where there is none. */
  readonly cluster?: string
  /** Base64 of a quantised embedding; nothing writes one yet. */
  readonly embedding?: string
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * One line of the rows' file: readable columns first, so that people can use it, the signed record
 * last, to check it. specs/04-datanet.md §Revision directory
 */
export function contributionRow(item: RegisteredContribution): Uint8Array {
  const c = item.contribution
  return line({
    id: item.cid.toString(),
    schema: c.schema,
    ...contentToJson(c),
    language: c.language,
    licence: c.licence,
    ...(c.author === undefined ? {} : { author: c.author }),
    ...(c.sourceUrl === undefined ? {} : { sourceUrl: c.sourceUrl }),
    ...(c.tags === undefined ? {} : { tags: c.tags }),
    contributor: c.contributor,
    origin: c.origin,
    createdAtMs: c.createdAtMs,
    order: item.order,
    ...(item.cluster === undefined ? {} : { cluster: item.cluster }),
    ...(item.embedding === undefined ? {} : { embedding: item.embedding }),
    signed: Buffer.from(item.bytes).toString('base64')
  })
}

/**
 * The contribution in one row, with what its host said of it. Refuses a row whose other columns differ
 * from its signed record, one that was taken from a message (REVISION_INVALID), and everything verifyContribution refuses.
 */
export function parseRow(bytes: Uint8Array): RegisteredContribution {
  const columns = parseLine(bytes)
  const signed = verifyContribution(signedIn(columns))
  const { order, cluster, embedding } = columns
  if (signed.contribution.origin === 'message') refuse(signed, 'the text of a message')
  if (!Number.isSafeInteger(order) || (order as number) < 1) refuse(signed, 'no order')
  if (cluster !== undefined && !isCid(cluster)) refuse(signed, 'a cluster that is no contribution')
  if (embedding !== undefined && !isBase64(embedding)) refuse(signed, 'an embedding of no bytes')
  const item: RegisteredContribution = {
    ...signed,
    order: order as number,
    ...(cluster === undefined ? {} : { cluster: cluster as string }),
    ...(embedding === undefined ? {} : { embedding: embedding as string })
  }
  if (Buffer.compare(contributionRow(item), bytes) !== 0) refuse(signed, 'columns differ')
  return item
}

/** Looks at the orders of rows one after another; keeps nothing of them but that. */
export interface OrderCheck {
  /** Refuses a row whose order another one has (REVISION_INVALID). */
  add(row: Pick<RegisteredContribution, 'cid' | 'order' | 'cluster'>): void
  /** Refuses a cluster whose first contribution was taken in after its copy (REVISION_INVALID). */
  end(): void
}

/** A check of one revision's rows. */
export function createOrderCheck(): OrderCheck {
  const orders = new Map<string, number>()
  const seen = new Set<number>()
  const copies: Pick<RegisteredContribution, 'cid' | 'order' | 'cluster'>[] = []
  return {
    add({ cid, order, cluster }) {
      if (seen.has(order)) refuse({ cid }, 'two rows have one order')
      seen.add(order)
      orders.set(cid.toString(), order)
      if (cluster !== undefined) copies.push({ cid, order, cluster })
    },
    end() {
      for (const { cid, order, cluster } of copies) {
        const first = cluster === undefined ? undefined : orders.get(cluster)
        if (first !== undefined && first >= order) {
          refuse({ cid }, 'a cluster begins after its copy')
        }
      }
    }
  }
}

/** The columns of one line. Refuses what is not one (REVISION_INVALID). */
export function parseLine(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>
  } catch (cause) {
    throw new DatanetError('REVISION_INVALID', { reason: 'a row is not JSON' }, { cause })
  }
  throw new DatanetError('REVISION_INVALID', { reason: 'a row is no set of columns' })
}

/** The signed record in a row's columns. Refuses a row without one (REVISION_INVALID). */
export function signedIn(columns: Readonly<Record<string, unknown>>): Uint8Array {
  if (typeof columns.signed !== 'string') {
    throw new DatanetError('REVISION_INVALID', { reason: 'a row has no signed record' })
  }
  return Uint8Array.from(Buffer.from(columns.signed, 'base64'))
}

function refuse({ cid }: Pick<SignedContribution, 'cid'>, reason: string): never {
  throw new DatanetError('REVISION_INVALID', { cid: `${cid}`, reason })
}

function isCid(text: unknown): boolean {
  try {
    return typeof text === 'string' && parseCid(text).toString() === text
  } catch {
    return false
  }
}

function isBase64(text: unknown): boolean {
  return typeof text === 'string' && text !== '' && BASE64.test(text)
}

function line(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`)
}
