// Chapter 08, coverage: who has which of an answer's words, as credit lines that sum to the whole.
import { LIMITS } from './codec.mjs'

const WHOLE = 1_000_000n
const THRESHOLD_PPM = 500_000
const NOTHING = { n: 0n, d: 1n }

const gcd = (a, b) => (b === 0n ? a : gcd(b, a % b))
function fraction(n, d) {
  const common = gcd(n < 0n ? -n : n, d)
  return { n: n / common, d: d / common }
}
const add = (x, y) => fraction(x.n * y.d + y.n * x.d, x.d * y.d)
const times = (x, y) => fraction(x.n * y.n, x.d * y.d)
const minus = (x, y) => add(x, { n: -y.n, d: y.d })
function compare(x, y) {
  const [a, b] = [x.n * y.d, y.n * x.d]
  return a < b ? -1 : a > b ? 1 : 0
}
const inOrder = (a, b) => (a < b ? -1 : a > b ? 1 : 0)
const sumOf = (values) => [...values].reduce(add, NOTHING)

/** Values by passage, from which more is added up. */
function purse() {
  const values = new Map()
  const put = (passage, value) => values.set(passage, add(values.get(passage) ?? NOTHING, value))
  return { values, put }
}

/** The best support per passage, of those that count, rising. */
function playersOf(supports) {
  const best = new Map()
  for (const { passage, simPpm } of supports) {
    if (simPpm >= THRESHOLD_PPM) best.set(passage, Math.max(best.get(passage) ?? 0, simPpm))
  }
  return [...best].sort(([, a], [, b]) => a - b)
}

/** By passage the words of its spans. */
function spokenOf({ spans }) {
  const { values, put } = purse()
  for (const { passage, words } of spans) put(passage, { n: BigInt(words), d: 1n })
  return values
}

/** By passage the words outside spans, as the game divides them. */
function supportedOf({ spans, sentences }) {
  const { values, put } = purse()
  const told = new Set(
    spans.flatMap(({ from, words }) => Array.from({ length: words }, (_, i) => from + i))
  )
  let at = 0
  let supported = 0n
  for (const { words, supports } of sentences) {
    let open = 0n
    for (const end = at + words; at < end; at++) open += told.has(at) ? 0n : 1n
    const players = playersOf(supports)
    if (players.length > 0) supported += open
    for (const [index, [, simPpm]] of players.entries()) {
      const rise = BigInt(simPpm - (players[index - 1]?.[1] ?? 0))
      const share = fraction(open * rise, BigInt(players.length - index))
      for (const [passage] of players.slice(index)) put(passage, share)
    }
  }
  const sum = sumOf(values.values())
  if (sum.n === 0n) return new Map()
  const scale = fraction(supported * sum.d, sum.n)
  return new Map([...values].map(([passage, value]) => [passage, times(value, scale)]))
}

/** The youngest first, each hands a part on to an older one. */
function handOn(passages, values) {
  for (const [place, { upstream, upstreamPpm }] of [...passages.entries()].reverse()) {
    if (upstream === undefined || !values.has(place)) continue
    const value = values.get(place)
    const part = times(value, fraction(BigInt(upstreamPpm), WHOLE))
    values.set(place, minus(value, part))
    values.set(upstream, add(values.get(upstream) ?? NOTHING, part))
  }
  return values
}

/** The credits of an answer by its evidence; `accountOf` says whose a contribution is. */
export function creditsOf(evidence, accountOf) {
  const { passages, sentences } = evidence
  const all = BigInt(sentences.reduce((sum, { words }) => sum + words, 0))
  if (all === 0n) return [{ basis: 'unattributed', ppm: Number(WHOLE) }]
  const lines = Object.entries({ span: spokenOf(evidence), retrieved: supportedOf(evidence) })
    .flatMap(([basis, values]) =>
      [...handOn(passages, values)].map(([place, value]) => {
        const { contribution } = passages[place]
        const share = times(value, { n: 1n, d: all })
        return { line: { contribution, account: accountOf(contribution), basis }, share }
      })
    )
    .sort(
      (a, b) =>
        compare(b.share, a.share) ||
        inOrder(a.line.contribution, b.line.contribution) ||
        inOrder(a.line.basis, b.line.basis)
    )
    .slice(0, LIMITS.credits - 1)
  const rest = minus({ n: 1n, d: 1n }, sumOf(lines.map(({ share }) => share)))
  return rounded([...lines, { line: { basis: 'unattributed' }, share: rest }])
}

/** Rounds down, and gives what is missing to the largest remainders, earlier lines first. */
function rounded(lines) {
  const parts = lines.map(({ line, share }, index) => {
    const ppm = (share.n * WHOLE) / share.d
    return { line, index, ppm, rest: { n: (share.n * WHOLE) % share.d, d: share.d } }
  })
  const missing = WHOLE - parts.reduce((sum, { ppm }) => sum + ppm, 0n)
  const byRest = [...parts].sort((x, y) => compare(y.rest, x.rest) || x.index - y.index)
  for (const part of byRest.slice(0, Number(missing))) part.ppm += 1n
  return parts.filter(({ ppm }) => ppm > 0n).map(({ line, ppm }) => ({ ...line, ppm: Number(ppm) }))
}
