import { readFileSync, writeFileSync } from 'node:fs'
import type { DropVote } from '../../api/money-api.ts'
import { refusal } from '../../api/problem.ts'

/** What one curator hands to the next. */
export interface VoteFile {
  readonly pool: string
  readonly dropSeq: number
  readonly root: string
  readonly approvals: readonly string[]
  /** Of a drop that is to be posted, in base64. */
  readonly document?: string
}

/** 32 signatures take 5 KiB; a document that is posted with them as much as a request may hold. */
const MAX_BYTES = 1_048_576

/** Where a vote goes when nobody says. */
export function voteFileOf({ pool, dropSeq }: DropVote, verb: string): string {
  return `${verb}-${pool.slice(2, 10)}-${dropSeq}.json`
}

/** The vote in `file`. Refuses what is none (INPUT_INVALID). */
export function readVote(file: string): VoteFile {
  try {
    const text = readFileSync(file, 'utf8')
    if (text.length > MAX_BYTES) throw new Error('too large')
    const { pool, dropSeq, root, approvals, document } = JSON.parse(text)
    const isOne =
      typeof pool === 'string' &&
      Number.isSafeInteger(dropSeq) &&
      typeof root === 'string' &&
      Array.isArray(approvals) &&
      approvals.every((one) => typeof one === 'string') &&
      (document === undefined || typeof document === 'string')
    if (!isOne) throw new Error('not a vote')
    const of = document === undefined ? {} : { document }
    return { pool, dropSeq, root, approvals, ...of }
  } catch (cause) {
    const hint = `${file} holds no signatures of curators`
    throw refusal('INPUT_INVALID', { file }, { cause, hint })
  }
}

/** Writes it; over the file that it was read from as well. */
export function writeVote(file: string, vote: DropVote): void {
  const { pool, dropSeq, root, approvals, document } = vote
  try {
    writeFileSync(
      file,
      `${JSON.stringify({ pool, dropSeq, root, approvals, document }, undefined, 2)}\n`
    )
  } catch (cause) {
    const hint = `${file} cannot be written: name another place by --out`
    throw refusal('INPUT_INVALID', { file }, { cause, hint })
  }
}
