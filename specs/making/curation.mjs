// 04-curation: who shares the curators' part of a revision by reviews.
import { CURATORS } from './manifest.mjs'
import { account } from './tools.mjs'

const PPM = 1_000_000

/** Largest remainders, ties to the lower account. */
function sharesOf(counts) {
  const all = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))
  const total = all.reduce((sum, [, count]) => sum + count, 0)
  const parts = all.map(([who, count]) => [who, Math.floor((count * PPM) / total)])
  let left = PPM - parts.reduce((sum, [, ppm]) => sum + ppm, 0)
  const byRest = all
    .map(([who, count]) => [who, (count * PPM) % total])
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  for (const [who] of byRest) {
    if (left === 0) break
    parts.find(([other]) => other === who)[1] += 1
    left -= 1
  }
  return parts.filter(([, ppm]) => ppm > 0).map(([who, ppm]) => ({ account: who, ppm }))
}

export function curation() {
  const [first, second, third] = CURATORS.map(({ address }) => address)
  const author = account(5).address
  const word = (curator, contribution, verdict = 'approve') => ({ curator, contribution, verdict })
  const cases = [
    { name: 'nobody', reviews: [], counts: {} },
    {
      name: 'three alike',
      reviews: [word(first, 'a'), word(second, 'a'), word(third, 'a')],
      counts: { [first]: 1, [second]: 1, [third]: 1 }
    },
    {
      name: 'rows and not words, approvals and rejections alike',
      reviews: [
        ...[word(first, 'a'), word(first, 'a', 'reject'), word(first, 'b', 'reject')],
        ...[word(second, 'a'), word(second, 'b', 'unsure'), word(third, 'b', 'flag')]
      ],
      counts: { [first]: 2, [second]: 1 }
    },
    {
      name: 'one person of two accounts',
      handOvers: [{ oldAccount: first, newAccount: second, seq: 1 }],
      reviews: [word(first, 'a'), word(second, 'a'), word(third, 'a'), word(third, 'b')],
      counts: { [second]: 1, [third]: 2 }
    },
    {
      name: 'nobody on their own',
      handOvers: [{ oldAccount: author, newAccount: first, seq: 1 }],
      reviews: [word(first, 'a'), word(second, 'a'), word(second, 'elsewhere')],
      counts: { [second]: 1 }
    }
  ]
  return {
    author,
    rows: ['a', 'b'],
    valid: cases.map((one) => ({ handOvers: [], ...one, curation: sharesOf(one.counts) }))
  }
}
