import type { Mutant } from './mutant.ts'

const WORK = ['test/peer/services/review/work-list.test.ts']
const VERDICTS = ['test/peer/services/review/verdicts.test.ts']
const CHECKING = ['test/peer/services/revision/revision-checking.test.ts']

/** Defences of the review room: who is given what, what counts, and what it earns. */
export const REVIEW_MUTANTS: readonly Mutant[] = [
  {
    name: 'review-lease-shared',
    file: 'peer/services/review/review-queue.ts',
    find: 'return others.size < state.needed',
    replace: 'return others.size < 99',
    tests: WORK,
    only: 'two curators are not given the same item'
  },
  {
    name: 'review-own-account',
    file: 'peer/services/review/review-desk.ts',
    find: "if (personOf(curator) === personOf(contributor)) refuse(curator, 'it is their own')",
    replace: '',
    tests: WORK,
    only: 'nobody is given their own'
  },
  {
    name: 'review-not-blind',
    file: 'protocol/datanet/blind.ts',
    find: '...{ language, licence, origin },',
    replace: '...{ language, licence: contribution.author ?? licence, origin },',
    tests: WORK,
    only: 'says nothing of who gave it'
  },
  {
    name: 'review-by-item',
    file: 'peer/services/review/review-queue.ts',
    find: 'a.dealt - b.dealt || a.first - b.first',
    replace: 'a.first - b.first',
    tests: WORK,
    only: 'every author has a turn'
  },
  {
    name: 'review-host-lies',
    file: 'peer/services/review/reviewing.ts',
    find: 'if (!isSame) {',
    replace: 'if (!isSame && isHeld) {',
    tests: WORK,
    only: 'showed another text'
  },
  {
    name: 'review-flag-ignored',
    file: 'protocol/datanet/review-rule.ts',
    find: 'const isHeld = flags > 0 &&',
    replace: 'const isHeld = flags > 99 &&',
    tests: VERDICTS,
    only: 'until the threshold clears it'
  },
  {
    name: 'review-account-for-person',
    file: 'protocol/datanet/review-rule.ts',
    find: 'const person = personOf(review.curator)',
    replace: 'const person = review.curator',
    tests: VERDICTS,
    only: 'are one person'
  },
  {
    name: 'review-appeal-twice',
    file: 'peer/services/review/review-desk.ts',
    find: "if (state.isFinal) refuse(curator, 'its appeal was decided, and that is final')",
    replace: '',
    tests: VERDICTS,
    only: 'decides for good'
  },
  {
    name: 'review-late-word',
    file: 'peer/services/review/review-desk.ts',
    find: "if (!isLeased) refuse(curator, 'it is decided')",
    replace: '',
    tests: VERDICTS,
    only: 'takes words of who was asked'
  },
  {
    name: 'curation-unchecked',
    file: 'peer/services/revision/revision-checking.ts',
    find: 'if (JSON.stringify(own) !== JSON.stringify(curation)) {',
    replace: 'if (own?.length === 0) {',
    tests: CHECKING,
    only: 'with the shares for curators'
  }
]
