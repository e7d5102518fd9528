import { DatanetError } from '../../../protocol/base/errors.ts'
import type { Content } from '../../../protocol/datanet/content.ts'
import { verifyContribution } from '../../../protocol/datanet/contribution.ts'
import type { RowsApi } from '../../api/rows-api.ts'
import type { OwnSubmissionStore } from '../../store/own-submissions.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { Parts } from '../parts.ts'
import type { Revisions } from '../revision/revisions.ts'

/**
 * The files of contributions: of those that wait here for their curators, of one's own, of those that
 * a curator here was given, and of those that the newest revision kept here holds. specs/04-datanet.md §file/1
 */
export function createFileReading(
  parts: Pick<Parts, 'content' | 'datanetStore' | 'peerId'>,
  datanets: Datanets,
  ownStore: OwnSubmissionStore,
  /** What a curator here was shown of it. */
  seen: (contribution: string) => Content | undefined,
  made: () => Pick<Revisions, 'read'>
): Pick<RowsApi, 'file'> {
  const { content, datanetStore, peerId } = parts

  /** The record, from wherever it is known here. */
  async function recordOf(datanet: string, contribution: string): Promise<Content> {
    const hosted = datanetStore.contribution(contribution)
    if (hosted?.status === 'withdrawn') throw withdrawn(contribution)
    const known = hosted?.bytes ?? ownStore.get(contribution)?.bytes
    if (known !== undefined && known.byteLength > 0) return verifyContribution(known).contribution
    const blind = seen(contribution)
    if (blind !== undefined) return blind
    const { contributions, withdrawn: gone } = await made().read(datanet)
    if (gone.includes(contribution)) throw withdrawn(contribution)
    const row = contributions.find(({ cid }) => cid.toString() === contribution)
    if (row === undefined) throw new DatanetError('CONTRIBUTION_UNKNOWN', { contribution })
    return row.contribution
  }

  return {
    async file({ datanet: id, contribution }, options = {}) {
      const { signed } = datanets.known(id)
      const record = await recordOf(id, contribution)
      if (record.schema !== 'file/1') {
        const hint = `it is ${record.schema} and holds no file`
        throw new DatanetError('CONTRIBUTION_INVALID', { contribution }, { hint })
      }
      const { file, name, mime, bytes: size } = record.content
      const { intakeHost, hosts } = signed.manifest
      const peers = [intakeHost, ...hosts].filter((host) => host !== peerId)
      const { bytes } = await content.fetchFile(file, peers, { maxBytes: size, ...options })
      // It goes here as well when it is withdrawn.
      await content.ownFile(contribution, file, id)
      return { name, mime, bytes: bytes.byteLength, data: Buffer.from(bytes).toString('base64') }
    }
  }
}

function withdrawn(contribution: string): DatanetError {
  return new DatanetError('CONTRIBUTION_WITHDRAWN', { contribution })
}
