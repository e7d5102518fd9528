/** Numbers below 2^32 whose count is not known before. */
export class GrowingUint32 {
  #held = new Uint32Array(1024)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    this.#makeRoomFor(1)
    this.#held[this.#length++] = value
  }

  append(values: Uint32Array): void {
    this.#makeRoomFor(values.length)
    this.#held.set(values, this.#length)
    this.#length += values.length
  }

  /** What was put in, in an array of that size. */
  take(): Uint32Array {
    return this.#held.slice(0, this.#length)
  }

  #makeRoomFor(more: number): void {
    if (this.#length + more <= this.#held.length) return
    const larger = new Uint32Array(Math.max(2 * this.#held.length, this.#length + more))
    larger.set(this.#held)
    this.#held = larger
  }
}
