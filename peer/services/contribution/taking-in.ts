import type { CID } from 'multiformats/cid'
import { parseCid, sha256 } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import {
  admitContribution,
  type Contribution,
  type SignedContribution,
  verifyContribution
} from '../../../protocol/datanet/contribution.ts'
import type { Manifest } from '../../../protocol/datanet/manifest.ts'
import { comparedWords } from '../../../protocol/datanet/passage.ts'
import { sealSubmission } from '../../../protocol/datanet/submission-receipt.ts'
import type { ContributionStatus } from '../../api/datanets-api.ts'
import { examine, type Finding, inWords } from '../../intake/examine.ts'
import { loadRecogniser } from '../../intake/language.ts'
import type { NearDuplicates } from '../../intake/near-duplicates.ts'
import { bodyOf } from '../../intake/said-in.ts'
import type { StoredContribution } from '../../store/contributions.ts'
import type { OnUndo } from '../../store/group-commit.ts'
import type { Parts } from '../parts.ts'
import { takeFile } from './taken-file.ts'

/** Where a contribution stands once it was taken in, and the host's sealed word for it. */
export interface TakenIn {
  readonly status: ContributionStatus
  readonly receipt: Uint8Array
}

/** What a host does with what is handed in, and what it tells its curators of it. */
export interface TakingIn {
  /**
   * Takes signed bytes in, or says where they stand when they were taken before. Refuses what
   * verifyContribution and admitContribution refuse, an account over its bounds (INTAKE_LIMIT), the
   * words of another contribution (CONTRIBUTION_DUPLICATE), noise (SPAM_REFUSED), what is surely in a
   * language that is not taken (LANGUAGE_REFUSED), and a file that the peer who hands it in does not
   * give or that is not what it is said to be (CONTENT_UNAVAILABLE, FILE_REFUSED).
   */
  take(
    datanet: CID,
    manifest: Manifest,
    bytes: Uint8Array,
    from: { readonly peer: string; readonly signal: AbortSignal }
  ): Promise<TakenIn & { cid: CID }>
  /** What a curator should know about a contribution: to be judged, not refused. */
  findings(signed: SignedContribution): Promise<readonly Finding[]>
}

const DAY_MS = 86_400_000

/** The intake of Datanets hosted here. specs/04-datanet.md §Submission */
export function createTakingIn(
  parts: Pick<Parts, 'content' | 'datanetStore' | 'wallet' | 'now'>,
  near: NearDuplicates,
  /** Told of what was handed in for a bounty. */
  answered: (bounty: string, contribution: string) => void = () => {}
): TakingIn {
  const { content, datanetStore, wallet, now } = parts
  const findingsOf = async (
    { contribution }: SignedContribution,
    languages?: readonly string[]
  ) => {
    const { language } = contribution
    const expected = { language, ...(languages === undefined ? {} : { languages }) }
    return examine(contribution, expected, await loadRecogniser())
  }

  function refuseOver(datanet: string, { intake }: Manifest, account: string): void {
    const { pendingPerAccount, perDayPerAccount } = intake
    const { pending, since, firstAtMs } = datanetStore.loadOf(datanet, account, now() - DAY_MS)
    if (pending >= pendingPerAccount) {
      const hint = `${pending} of ${account} wait for review, and no more may; try again once some are decided about`
      throw new DatanetError('INTAKE_LIMIT', { pending, most: pendingPerAccount }, { hint })
    }
    if (since >= perDayPerAccount) {
      const againAtMs = firstAtMs + DAY_MS
      const hint = `${since} within 24 hours are as many as one account may hand in; the next at ${new Date(againAtMs).toISOString()}`
      throw new DatanetError('INTAKE_LIMIT', { since, most: perDayPerAccount, againAtMs }, { hint })
    }
  }

  /** One contribution has one receipt: the same words under the same key give the same bytes. */
  function receiptOf(datanet: CID, cid: CID, item: StoredContribution): Promise<Uint8Array> {
    return sealSubmission(
      {
        version: 1,
        datanet,
        contribution: cid,
        order: item.order,
        ...(item.cluster === undefined ? {} : { cluster: parseCid(item.cluster) }),
        takenAtMs: item.takenAtMs
      },
      wallet.peerKey
    )
  }

  /** Registers it, unless its words are here. Nothing in it waits: what was looked up is still so. */
  function register(
    { cid, contribution, bytes }: SignedContribution,
    manifest: Manifest,
    onUndo: OnUndo
  ): void {
    const { contributor } = contribution
    const [id, datanet] = [cid.toString(), contribution.datanet.toString()]
    const textDigest = sha256(new TextEncoder().encode(comparedWords(contribution)))
    const known = datanetStore.sameText(datanet, textDigest)
    // The same bytes came twice at once: the first of them registered it.
    if (known === id) return
    if (known !== undefined) throw new DatanetError('CONTRIBUTION_DUPLICATE', { cid: id, known })
    refuseOver(datanet, manifest, contributor)
    const likeness = near.find(datanet, comparableOf(contribution))
    const { cluster } = likeness
    const order = datanetStore.addContribution({
      ...{ cid: id, datanet, contributor, textDigest, bytes, takenAtMs: now() },
      ...(cluster === undefined ? {} : { cluster })
    })
    if (order === undefined) return
    // Of a message: in no revision, and so nobody's original.
    if (contribution.origin === 'message') datanetStore.keepUnpublished(id)
    else onUndo(near.add(datanet, id, order, likeness))
    if (contribution.bounty !== undefined) answered(contribution.bounty.toString(), id)
  }

  return {
    async take(datanet, manifest, bytes, { peer, signal }) {
      const signed = verifyContribution(bytes)
      const cid = signed.cid.toString()
      const id = datanet.toString()
      if (datanetStore.contribution(cid) === undefined) {
        admitContribution(signed.contribution, datanet, manifest, now())
        refuseFound(cid, await findingsOf(signed, manifest.languages))
        refuseOver(id, manifest, signed.contribution.contributor)
        const file = await takeFile(content, signed.contribution, { peer, signal })
        // Nothing is promised that a power cut could take back: it is on the disk then.
        await datanetStore.together((onUndo) => register(signed, manifest, onUndo))
        if (file !== undefined) await content.ownFile(cid, file, id)
      }
      const item = datanetStore.contribution(cid)
      if (item === undefined || item.datanet !== id) {
        throw new DatanetError('CONTRIBUTION_INVALID', { cid, reason: 'it names another Datanet' })
      }
      const receipt = await receiptOf(datanet, signed.cid, item)
      return { cid: signed.cid, status: item.status, receipt }
    },

    findings: (signed) => findingsOf(signed)
  }
}

/** What near-duplicates are told by; nothing of a judgement, which several people may share. */
function comparableOf(contribution: Contribution): string {
  const { schema } = contribution
  return schema === 'label/1' || schema === 'preference/1' ? '' : bodyOf(contribution)
}

function refuseFound(cid: string, findings: readonly Finding[]): void {
  const refused = findings.find(({ isRefused }) => isRefused)
  if (refused === undefined) return
  const { code, kind } = refused
  throw new DatanetError(code, { cid, kind }, { hint: inWords(refused) })
}
