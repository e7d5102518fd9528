import { randomBytes } from 'node:crypto'
import { DatanetError } from '../../protocol/base/errors.ts'
import { fromWire, toWire } from '../../protocol/base/schema.ts'
import { contentFromJson } from '../../protocol/datanet/content-json.ts'
import {
  type Contribution,
  consentDigest,
  signContribution
} from '../../protocol/datanet/contribution.ts'
import { contributeAskSchema, contributeEndSchema } from '../../protocol/net/contribute.ts'
import { PROTOCOLS } from '../../protocol/net/ids.ts'
import type { ContributionDraft, Submission } from '../api/datanets-api.ts'
import type { CallOptions } from '../api/peer-api.ts'
import type { Datanets } from './datanets.ts'
import type { Parts } from './parts.ts'

/** Handing in: what an account of this peer gives to a Datanet. */
export interface Contributing {
  contribute(draft: ContributionDraft, options?: CallOptions): Promise<Submission>
}

/** Contributions of the accounts kept here. specs/04-datanet.md §Submission */
export function createContributing(
  parts: Pick<Parts, 'accountStore' | 'wallet' | 'pool' | 'now'>,
  datanets: Datanets
): Contributing {
  const { accountStore, wallet, pool, now } = parts

  return {
    async contribute(draft, options = {}) {
      const datanet = datanets.known(draft.datanet)
      const account = wallet.account(draft.account)
      const { author, sourceUrl, tags, interaction } = draft
      const atMs = now()
      const contribution = {
        version: 1 as const,
        datanet: datanet.id,
        ...contentFromJson(draft.schema, draft.content),
        language: draft.language,
        licence: draft.licence,
        ...(author === undefined ? {} : { author }),
        ...(sourceUrl === undefined ? {} : { sourceUrl }),
        ...(tags === undefined || tags.length === 0 ? {} : { tags: [...tags] }),
        origin: draft.origin ?? ('direct' as const),
        contributor: account.address,
        consent: {
          digest: consentDigest(datanet.signed.manifest),
          atMs,
          ...(interaction === undefined ? {} : { interaction })
        },
        salt: new Uint8Array(randomBytes(16)),
        createdAtMs: atMs
      } satisfies Contribution
      const signed = await signContribution(contribution, account.signer)
      const host = datanet.signed.manifest.intakeHost
      const ask = toWire(contributeAskSchema, { datanet: datanet.id, contribution: signed.bytes })
      const end = fromWire(
        contributeEndSchema,
        await pool.request(host, PROTOCOLS.contribute, ask, options)
      )
      if (!end.contribution.equals(signed.cid)) {
        throw new DatanetError('CID_MISMATCH', { cid: `${signed.cid}` })
      }
      const id = signed.cid.toString()
      const { status } = end
      accountStore.putSubmission({
        contribution: id,
        datanet: draft.datanet,
        account: account.address,
        status
      })
      return { contribution: id, status }
    }
  }
}
