import { randomBytes } from 'node:crypto'
import { parseCid } from '../../../protocol/base/codec.ts'
import { DatanetError, isDatanetError } from '../../../protocol/base/errors.ts'
import { fromWire, toWire } from '../../../protocol/base/schema.ts'
import { contentFromJson } from '../../../protocol/datanet/content-json.ts'
import {
  admitContribution,
  type Contribution,
  consentDigest,
  type SignedContribution,
  signContribution,
  verifyContribution
} from '../../../protocol/datanet/contribution.ts'
import { verifyInclusion } from '../../../protocol/datanet/inclusion.ts'
import { signSubmissionQuery } from '../../../protocol/datanet/submission-query.ts'
import { openSubmission } from '../../../protocol/datanet/submission-receipt.ts'
import { contributeAskSchema, contributeEndSchema } from '../../../protocol/net/contribute.ts'
import { inclusionAskSchema, inclusionEndSchema } from '../../../protocol/net/inclusion.ts'
import { standingAskSchema, standingEndSchema } from '../../../protocol/net/standing.ts'
import type { ContributionDraft } from '../../api/datanets-api.ts'
import type { CallOptions } from '../../api/peer-api.ts'
import type { Standing, StandingQuery, SubmissionsApi } from '../../api/submissions-api.ts'
import { examine, inWords, shown } from '../../intake/examine.ts'
import { loadRecogniser } from '../../intake/language.ts'
import type { OwnSubmissionStore } from '../../store/own-submissions.ts'
import type { Datanets } from '../datanet/datanets.ts'
import type { Parts } from '../parts.ts'
import { withFile } from './given-file.ts'
import { createHostAsk } from './host-ask.ts'
import { isUnreached, type Outbox } from './outbox.ts'
import { describeOwn, describeQueued, detailsOfOwn, detailsOfQueued } from './own-contributions.ts'
import type { Proving } from './proving.ts'

