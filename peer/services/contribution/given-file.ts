import { DatanetError } from '../../../protocol/base/errors.ts'
import type { JsonContent } from '../../../protocol/datanet/content-json.ts'
import type { ContributionDraft } from '../../api/datanets-api.ts'
import type { Content } from '../../content/content.ts'
import { mayBe, mediaTypeOf } from '../../intake/media.ts'

/**
 * The content of a draft; of a file that is given as `data` (base64), its root, size and media type,
 * once it lies in this peer's store for the host to fetch. Refuses no data, and a media type that the
 * bytes contradict (FILE_REFUSED).
 */
export async function withFile(
  store: Pick<Content, 'addFile'>,
  { schema, content }: Pick<ContributionDraft, 'schema' | 'content'>
): Promise<JsonContent> {
  if (schema !== 'file/1' || content.data === undefined) return content
  const { data, mime: said, ...rest } = content
  const bytes = Uint8Array.from(Buffer.from(`${data}`, 'base64'))
  const name = `${content.name ?? ''}`
  if (bytes.byteLength === 0) {
    throw new DatanetError('FILE_REFUSED', { name }, { hint: 'it is empty' })
  }
  const mime = said === undefined ? mediaTypeOf(bytes, name) : `${said}`
  if (!mayBe(bytes, mime)) {
    const hint = `by its bytes it is ${mediaTypeOf(bytes, name)}, not ${mime}`
    throw new DatanetError('FILE_REFUSED', { name, mime }, { hint })
  }
  const file = (await store.addFile(bytes)).toString()
  return { ...rest, file, mime, bytes: bytes.byteLength }
}
