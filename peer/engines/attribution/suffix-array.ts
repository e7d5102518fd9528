const EMPTY = -1

/**
 * The starts of all suffixes of `text` in the order of what follows them, in linear time (SA-IS,
 * Nong, Zhang and Chan 2009). Values are from 0 to `largest`.
 */
export function suffixArray(text: Int32Array, largest: number): Int32Array {
  const length = text.length
  if (length < 2) return Int32Array.from(text.keys())
  const order = new Int32Array(length)
  const isSmall = new Uint8Array(length)
  for (let at = length - 2; at >= 0; at--) {
    const [here, next] = [text[at] as number, text[at + 1] as number]
    isSmall[at] = here < next || (here === next && isSmall[at + 1] === 1) ? 1 : 0
  }
  const { largeStarts, smallStarts } = bucketsOf(text, isSmall, largest)
  const induce = (seeds: Int32Array): void => {
    order.fill(EMPTY)
    const next = smallStarts.slice()
    for (const at of seeds) if (at !== length) order[take(next, text[at] as number)] = at
    next.set(largeStarts)
    order[take(next, text[length - 1] as number)] = length - 1
    for (let place = 0; place < length; place++) {
      const at = (order[place] as number) - 1
      if (at >= 0 && isSmall[at] === 0) order[take(next, text[at] as number)] = at
    }
    next.set(largeStarts)
    for (let place = length - 1; place >= 0; place--) {
      const at = (order[place] as number) - 1
      if (at >= 0 && isSmall[at] === 1) {
        const value = (text[at] as number) + 1
        next[value] = (next[value] as number) - 1
        order[next[value] as number] = at
      }
    }
  }
  // Where a smaller suffix follows a larger one: what lies between is named and sorted by itself.
  const names = new Int32Array(length + 1).fill(EMPTY)
  const found: number[] = []
  for (let at = 1; at < length; at++) {
    if (isSmall[at - 1] === 1 || isSmall[at] === 0) continue
    names[at] = found.length
    found.push(at)
  }
  const seeds = Int32Array.from(found)
  induce(seeds)
  if (seeds.length > 0) induce(sortedSeeds(text, seeds, names, order))
  return order
}

function sortedSeeds(
  text: Int32Array,
  seeds: Int32Array,
  names: Int32Array,
  order: Int32Array
): Int32Array {
  const inOrder = order.filter((at) => names[at] !== EMPTY)
  const endOf = (at: number): number => seeds[(names[at] as number) + 1] ?? text.length
  const shorter = new Int32Array(seeds.length)
  let name = 0
  for (let place = 1; place < inOrder.length; place++) {
    const [one, other] = [inOrder[place - 1] as number, inOrder[place] as number]
    if (!isSame(text, [one, endOf(one)], [other, endOf(other)])) name++
    shorter[names[other] as number] = name
  }
  return suffixArray(shorter, name).map((index) => seeds[index] as number)
}

/** Whether two stretches between seeds are equal, the seed at their ends included. */
function isSame(
  text: Int32Array,
  one: readonly [number, number],
  other: readonly [number, number]
) {
  const [[start, end], [from, to]] = [one, other]
  if (end - start !== to - from) return false
  // The last one ends with the text, where no seed stands.
  if (end === text.length || to === text.length) return false
  for (let step = 0; step <= end - start; step++) {
    if (text[start + step] !== text[from + step]) return false
  }
  return true
}

/** Where the suffixes that begin with each value start: larger-than-next ones, then the others. */
function bucketsOf(text: Int32Array, isSmall: Uint8Array, largest: number) {
  const largeStarts = new Int32Array(largest + 2)
  const smallStarts = new Int32Array(largest + 2)
  for (let at = 0; at < text.length; at++) {
    const value = text[at] as number
    if (isSmall[at] === 0) smallStarts[value] = (smallStarts[value] as number) + 1
    else largeStarts[value + 1] = (largeStarts[value + 1] as number) + 1
  }
  for (let value = 0; value <= largest; value++) {
    smallStarts[value] = (smallStarts[value] as number) + (largeStarts[value] as number)
    largeStarts[value + 1] = (largeStarts[value + 1] as number) + (smallStarts[value] as number)
  }
  return { largeStarts, smallStarts }
}

function take(next: Int32Array, value: number): number {
  const place = next[value] as number
  next[value] = place + 1
  return place
}
