import type { ExchangeHandler } from '../protocol/net/exchange.ts'
import type { ReviewsApi } from './api/reviews-api.ts'
import type { RowsApi } from './api/rows-api.ts'
import type { SubmissionsApi } from './api/submissions-api.ts'
import { createNearDuplicates } from './intake/near-duplicates.ts'
import { createContributing } from './services/contribution/contributing.ts'
import { createExporting } from './services/contribution/exporting.ts'
import { createFileReading } from './services/contribution/file-reading.ts'
import { createHostAsk } from './services/contribution/host-ask.ts'
import { createIntake, type Intake } from './services/contribution/intake.ts'
import { createOutbox, type Outbox } from './services/contribution/outbox.ts'
import { createProving } from './services/contribution/proving.ts'
import { createTakingIn } from './services/contribution/taking-in.ts'
import type { Datanets } from './services/datanet/datanets.ts'
import type { Parts } from './services/parts.ts'
import { createReviewDesk } from './services/review/review-desk.ts'
import { createReviewing } from './services/review/reviewing.ts'
import type { RevisionReading } from './services/revision/revision-reading.ts'
import type { Revisions } from './services/revision/revisions.ts'
import type { Database } from './store/database.ts'
import { createLikenessStore } from './store/likeness.ts'
import { createOutboxStore } from './store/outbox.ts'
import { createOwnSubmissionStore } from './store/own-submissions.ts'

/** Both sides of handing in: what this peer's accounts give, and what it takes in as a host. */
export interface HandingIn {
  readonly intake: Intake
  readonly outbox: Outbox
  /** Answers `/datanet/review/1`. */
  readonly review: ExchangeHandler
  /** And what of a Datanet is taken out again. */
  readonly giving: SubmissionsApi & RowsApi & ReviewsApi
}

/** The handing in of one peer. */
export function createHandingIn(
  db: Database,
  parts: Parts,
  datanets: Datanets,
  /** What is made of Datanets, which is made after this. */
  made: () => { readonly reading: RevisionReading; readonly revisions: Revisions },
  init: { readonly everyMs?: number } = {}
): HandingIn {
  const proving = createProving(parts, () => made().reading)
  const ownStore = createOwnSubmissionStore(db)
  const { bountyStore } = parts
  const near = createNearDuplicates(createLikenessStore(db))
  const takingIn = createTakingIn(parts, near, (bounty, contribution) => {
    if (bountyStore.get(bounty)?.isHosted === true) bountyStore.addAnswer(bounty, contribution)
  })
  const outbox = createOutbox({ ...parts, store: createOutboxStore(db) }, init)
  const desk = createReviewDesk(parts, datanets)
  const { seen, ...reviewing } = createReviewing(parts, datanets, desk, createHostAsk(parts))
  return {
    intake: createIntake(parts, datanets, takingIn, proving, desk),
    review: desk.handler,
    outbox,
    giving: {
      ...reviewing,
      ...createContributing(parts, datanets, ownStore, proving, outbox),
      ...createFileReading(parts, datanets, ownStore, seen, () => made().revisions),
      ...createExporting(() => made().revisions)
    }
  }
}
