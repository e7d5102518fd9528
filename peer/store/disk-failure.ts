import { DatanetError, isDatanetError } from '../../protocol/base/errors.ts'

/** What the system says of a disk that takes nothing, in words. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'it must not be written',
  EDQUOT: 'the quota of its disk is used up',
  EIO: 'its disk failed',
  ENOSPC: 'no space is left on its disk',
  EPERM: 'it must not be written',
  EROFS: 'its disk is read-only'
}

/** `error` as STORE_FAILED that names `dataDir` where the system refused to keep something; else itself. */
export function toDiskFailure(error: unknown, dataDir: string): unknown {
  if (isDatanetError(error) || !(error instanceof Error) || !('code' in error)) return error
  const reason = REASONS[String(error.code)]
  if (reason === undefined) return error
  const hint = `${dataDir}: ${reason}`
  return new DatanetError('STORE_FAILED', { dataDir, reason }, { cause: error, hint })
}
