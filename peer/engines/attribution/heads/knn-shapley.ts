/**
 * The exact Shapley value of each example in the game of a k-nearest-neighbours vote: of a coalition
 * the worth is the part of its k nearest that have the asked label. `order` names the examples from
 * the nearest on, `isRight` says which have that label (Jia et al. 2019).
 */
export function knnShapley(
  order: readonly number[],
  isRight: (example: number) => boolean,
  k: number
): Float64Array {
  const count = order.length
  const values = new Float64Array(count)
  const rightAt = (place: number): number => Number(isRight(order[place] as number))
  if (count === 0) return values
  let value = rightAt(count - 1) / Math.max(k, count)
  values[order[count - 1] as number] = value
  for (let place = count - 2; place >= 0; place--) {
    const nearer = place + 1
    value += ((rightAt(place) - rightAt(nearer)) / k) * (Math.min(k, nearer) / nearer)
    values[order[place] as number] = value
  }
  return values
}
