import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  randomFillSync
} from 'node:crypto'
import type { PrivateKey } from '@libp2p/interface'
import { DatanetError } from '../../protocol/base/errors.ts'

/** Keeps private bytes unreadable on the disk, under a key that the peer has again after a restart. */
export interface Sealer {
  /** The sealed form of `bytes`, which opens under the same `name` only. */
  seal(name: string, bytes: Uint8Array): Uint8Array
  /** Refuses what was not sealed by this peer under `name` (STORE_FAILED). */
  open(name: string, sealed: Uint8Array): Uint8Array
}

const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Nonces drawn at once: each is used for one seal. */
const NONCES = 256

/** A sealer for `purpose` whose key follows from the peer's own. */
export function createSealer(peerKey: PrivateKey, purpose: string): Sealer {
  const secret = Buffer.from(hkdfSync('sha256', peerKey.raw, '', `datanet/${purpose}`, 32))
  const key = createSecretKey(secret)
  const nonces = Buffer.alloc(NONCES * NONCE_BYTES)
  let used = NONCES

  function nextNonce(): Uint8Array {
    if (used === NONCES) {
      randomFillSync(nonces)
      used = 0
    }
    const from = used * NONCE_BYTES
    used += 1
    return nonces.subarray(from, from + NONCE_BYTES)
  }

  return {
    seal(name, bytes) {
      const nonce = nextNonce()
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name))
      const body = cipher.update(bytes)
      cipher.final()
      return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), body]))
    },
    open(name, sealed) {
      try {
        const nonce = sealed.subarray(0, NONCE_BYTES)
        const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)
        const cipher = createDecipheriv('aes-256-gcm', key, nonce)
        cipher.setAAD(Buffer.from(name)).setAuthTag(tag)
        const body = cipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES))
        cipher.final()
        return new Uint8Array(body)
      } catch (cause) {
        throw new DatanetError('STORE_FAILED', { sealed: name.slice(0, 32) }, { cause })
      }
    }
  }
}
