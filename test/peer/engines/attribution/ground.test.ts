import { describe, expect, it } from 'vitest'
import { createGround } from '../../../../peer/engines/attribution/ground.ts'
import type { EnginePassage } from '../../../../peer/engines/engine.ts'
import { readCorpus } from '../../../../peer/engines/retrieval/corpus.ts'
import { sharesOf } from '../../../../protocol/receipt/attribution.ts'

const HITCH =
  'A rolling hitch grips a taut line without slipping while sailors shift the heavy load slowly aft.'
const BEES = 'Honey bees form a cluster around their queen when the hive turns cold in late autumn.'
const passage = (
  contribution: string,
  text: string,
  more: Partial<EnginePassage> = {}
): EnginePassage => ({
  contribution,
  contributor: `0x${'11'.repeat(20)}`,
  title: contribution,
  text,
  ...more
})
const groundOf = (...passages: EnginePassage[]) => createGround(readCorpus(passages))
const shares = (ground: ReturnType<typeof groundOf>, answer: string) =>
  Object.fromEntries(
    sharesOf(ground.attribute(answer)).map(({ contribution = '', ppm }) => [contribution, ppm])
  )

describe('whose an answer is', () => {
  it('gives what is said word by word to who said it, and what nobody said to nobody', () => {
    const ground = groundOf(passage('hitch', HITCH), passage('bees', BEES))
    expect(shares(ground, `${HITCH} [1] ${BEES} [2]`)).toEqual({ hitch: 515_152, bees: 484_848 })
    expect(shares(ground, `${HITCH} Nobody ever saw whales climb ladders.`)).toEqual({
      hitch: 739_130,
      '': 260_870
    })
  })

  it('gives an exact copy nothing, however many there are and whatever they are called', () => {
    const copies = Array.from({ length: 16 }, (_, n) =>
      passage(`a copy ${n}`, HITCH, { order: n + 2 })
    )
    const ground = groundOf(passage('the original', HITCH, { order: 1 }), ...copies)
    expect(shares(ground, HITCH)).toEqual({ 'the original': 1_000_000 })
  })

  it('goes by the number that the host gave, not by the place in the list', () => {
    const ground = groundOf(
      passage('a later one', HITCH, { order: 9 }),
      passage('the first', HITCH, { order: 3 })
    )
    expect(shares(ground, HITCH)).toEqual({ 'the first': 1_000_000 })
  })

  it('promotes no copy when the first of its cluster is withdrawn', () => {
    const ground = groundOf(passage('copy', HITCH, { cluster: 'gone' }), passage('bees', BEES))
    expect(shares(ground, HITCH)).toEqual({ '': 1_000_000 })
  })

  it('has a text that takes half of another hand on half of what its own words earn', () => {
    const own = 'Under snow the whole colony hums through February and eats its autumn stores.'
    const ground = groundOf(
      passage('bees', BEES, { order: 1 }),
      passage('more bees', `${BEES} ${own}`, { order: 2 })
    )
    const { bees = 0, 'more bees': more = 0 } = shares(ground, own)
    expect(bees + more).toBe(1_000_000)
    expect(bees).toBeGreaterThanOrEqual(450_000)
    expect(more).toBeGreaterThan(400_000)
  })

  it('compares with every text, so that what supports an answer cannot be left out', () => {
    const others = Array.from({ length: 60 }, (_, n) => passage(`n${n}`, `Note ${n} on tides.`))
    const ground = groundOf(...others, passage('hitch', HITCH))
    expect(ground.attribute('The rolling hitch grips a taut line, sailors say.')).toMatchObject({
      compared: 61,
      passages: [{ contribution: 'hitch' }]
    })
  })
})
