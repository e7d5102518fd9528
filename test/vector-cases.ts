import { readFileSync } from 'node:fs'
import { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'
import type { z } from 'zod'
import { decodeRecord, encodeRecord } from '../protocol/base/schema.ts'
import { refusal } from './protocol/base/refusal.ts'

// biome-ignore lint/suspicious/noExplicitAny: vectors are data of many shapes, checked by their use
export type Vectors = any

/** A vector file with its $bytes, $cid and $wei in the form that protocol/ works with. */
export function vectors(name: string): Vectors {
  const url = new URL(`../specs/vectors/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8'), (_, value) => {
    if (typeof value !== 'object' || value === null) return value
    if ('$bytes' in value) return bytes(value.$bytes)
    if ('$cid' in value) return CID.parse(value.$cid)
    return '$wei' in value ? BigInt(value.$wei) : value
  })
}

/** The bytes of hexadecimal text. */
export const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))
/** The hexadecimal text of bytes. */
export const hex = (data: Uint8Array) => Buffer.from(data).toString('hex')
/** Every invalid case of `list` is refused by `read` with the code it names. */
export function refuses(list: Vectors[], read: (one: Vectors) => unknown): void {
  test.each(list.map((one) => [one.requirement, one.name ?? '', one] as const))(
    '%s %s',
    async (_, __, one) => {
      expect(await refusal(() => read(one))).toBe(one.error)
    }
  )
}

/** Every valid record is written to its bytes and read back from them. */
export function bothWays<S extends z.ZodType>(schema: S, list: Vectors[], of = 'bytes'): void {
  test.each(list.map((one) => [one.name, one] as const))('%s', (_, one) => {
    expect(hex(encodeRecord(schema, one.input))).toBe(one[of])
    expect(decodeRecord(schema, bytes(one[of]))).toEqual(one.input)
  })
}
