import { hash } from 'node:crypto'

/**
 * Node's own hash of `bytes` by an algorithm that it names, made once per call at least a dozen times:
 * the text form is read, since a buffer of its own for each would cost more than the hash.
 */
export function nativeHash(algorithm: string, bytes: Uint8Array): Uint8Array {
  const text = hash(algorithm, bytes, 'latin1')
  const digest = new Uint8Array(text.length)
  for (let index = 0; index < digest.length; index++) digest[index] = text.charCodeAt(index)
  return digest
}
