import type { CID } from 'multiformats/cid'
import type { Contribution } from '../../../protocol/datanet/contribution.ts'

/** Where contributed files lie, each under its CID. specs/04-datanet.md §Files */
export const FILES_PATH = 'files'

/** A contributed file as a revision's directory has it. */
export interface LinkedFile {
  readonly cid: CID
  readonly bytes: number
  readonly mime: string
}

/** The file that a revision links for a contribution: what came from a message stays outside. */
export function linkedFile(contribution: Contribution): LinkedFile | undefined {
  if (contribution.schema !== 'file/1' || contribution.origin === 'message') return undefined
  const { file, bytes, mime } = contribution.content
  return { cid: file, bytes, mime }
}
