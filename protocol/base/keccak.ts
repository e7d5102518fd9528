import { getHashes, hash } from 'node:crypto'
import { keccak_256 } from '@noble/hashes/sha3.js'

/** Node's own is five times as fast; a Node without it has the one in JavaScript. */
const isNative = getHashes().includes('keccak-256')

/** keccak256 of `bytes`, as the chain computes it: 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return isNative ? new Uint8Array(hash('keccak-256', bytes, 'buffer')) : keccak_256(bytes)
}
