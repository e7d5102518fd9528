import { z } from 'zod'

/** What a method answers with: one result, one result after progress, or a stream of results. */
export type MethodKind = 'call' | 'progress' | 'stream'

/** One method of the PeerApi as it goes over the wire. */
export interface Method<
  K extends MethodKind = MethodKind,
  A extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType
> {
  readonly kind: K
  /** The only key of the body; absent when the method takes nothing. */
  readonly name?: string
  readonly argument: A
  /** Of every event, when the method streams. */
  readonly result: R
}

/** A method that takes nothing. */
export function method<K extends MethodKind, R extends z.ZodType>(
  kind: K,
  result: R
): Method<K, z.ZodUndefined, R> {
  return { kind, argument: z.undefined(), result }
}

/** A method whose body holds its one argument under `name`. */
export function methodOf<K extends MethodKind, A extends z.ZodType, R extends z.ZodType>(
  kind: K,
  name: string,
  argument: A,
  result: R
): Method<K, A, R> {
  return { kind, name, argument, result }
}

/** Amounts: decimal text on the wire, bigint in memory. */
export const weiSchema = z.codec(
  z.string().regex(/^(0|[1-9]\d{0,38})$/, { error: 'a decimal amount in wei' }),
  z.bigint(),
  { decode: (text) => BigInt(text), encode: (amount) => amount.toString() }
)

/** A topic to look for, and how long to go on while nothing is found. */
export const topicSchema = z.union([
  z.string().min(1).max(256),
  z.strictObject({ topic: z.string().min(1).max(256), waitMs: z.int().min(0).max(60_000) })
])

/** An id or an address: text that no longer one could be meant by. */
export const idSchema = z.string().min(1).max(256)
