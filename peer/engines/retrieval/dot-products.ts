/** Rows that are copied over and multiplied at a time: they stay in the processor's cache. */
const CHUNK_BYTES = 524_288
const QUERY_AT = 0
const PRODUCTS_AT = 16_384
const ROWS_AT = 65_536
const PAGES = 9
/** Lanes of one SIMD register of int8. */
const STEP = 16
const MAX_DIMENSIONS = (PRODUCTS_AT - QUERY_AT) / 2

type Kernel = (rows: number, count: number) => void

/** The part of WebAssembly that is used here; Node has it, its types leave it to browsers. */
interface Wasm {
  readonly Memory: new (options: { initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: { k: Kernel } }
}

interface Machine {
  readonly memory: { readonly buffer: ArrayBuffer }
  /** By dimensions: the loops' ends are constants. */
  readonly kernels: Map<number, Kernel>
}

let shared: Machine | undefined

/**
 * The product of `query` with each row of `rows`, exact integers, equal on every machine. All
 * indexes of a process share one block of about half a megabyte; where WebAssembly has no SIMD, or
 * the dimensions are no multiple of 16, plain JavaScript does the same more slowly.
 */
export function dotProducts(query: Int8Array, rows: Int8Array): Int32Array {
  const dimensions = query.length
  const count = dimensions === 0 ? 0 : rows.length / dimensions
  const products = new Int32Array(count)
  const kernel = kernelFor(dimensions)
  if (kernel === undefined || shared === undefined) return plainly(query, rows, products)
  const { buffer } = shared.memory
  new Int16Array(buffer, QUERY_AT, dimensions).set(query)
  const room = Math.min(
    Math.floor(CHUNK_BYTES / dimensions),
    Math.floor((ROWS_AT - PRODUCTS_AT) / 4)
  )
  const target = new Int8Array(buffer, ROWS_AT, CHUNK_BYTES)
  for (let from = 0; from < count; from += room) {
    const some = Math.min(room, count - from)
    target.set(rows.subarray(from * dimensions, (from + some) * dimensions))
    kernel(ROWS_AT, some)
    products.set(new Int32Array(buffer, PRODUCTS_AT, some), from)
  }
  return products
}

function plainly(query: Int8Array, rows: Int8Array, products: Int32Array): Int32Array {
  for (let row = 0, at = 0; row < products.length; row++) {
    let sum = 0
    for (let index = 0; index < query.length; index++, at++) {
      sum += (query[index] as number) * (rows[at] as number)
    }
    products[row] = sum
  }
  return products
}

function kernelFor(dimensions: number): Kernel | undefined {
  if (dimensions === 0 || dimensions % STEP !== 0 || dimensions > MAX_DIMENSIONS) return undefined
  try {
    const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: Wasm })
      .WebAssembly
    shared ??= { memory: new Memory({ initial: PAGES }), kernels: new Map() }
    const known = shared.kernels.get(dimensions)
    if (known !== undefined) return known
    const module = new Module(assemble(dimensions))
    const instance = new Instance(module, { e: { m: shared.memory } })
    const kernel = instance.exports.k
    shared.kernels.set(dimensions, kernel)
    return kernel
  } catch {
    return undefined
  }
}

/**
 * The module by hand, since it is one loop in another. For each of `count` rows: widen 16 int8 to
 * two times 8 int16, multiply with the query's int16 and add pairs (i32x4.dot_i16x8_s), add up the
 * lanes, store the sum.
 */
function assemble(dimensions: number): Uint8Array<ArrayBuffer> {
  const I32 = 0x7f
  const V128 = 0x7b
  const [row, count, out, at, sum, lane] = [0, 1, 2, 3, 4, 5]
  const get = (local: number): number[] => [0x20, local]
  const set = (local: number): number[] => [0x21, local]
  const constant = (value: number): number[] => [0x41, ...signed(value)]
  const add = (local: number, value: number): number[] => [
    ...[...get(local), ...constant(value), 0x6a],
    ...set(local)
  ]
  const simd = (...code: number[]): number[] => [0xfd, ...code]
  const load = (offset: number): number[] => simd(0x00, 0, ...unsigned(offset))
  const dot = (widen: number, offset: number): number[] => [
    ...[...get(lane), ...simd(widen, 0x01)],
    ...[...get(at), ...constant(2), 0x6c, ...load(offset)], // the query's int16: twice as far
    ...simd(0xba, 0x01), // i32x4.dot_i16x8_s
    ...[...get(sum), ...simd(0xae, 0x01), ...set(sum)] // i32x4.add
  ]
  const inner = [
    ...[...get(row), ...get(at), 0x6a, ...load(0), ...set(lane)],
    ...dot(0x87, QUERY_AT), // i16x8.extend_low_i8x16_s
    ...dot(0x88, QUERY_AT + STEP), // i16x8.extend_high_i8x16_s
    ...add(at, STEP),
    ...[...get(at), ...constant(dimensions), 0x49, 0x0d, 0] // repeat while at < dimensions
  ]
  const lanes = [0, 1, 2, 3].flatMap((index) => [
    ...[...get(sum), ...simd(0x1b, index)], // i32x4.extract_lane
    ...(index === 0 ? [] : [0x6a])
  ])
  const body = [
    ...[2, 2, I32, 2, V128], // locals: out, at; sum, lane
    ...[...constant(PRODUCTS_AT), ...set(out)],
    ...[0x02, 0x40, ...get(count), 0x45, 0x0d, 0], // nothing to do for no rows
    ...[0x03, 0x40, ...constant(0), ...set(at)],
    ...[...simd(0x0c, ...new Array<number>(16).fill(0)), ...set(sum)], // v128.const 0
    ...[0x03, 0x40, ...inner, 0x0b],
    ...[...get(out), ...lanes, 0x36, 2, 0], // i32.store
    ...[...add(out, 4), ...add(row, dimensions)],
    ...[...get(count), ...constant(1), 0x6b, 0x22, count, 0x0d, 0], // repeat while rows are left
    ...[0x0b, 0x0b, 0x0b]
  ]
  const section = (id: number, bytes: readonly number[]): number[] => [
    id,
    ...unsigned(bytes.length),
    ...bytes
  ]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, I32, I32, 0]), // (rows, count) → nothing
    ...section(2, [1, 1, 0x65, 1, 0x6d, 0x02, 0, PAGES]), // import memory e.m
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x6b, 0, 0]), // export k
    ...section(10, [1, ...unsigned(body.length), ...body])
  ])
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): number[] {
  const isLast = value >= -64 && value < 64
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)]
}
