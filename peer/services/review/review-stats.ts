import { toWire } from '../../../protocol/base/schema.ts'
import { agreementOf } from '../../../protocol/datanet/agreement.ts'
import { reviewStatsSchema } from '../../../protocol/net/review.ts'
import type { CountedWord } from '../../store/reviews.ts'

const VERDICTS = new Set(['approve', 'reject'])

/**
 * What curators did and how far they agree, as it goes over the wire: by curator's account, of which a
 * hand-over makes one. Approvals and rejections are compared, in each round by itself; an unsure word
 * is no word here. specs/04-datanet.md §Agreement
 */
export function reviewStats(
  words: Iterable<CountedWord>,
  personOf: (account: string) => string
): unknown {
  const counts = new Map<string, ReturnType<typeof none>>()
  const latest = new Map<string, { word: CountedWord; person: string; item: string }>()
  for (const word of words) {
    const person = personOf(word.curator)
    const item = `${word.contribution} ${word.isAppeal}`
    const own = counts.get(person) ?? none()
    counts.set(person, own)
    if (word.verdict === 'flag' || word.verdict === 'clear') own[word.verdict] += 1
    // Of several words on one item the newest is theirs.
    else latest.set(`${item} ${person}`, { word, person, item })
  }
  const compared = []
  for (const { word, person, item } of latest.values()) {
    const own = counts.get(person) ?? none()
    own[word.verdict as 'approve' | 'reject' | 'unsure'] += 1
    if (!VERDICTS.has(word.verdict)) continue
    compared.push({ item, person, value: word.verdict })
    if (word.status === 'accepted' || word.status === 'rejected') {
      own.decided += 1
      if ((word.status === 'accepted') === (word.verdict === 'approve')) own.asDecided += 1
    }
  }
  const { people, ...all } = agreementOf(compared)
  return toWire(reviewStatsSchema, {
    ...all,
    curators: [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([curator, own]) => ({ curator, ...own, ...(people.get(curator) ?? { shared: 0 }) }))
  })
}

function none() {
  return { approve: 0, reject: 0, unsure: 0, flag: 0, clear: 0, decided: 0, asDecided: 0 }
}