/** Contributions of the accounts kept here. specs/04-datanet.md §Submission */
export function createContributing(
  parts: Pick<
    Parts,
    'accountStore' | 'content' | 'datanetStore' | 'wallet' | 'pool' | 'peerId' | 'now'
  >,
  datanets: Datanets,
  ownStore: OwnSubmissionStore,
  proving: Proving,
  outbox: Pick<Outbox, 'store' | 'onSend'>
): SubmissionsApi {
  const { accountStore, content, datanetStore, wallet, now } = parts
  const ask = createHostAsk(parts)
  type Known = ReturnType<Datanets['known']>

  async function recordOf(draft: ContributionDraft, { id, signed }: Known): Promise<Contribution> {
    const { author, sourceUrl, tags, bounty, interaction } = draft
    const atMs = now()
    return {
      version: 1 as const,
      datanet: id,
      ...contentFromJson(draft.schema, await withFile(content, draft)),
      language: draft.language,
      licence: draft.licence,
      ...(author === undefined ? {} : { author }),
      ...(sourceUrl === undefined ? {} : { sourceUrl }),
      ...(tags === undefined || tags.length === 0 ? {} : { tags: [...tags] }),
      ...(bounty === undefined ? {} : { bounty: parseCid(bounty) }),
      origin: draft.origin ?? 'direct',
      contributor: wallet.account(draft.account).address,
      consent: {
        digest: consentDigest(signed.manifest),
        atMs,
        ...(interaction === undefined ? {} : { interaction })
      },
      salt: new Uint8Array(randomBytes(16)),
      createdAtMs: atMs
    }
  }

  async function findingsIn(record: Contribution, { signed }: Known) {
    const { languages } = signed.manifest
    const { language } = record
    const expected = { language, ...(languages === undefined ? {} : { languages }) }
    return examine(record, expected, await loadRecogniser())
  }

  /** The host's word on `signed`, verified to be its own. */
  async function verified(receipt: Uint8Array, { signed }: Known, own: SignedContribution) {
    const { receipt: said, host } = await openSubmission(receipt)
    const { intakeHost } = signed.manifest
    if (host !== intakeHost) throw new DatanetError('SIGNER_UNEXPECTED', { host, intakeHost })
    if (!said.contribution.equals(own.cid) || !said.datanet.equals(own.contribution.datanet)) {
      throw new DatanetError('CID_MISMATCH', { cid: `${own.cid}` })
    }
    return said
  }

  async function standing(query: StandingQuery, options: CallOptions): Promise<Standing[]> {
    const datanet = datanets.known(query.datanet)
    const { address: account, signer } = wallet.account(query.account)
    const { contribution } = query
    const found: Standing[] = []
    for (let after = 0; ; after = found.at(-1)?.order ?? 0) {
      const asked = await signSubmissionQuery(
        {
          version: 1,
          datanet: datanet.id,
          account,
          ...(contribution === undefined ? {} : { contribution: parseCid(contribution) }),
          after,
          askedAtMs: now()
        },
        signer
      )
      const value = toWire(standingAskSchema, { datanet: datanet.id, query: asked })
      const end = fromWire(standingEndSchema, await ask(datanet, value, options))
      for (const {
        contribution: cid,
        cluster,
        reasons,
        isHeld,
        appeal,
        ...one
      } of end.submissions) {
        // Orders ascend: a host that told one again would never come to an end.
        if (one.order <= (found.at(-1)?.order ?? 0)) return found
        const shared = cluster === undefined ? {} : { cluster: cluster.toString() }
        found.push({
          ...{ ...one, contribution: cid.toString(), ...shared },
          reasons: reasons.map(toldReason),
          ...(isHeld ? { isHeld } : {}),
          ...(appeal === undefined ? {} : { appeal })
        })
        accountStore.setSubmissionStatus(cid.toString(), one.status)
      }
      if (end.isAll || end.submissions.length === 0 || contribution !== undefined) return found
    }
  }

  /** A file goes when its contribution is withdrawn, also here. */
  async function keepFile(record: Contribution, cid: string, datanet: string): Promise<void> {
    if (record.schema === 'file/1') await content.ownFile(cid, record.content.file, datanet)
  }

  /** Hands in what is signed, and keeps its host's word on it; as often as it takes: it is one. */
  async function deliver(datanet: Known, signed: SignedContribution, options: CallOptions) {
    const id = datanet.id.toString()
    const ours = { datanet: datanet.id, contribution: signed.bytes }
    const value = toWire(contributeAskSchema, ours)
    const end = fromWire(contributeEndSchema, await ask(datanet, value, options))
    if (!end.contribution.equals(signed.cid)) {
      throw new DatanetError('CID_MISMATCH', { cid: `${signed.cid}` })
    }
    const said = await verified(end.receipt, datanet, signed)
    const contribution = signed.cid.toString()
    const { status } = end
    const given = {
      contribution,
      order: said.order,
      takenAtMs: said.takenAtMs,
      ...(said.cluster === undefined ? {} : { cluster: said.cluster.toString() })
    }
    await datanetStore.together(() => {
      const own = { contribution, datanet: id }
      accountStore.putSubmission({ ...own, account: signed.contribution.contributor, status })
      ownStore.put({ ...given, ...own, bytes: signed.bytes, receipt: end.receipt })
    })
    await keepFile(signed.contribution, contribution, id)
    return { ...given, status }
  }

  outbox.onSend('contribution', ({ datanet, bytes }, options) =>
    deliver(datanets.known(datanet), verifyContribution(bytes), options)
  )

  return {
    async check(draft) {
      const datanet = datanets.known(draft.datanet)
      const record = await recordOf(draft, datanet)
      admitContribution(record, datanet.id, datanet.signed.manifest, now())
      return (await findingsIn(record, datanet)).map(shown)
    },

    async contribute(draft, options = {}) {
      const datanet = datanets.known(draft.datanet)
      const record = await recordOf(draft, datanet)
      const findings = await findingsIn(record, datanet)
      const personal = findings.filter(({ code }) => code === 'PERSONAL_DATA_FOUND')
      if (personal.length > 0 && draft.allowPersonalData !== true) {
        const hint = personal.slice(0, 3).map(inWords).join('; ')
        throw new DatanetError('PERSONAL_DATA_FOUND', { found: personal.map(shown) }, { hint })
      }
      const signed = await signContribution(record, wallet.account(draft.account).signer)
      const { cid, bytes } = signed
      const told = { findings: findings.map(shown) }
      try {
        return { ...(await deliver(datanet, signed, options)), ...told }
      } catch (error) {
        if (!isUnreached(error)) throw error
        const contribution = cid.toString()
        outbox.store.put({
          ...{ cid: contribution, kind: 'contribution', contribution, datanet: draft.datanet },
          ...{ account: record.contributor, signedAtMs: record.createdAtMs, bytes },
          code: error.code
        })
        await keepFile(record, contribution, draft.datanet)
        return { contribution, status: 'queued', order: 0, takenAtMs: 0, ...told }
      }
    },

    async submissions({ account, datanet }) {
      const { address } = wallet.account(account)
      const items = outbox.store.of(address, datanet)
      const leaving = new Set(
        items.flatMap(({ kind, contribution }) => (kind === 'withdrawal' ? [contribution] : []))
      )
      const taken = ownStore.of(address, datanet).map((own) => {
        const one = describeOwn(own)
        return leaving.has(one.contribution) ? { ...one, status: 'withdrawing' as const } : one
      })
      return [...taken, ...items.filter(({ kind }) => kind === 'contribution').map(describeQueued)]
    },

    async submission({ account, contribution }) {
      const queued = outbox.store.get(contribution, 'contribution')
      if (queued?.account === wallet.account(account).address) return detailsOfQueued(queued)
      const item = ownStore.get(contribution)
      if (item === undefined || item.account !== wallet.account(account).address) {
        throw new DatanetError('CONTRIBUTION_UNKNOWN', { contribution })
      }
      return detailsOfOwn(item)
    },

    standing: (query, options = {}) => standing(query, options),

    async inclusion({ datanet: id, contribution }, options = {}) {
      const datanet = datanets.known(id)
      const value = toWire(inclusionAskSchema, {
        datanet: datanet.id,
        prove: parseCid(contribution)
      })
      // A revision that is kept here may be an older one: then a host knows more.
      const proof = await proving.prove(id, contribution).catch(async (error) => {
        if (!isDatanetError(error)) throw error
        return fromWire(inclusionEndSchema, await ask(datanet, value, options)).proof
      })
      const { revision, row, anchor } = verifyInclusion(proof)
      if (!revision.datanet.equals(datanet.id)) {
        throw new DatanetError('REVISION_INVALID', { reason: 'it is of another Datanet' })
      }
      return {
        proof: Buffer.from(proof).toString('base64'),
        datanet: id,
        contribution,
        ordinal: revision.ordinal,
        row,
        rows: revision.rows,
        anchor: `0x${Buffer.from(anchor).toString('hex')}`,
        chainKey: datanet.key
      }
    }
  }
}

/** A curator's reason in one line. */
function toldReason({ code, reason }: { code?: string | undefined; reason?: string | undefined }) {
  // The code says nothing where there are words.
  const named = code === 'other' && reason !== undefined ? undefined : code
  return [named, reason].filter((words) => words !== undefined).join(': ')
}
