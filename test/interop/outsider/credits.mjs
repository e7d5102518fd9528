// Chapter 08, coverage: exact Shapley values of evidence, as credit lines that sum to the whole.
const WHOLE = 1_000_000n

/** Adds up fractions over one denominator, which grows where it must. */
function gcd(a, b) {
  return b === 0n ? a : gcd(b, a % b)
}
const add = (x, y) => {
  const [n, d] = [x.n * y.d + y.n * x.d, x.d * y.d]
  const common = gcd(n, d)
  return common === 0n ? { n: 0n, d: 1n } : { n: n / common, d: d / common }
}
const compare = (x, y) => {
  const [a, b] = [x.n * y.d, y.n * x.d]
  return a < b ? -1 : a > b ? 1 : 0
}
const NOTHING = { n: 0n, d: 1n }

/** The best similarity per contribution, of those that count, rising. */
function supportsOf({ supports }, thresholdPpm) {
  const best = new Map()
  for (const { contribution, simPpm } of supports) {
    if (simPpm < thresholdPpm || simPpm === 0) continue
    best.set(contribution, Math.max(best.get(contribution) ?? 0, simPpm))
  }
  return [...best].sort(([, a], [, b]) => a - b)
}

/** The credits of one answer: `owners` says whose a contribution is. */
export function creditsOf({ sentences, thresholdPpm, owners, most = 64 }) {
  const values = new Map()
  let [supported, all] = [0n, 0n]
  for (const sentence of sentences) {
    const weight = BigInt(sentence.weight)
    const supports = supportsOf(sentence, thresholdPpm)
    all += weight
    if (supports.length > 0) supported += weight
    supports.forEach(([, simPpm], index) => {
      const rise = BigInt(simPpm - (index === 0 ? 0 : supports[index - 1][1]))
      const share = { n: weight * rise, d: BigInt(supports.length - index) }
      for (const [contribution] of supports.slice(index)) {
        values.set(contribution, add(values.get(contribution) ?? NOTHING, share))
      }
    })
  }
  const sum = [...values.values()].reduce(add, NOTHING)
  const ranked = [...values].sort(([a, x], [b, y]) => compare(y, x) || (a < b ? -1 : a > b ? 1 : 0))
  const lines = ranked.slice(0, most - 1).map(([contribution, value]) => ({
    line: { contribution, account: owners[contribution], basis: 'retrieved' },
    share: { n: value.n * sum.d * supported, d: value.d * sum.n * all }
  }))
  const kept = lines.map(({ share }) => share).reduce(add, NOTHING)
  const rest = add({ n: 1n, d: 1n }, { n: -kept.n, d: kept.d })
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
