/** One person's word on one item. */
export interface AgreementWord {
  readonly item: string
  readonly person: string
  readonly value: string
}

/** How far one person's words agree with those of the others on the same items. */
export interface PersonAgreement {
  /** Items on which somebody else spoke as well. */
  readonly shared: number
  /** The part of the others' words on those items that are the same; absent without any. */
  readonly agreedPpm?: number
  /** The same beyond chance, as Cohen's kappa; absent where chance alone would always agree. */
  readonly kappaPpm?: number
}

/** How far people agree about items. */
export interface Agreement {
  /** Items on which more than one person spoke. */
  readonly shared: number
  /** Krippendorff's alpha for names, over those items; absent where all words are the same. */
  readonly alphaPpm?: number
  readonly people: ReadonlyMap<string, PersonAgreement>
}

/** lcm(1…32): sums of shares among up to 32 other people stay whole numbers. */
const WHOLE = 144_403_552_893_600n
const PPM = 1_000_000n

/**
 * The agreement in `words`, exact before it is rounded down to ppm: 1 000 000 is full agreement, 0 is
 * what chance gives, less is worse than chance. A person's last word on an item counts; the result
 * depends neither on the order of items nor on what the values are called. At most 33 people an item.
 * specs/04-datanet.md §Agreement
 */
export function agreementOf(words: readonly AgreementWord[]): Agreement {
  const items = new Map<string, Map<string, string>>()
  const people = new Map<string, PersonAgreement>()
  for (const { item, person, value } of words) {
    const said = items.get(item) ?? new Map<string, string>()
    items.set(item, said.set(person, value))
    people.set(person, { shared: 0 })
  }
  const shared = [...items.values()].filter((said) => said.size > 1)
  for (const person of people.keys()) people.set(person, personAmong(shared, person))
  const alphaPpm = alphaOf(shared)
  return { shared: shared.length, ...(alphaPpm === undefined ? {} : { alphaPpm }), people }
}

function alphaOf(items: readonly ReadonlyMap<string, string>[]): number | undefined {
  const total = new Map<string, bigint>()
  let observed = 0n
  for (const said of items) {
    const counts = countsOf(said.values())
    const size = BigInt(said.size)
    for (const [value, count] of counts) add(total, value, count)
    observed += (WHOLE / (size - 1n)) * (size * size - squares(counts))
  }
  const words = [...total.values()].reduce((sum, count) => sum + count, 0n)
  const expected = words * words - squares(total)
  if (expected === 0n) return undefined
  // 1 - (observed / words) / (expected / (words · (words - 1)))
  return ppm(expected * WHOLE - observed * (words - 1n), expected * WHOLE)
}

function personAmong(
  items: readonly ReadonlyMap<string, string>[],
  person: string
): PersonAgreement {
  const own = new Map<string, bigint>()
  const theirs = new Map<string, bigint>()
  let [shared, agreed] = [0n, 0n]
  for (const said of items) {
    const value = said.get(person)
    if (value === undefined) continue
    shared += 1n
    add(own, value, 1n)
    const share = WHOLE / BigInt(said.size - 1)
    for (const [other, theirValue] of said) {
      if (other === person) continue
      add(theirs, theirValue, share)
      if (theirValue === value) agreed += share
    }
  }
  if (shared === 0n) return { shared: 0 }
  let chance = 0n
  for (const [value, count] of own) chance += count * (theirs.get(value) ?? 0n)
  const all = shared * shared * WHOLE
  return {
    shared: Number(shared),
    agreedPpm: ppm(agreed, shared * WHOLE),
    ...(chance === all ? {} : { kappaPpm: ppm(agreed * shared - chance, all - chance) })
  }
}

function countsOf(values: Iterable<string>): Map<string, bigint> {
  const counts = new Map<string, bigint>()
  for (const value of values) add(counts, value, 1n)
  return counts
}

function add(counts: Map<string, bigint>, value: string, by: bigint): void {
  counts.set(value, (counts.get(value) ?? 0n) + by)
}

function squares(counts: ReadonlyMap<string, bigint>): bigint {
  return [...counts.values()].reduce((sum, count) => sum + count * count, 0n)
}

function ppm(part: bigint, whole: bigint): number {
  const scaled = part * PPM
  const floor = scaled / whole
  return Number(scaled < 0n && floor * whole !== scaled ? floor - 1n : floor)
}
