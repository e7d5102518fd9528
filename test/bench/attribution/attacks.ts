import { createSeededRandom, type SeededRandom } from '../../../peer/devnet/sample-random.ts'
import { inOtherWords } from '../models/paraphrase.ts'
import type { BenchPassage, BenchSet } from '../models/types.ts'
import { answerable, createWorld, shareOf } from './worlds.ts'

/** What the victims of one attack earned before, and they and the attackers with it. */
export interface Attack {
  readonly name: string
  readonly before: number
  readonly owner: number
  readonly copied: number
}

const VICTIMS = 24

type Disguise = (text: string, random: SeededRandom) => string

const exact: Disguise = (text) => text
const thirdSynonyms: Disguise = (text, random) =>
  inOtherWords(text, random, ({ below }) => below(10) >= 3) ?? text
const laundered: Disguise = (text, random) => {
  const said = inOtherWords(text, random, ({ below }) => below(10) >= 8) ?? text
  return random.shuffle(said.split(/(?<=[.!?;])\s+/)).join(' ')
}

/** Attacks on the items that a set's questions are drawn from, all victims at once. */
export async function measureAttacks(
  set: BenchSet,
  half: 'tune' | 'test'
): Promise<readonly Attack[]> {
  const random = createSeededRandom(23)
  const asked = random.shuffle(answerable(set, half)).filter(({ gold }) => gold.length === 1)
  const questions = [...new Map(asked.map((one) => [one.gold[0], one])).values()].slice(0, VICTIMS)
  const victims = new Set(questions.map(({ gold }) => gold[0] as string))
  const idsOf = (id: string, count: number) => Array.from({ length: count }, (_, n) => `${id}~${n}`)

  function copies(disguise: Disguise, count: number): readonly BenchPassage[] {
    return set.passages.flatMap(({ id, title, text }) =>
      victims.has(id)
        ? idsOf(id, count).map((copy) => ({ id: copy, title, text: disguise(text, random) }))
        : []
    )
  }

  /** What victims and copies have of the answers to the victims' questions. */
  async function earned(passages: readonly BenchPassage[], count: number) {
    const world = await createWorld(passages)
    let [owner, copied] = [0, 0]
    for (const question of questions) {
      const id = question.gold[0] as string
      const answer = await world.ask(question)
      owner += shareOf(answer, [id])
      copied += shareOf(answer, idsOf(id, count))
    }
    return { owner, copied }
  }

  const { owner: before } = await earned(set.passages, 0)
  const attacks: Attack[] = []
  for (const [name, disguise] of [
    ['exact', exact],
    ['synonyms', thirdSynonyms]
  ] as const) {
    for (const count of [1, 4, 16]) {
      const passages = [...set.passages, ...copies(disguise, count)]
      attacks.push({ name: `${count} ${name}`, before, ...(await earned(passages, count)) })
    }
  }
  for (const count of [2, 3]) {
    const sharded = set.passages.flatMap((passage) =>
      victims.has(passage.id) ? shards(passage, idsOf(passage.id, count)) : [passage]
    )
    attacks.push({ name: `${count} shards`, before, ...(await earned(sharded, count)) })
  }
  const passages = [...set.passages, ...copies(laundered, 1)]
  attacks.push({ name: 'laundered', before, ...(await earned(passages, 1)) })
  return attacks
}

/** A passage cut into as many pieces as there are names. */
function shards({ title, text }: BenchPassage, ids: readonly string[]): readonly BenchPassage[] {
  const sentences = text.split(/(?<=[.!?])\s+/)
  const size = Math.ceil(sentences.length / ids.length)
  return ids.flatMap((id, n) => {
    const piece = sentences.slice(n * size, (n + 1) * size).join(' ')
    return piece === '' ? [] : [{ id, title, text: piece }]
  })
}

/**
 * Over all sets: the most that copies multiply an owner's income with, the least that a victim of
 * exact copies keeps, what shards multiply it with, and what laundering earns beside the victim.
 */
export function attackFigures(all: readonly Attack[]) {
  const names = [...new Set(all.map(({ name }) => name))]
  const summed = names.map((name) => {
    const own = all.filter((one) => one.name === name)
    const sum = (key: 'before' | 'owner' | 'copied') => own.reduce((n, one) => n + one[key], 0)
    return { name, before: sum('before'), owner: sum('owner'), copied: sum('copied') }
  })
  const of = (pattern: RegExp) => summed.filter(({ name }) => pattern.test(name))
  const gain = ({ before, owner, copied }: Attack) => (owner + copied) / before
  const laundered = summed.find(({ name }) => name === 'laundered') as Attack
  return {
    duplicateGain: Math.max(...of(/exact|synonyms/).map(gain)),
    victimKeeps: Math.min(...of(/exact/).map(({ owner, before }) => owner / before)),
    victimKeepsSynonyms: Math.min(...of(/synonyms/).map(({ owner, before }) => owner / before)),
    sybilGain: Math.max(...of(/shards/).map(gain)),
    launderingShare: laundered.copied / laundered.owner
  }
}
