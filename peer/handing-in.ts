import type { SubmissionsApi } from './api/submissions-api.ts'
import { createNearDuplicates } from './intake/near-duplicates.ts'
import { createContributing } from './services/contributing.ts'
import type { Datanets } from './services/datanets.ts'
import { createIntake, type Intake } from './services/intake.ts'
import type { Parts } from './services/parts.ts'
import { createProving } from './services/proving.ts'
import type { RevisionReading } from './services/revision-reading.ts'
import { createTakingIn } from './services/taking-in.ts'
import type { Database } from './store/database.ts'
import { createLikenessStore } from './store/likeness.ts'
import { createOwnSubmissionStore } from './store/own-submissions.ts'

/** Both sides of handing in: what this peer's accounts give, and what it takes in as a host. */
export interface HandingIn {
  readonly intake: Intake
  readonly contributing: SubmissionsApi
}

/** The handing in of one peer. */
export function createHandingIn(
  db: Database,
  parts: Parts,
  datanets: Datanets,
  reading: () => RevisionReading
): HandingIn {
  const proving = createProving(parts, reading)
  const takingIn = createTakingIn(parts, createNearDuplicates(createLikenessStore(db)))
  return {
    intake: createIntake(parts, datanets, takingIn, proving),
    contributing: createContributing(parts, datanets, createOwnSubmissionStore(db), proving)
  }
}
