import type { Manifest } from '../../../protocol/datanet/manifest.ts'
import type { DatanetDraft } from '../../api/datanets-api.ts'

/** What a Datanet is founded with where its founder says nothing else. */
export const FOUNDING_DEFAULTS = {
  /** What people type: texts, answers, talks, corrections and preferences. Labels and files are named. */
  schemas: ['text/1', 'qa/1', 'dialogue/1', 'correction/1', 'preference/1'],
  /** Who types comes nowhere near either; a folder that is imported fits a day; a flood does not. */
  intake: { pendingPerAccount: 1_000, perDayPerAccount: 5_000 },
  /** Three of five verdicts: one rejection against two approvals does not stop an item, a tie does. */
  reviewSharePpm: 600_000,
  /** A quarter of an hour: time to read a long article twice. */
  reviewLeaseMs: 900_000,
  /** A day in which contributors and hosts see what will change before it counts. */
  changeDelayMs: 86_400_000
} as const

/**
 * The founding manifest of `draft` with `intakeHost` in charge, made `atMs`; what the draft leaves out
 * is as FOUNDING_DEFAULTS says. Its schema is checked where it is signed.
 */
export function foundingManifest(
  draft: DatanetDraft,
  { intakeHost, atMs }: { readonly intakeHost: string; readonly atMs: number }
): Manifest {
  const { languages, files, royalty } = draft
  return {
    version: 1,
    name: draft.name,
    purpose: draft.purpose,
    topics: [...draft.topics],
    schemas: [...(draft.schemas ?? FOUNDING_DEFAULTS.schemas)],
    ...(languages === undefined ? {} : { languages: [...languages] }),
    licences: [...draft.licences],
    ...(files === undefined ? {} : { files: { ...files, mimes: [...files.mimes] } }),
    consent: draft.consent,
    curators: draft.curators.map((one) => one.toLowerCase()).sort(),
    threshold: draft.threshold,
    intakeHost,
    hosts: [...(draft.hosts ?? [])].sort(),
    intake: draft.intake ?? FOUNDING_DEFAULTS.intake,
    review: {
      approvals: draft.reviewApprovals,
      sharePpm: draft.reviewSharePpm ?? FOUNDING_DEFAULTS.reviewSharePpm,
      leaseMs: draft.reviewLeaseMs ?? FOUNDING_DEFAULTS.reviewLeaseMs,
      ...(draft.reviewsEarn === true ? { earns: 'reviews' as const } : {})
    },
    royalty,
    treasury: draft.treasury.toLowerCase(),
    seq: 0,
    createdAtMs: atMs,
    effectiveAtMs: atMs,
    changeDelayMs: draft.changeDelayMs ?? FOUNDING_DEFAULTS.changeDelayMs
  }
}
