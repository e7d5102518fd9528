import type { CID } from 'multiformats/cid'
import { DatanetError } from '../../../protocol/base/errors.ts'
import type { Contribution } from '../../../protocol/datanet/contribution.ts'
import type { Content } from '../../content/content.ts'
import { mayBe, mediaTypeOf } from '../../intake/media.ts'

/**
 * Brings the file of a contribution here from the peer that hands it in, and returns its root;
 * undefined for what is no file. Refuses one of another size, of a media type that its bytes
 * contradict (FILE_REFUSED), and one that does not come (CONTENT_UNAVAILABLE); nothing of it stays.
 */
export async function takeFile(
  store: Pick<Content, 'fetchFile'>,
  contribution: Contribution,
  { peer, signal }: { readonly peer: string; readonly signal: AbortSignal }
): Promise<CID | undefined> {
  if (contribution.schema !== 'file/1') return undefined
  const { file, bytes: size, mime, name } = contribution.content
  const { bytes, forget } = await store
    .fetchFile(file, [peer], { maxBytes: size, signal })
    .catch((cause) => {
      throw refused(cause, { file: `${file}`, size })
    })
  const wrong =
    bytes.byteLength !== size
      ? `it has ${bytes.byteLength} bytes, not ${size}`
      : mayBe(bytes, mime)
        ? undefined
        : `by its bytes it is ${mediaTypeOf(bytes, name)}, not ${mime}`
  if (wrong === undefined) return file
  forget()
  throw new DatanetError('FILE_REFUSED', { file: `${file}`, mime, bytes: size }, { hint: wrong })
}

/** More bytes than were said are a wrong size; that a peer gives none is said as it is. */
function refused(cause: unknown, details: Record<string, unknown>): unknown {
  if (!(cause instanceof DatanetError) || cause.code !== 'RECORD_TOO_LARGE') return cause
  return new DatanetError('FILE_REFUSED', details, { cause, hint: 'it is larger than it says' })
}
