/**
 * How much a term tells, in 1/1024 bit: log2(1 + N/(df + ½)) of N passages of which df hold it.
 * Integer steps only, so that every machine gets the same number. specs/08-receipt.md §Terms
 */
export function rarityOf(df: number, passages: number): number {
  return log2Milli((2 * df + 1 + 2 * passages) / (2 * df + 1))
}

/** Floor of 1024·log2(x) for x >= 1: by squaring, since Math.log2 may differ in its last bit. specs/08-receipt.md §Terms */
export function log2Milli(x: number): number {
  let bits = 0
  let left = x
  while (left >= 2) {
    left /= 2
    bits++
  }
  for (let step = 0; step < 10; step++) {
    left *= left
    bits *= 2
    if (left >= 2) {
      left /= 2
      bits++
    }
  }
  return bits
}
