import { wordsOf } from './words.ts'

/** A text as it is compared with older ones. */
export interface Registered {
  readonly contribution: string
  readonly title: string
  readonly text: string
  /** Its number among all that the Datanet took in; where it is absent the place in the list counts. */
  readonly order?: number
  /** The first contribution that its host took it for a near-duplicate of, here or not. */
  readonly cluster?: string
}

/** What a text owes to older ones. */
export type Standing =
  | { readonly kind: 'original' }
  /** It earns for `of`; for nobody where `of` is undefined: the first of its cluster was withdrawn. */
  | { readonly kind: 'duplicate'; readonly of: number | undefined }
  /** It passes `upstreamPpm` of what it earns on to `of`. */
  | { readonly kind: 'derivative'; readonly of: number; readonly upstreamPpm: number }

/** A text of which an older one holds so much is a copy of it. */
const DUPLICATE_PPM = 900_000
/** Of which it holds less than this, they are two texts on one subject. */
const DERIVATIVE_PPM = 300_000
/** The least that is passed on: less than half, so that whose words an answer used stays first. */
const UPSTREAM_PPM = 450_000
/** Three words that more older texts hold by themselves than these are a phrase, and tell nothing. */
const PHRASE = 2
/** The oldest are enough to know a copy by. */
const MOST_HOLDERS = 64
const ORIGINAL: Standing = { kind: 'original' }

/**
 * What each of `texts` owes to older ones, by the triples of words in a row that they share. Equal on
 * every machine. specs/08-receipt.md §Standing
 */
export function standingsOf(texts: readonly Registered[]): readonly Standing[] {
  const order = [...texts.keys()].sort(
    (a, b) => (texts[a]?.order ?? a) - (texts[b]?.order ?? b) || a - b
  )
  const places = new Map(texts.map(({ contribution }, place) => [contribution, place]))
  const standings: Standing[] = new Array(texts.length).fill(ORIGINAL)
  const older = createOlder()
  for (const place of order) {
    const { cluster, contribution, title, text } = texts[place] as Registered
    const triples = triplesOf(`${title}\n${text}`)
    const nearest = older.nearest(triples)
    if (cluster !== undefined && cluster !== contribution) {
      standings[place] = { kind: 'duplicate', of: firstOf(standings, places.get(cluster)) }
      continue
    }
    if (nearest === undefined || nearest.partPpm < DERIVATIVE_PPM) {
      older.add(place, triples)
      continue
    }
    const of = firstOf(standings, nearest.place)
    if (nearest.partPpm >= DUPLICATE_PPM || of === undefined) {
      standings[place] = { kind: 'duplicate', of }
      continue
    }
    const upstreamPpm = Math.max(UPSTREAM_PPM, nearest.partPpm)
    standings[place] = { kind: 'derivative', of, upstreamPpm }
    older.add(place, triples, nearest.place)
  }
  return standings
}

/** The text that earns for what `place` says. */
function firstOf(standings: readonly Standing[], place: number | undefined): number | undefined {
  if (place === undefined) return undefined
  const standing = standings[place]
  return standing?.kind === 'duplicate' ? standing.of : place
}

/** A triple of words in the texts so far, copies left out. */
interface Holders {
  readonly places: number[]
  /** How many of them did not have it from one of the others. */
  independent: number
}

function createOlder() {
  const holders = new Map<number, Holders>()
  const shared = new Map<number, number>()
  const ages = new Map<number, number>()
  return {
    /** What a text has from its `source` makes no phrase of it: else copies would hide copies. */
    add(place: number, triples: ReadonlySet<number>, source = -1): void {
      ages.set(place, ages.size)
      for (const triple of triples) {
        const known = holders.get(triple)
        if (known === undefined) holders.set(triple, { places: [place], independent: 1 })
        else if (known.independent <= PHRASE && known.places.length < MOST_HOLDERS) {
          known.independent += known.places.includes(source) ? 0 : 1
          known.places.push(place)
        }
      }
    },
    /** The text that most of them stand in, of several the oldest, and the part of them that does. */
    nearest(triples: ReadonlySet<number>): { place: number; partPpm: number } | undefined {
      shared.clear()
      let telling = 0
      for (const triple of triples) {
        const known = holders.get(triple)
        if (known !== undefined && known.independent > PHRASE) continue
        telling += 1
        for (const place of known?.places ?? []) shared.set(place, (shared.get(place) ?? 0) + 1)
      }
      let best: { place: number; count: number } | undefined
      for (const [place, count] of shared) {
        const isOlder =
          count === best?.count && (ages.get(place) ?? 0) < (ages.get(best.place) ?? 0)
        if (best === undefined || count > best.count || isOlder) best = { place, count }
      }
      if (best === undefined) return undefined
      return { place: best.place, partPpm: Math.floor((best.count * 1_000_000) / telling) }
    }
  }
}

/** Three words in a row, as numbers: two that meet by chance make two texts a little more alike. */
function triplesOf(text: string): ReadonlySet<number> {
  const hashes = wordsOf(text).map(hashOf)
  const triples = new Set<number>()
  for (let at = 0; at + 2 < hashes.length; at++) {
    const [a, b, c] = hashes.slice(at, at + 3) as [number, number, number]
    triples.add((Math.imul(Math.imul(a, 31) + b, 31) + c) >>> 0)
  }
  return triples
}

/** FNV-1a over UTF-16. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < word.length; index++) {
    hash = Math.imul(hash ^ word.charCodeAt(index), 0x01000193)
  }
  return hash
}
