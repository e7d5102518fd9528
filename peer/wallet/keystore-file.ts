import { scrypt as nodeScrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { decryptKeystoreJson, encryptKeystoreJson, getAddress, scrypt } from 'ethers'
import { z } from 'zod'
import { DatanetError, isDatanetError } from '../../protocol/base/errors.ts'
import type { ScryptCost } from './keystore.ts'

/** A file that somebody made to be dear must take neither all memory nor all time. */
const MAX_SCRYPT_BYTES = 2 ** 29
const MAX_LANES = 16
const MAX_ROUNDS = 10_000_000
const MIN_CHARACTERS = 8
/** What wallets expect of such a file: 128 MiB for every guess. */
const COST: ScryptCost = { N: 2 ** 17, r: 8, p: 1 }

// Node's own is ten times as fast as the one in JavaScript, and does not hold up who else is served.
const native = promisify<string | Uint8Array, Uint8Array, number, object, Buffer>(nodeScrypt)
scrypt.register(async (passphrase, salt, N, r, p, bytes) => {
  const options = { N, r, p, maxmem: 2 * 128 * r * (N + p) }
  return new Uint8Array(await native(passphrase, salt, bytes, options))
})

const whole = z.int().min(1)
const shape = z.looseObject({
  version: z.literal(3),
  crypto: z.looseObject({
    kdf: z.enum(['scrypt', 'pbkdf2']),
    kdfparams: z.looseObject({
      n: z.exactOptional(whole),
      r: z.exactOptional(whole),
      p: z.exactOptional(whole),
      c: z.exactOptional(whole)
    })
  })
})

/**
 * The 32-byte key in an Ethereum V3 keystore, the form that wallets write. Refuses text that is none,
 * one that would take too much to open, or whose address is another's (INPUT_INVALID), and a
 * passphrase that does not open it (PASSPHRASE_WRONG).
 */
export async function openKeystoreFile(text: string, passphrase: string): Promise<Uint8Array> {
  refuseOther(text)
  try {
    const { privateKey } = await decryptKeystoreJson(text, words(passphrase))
    return Uint8Array.from(Buffer.from(privateKey.slice(2), 'hex'))
  } catch (cause) {
    if (/incorrect password/i.test(String(cause))) {
      throw new DatanetError('PASSPHRASE_WRONG', {}, { cause })
    }
    throw noKeystore('this keystore cannot be read', cause)
  }
}

/**
 * An Ethereum V3 keystore with `secretKey`, as text. Refuses a passphrase of fewer than eight
 * characters (INPUT_INVALID).
 */
export async function sealKeystoreFile(
  address: string,
  secretKey: Uint8Array,
  passphrase: string,
  cost: ScryptCost = COST
): Promise<string> {
  if ([...passphrase].length < MIN_CHARACTERS) {
    const hint = `a passphrase has ${MIN_CHARACTERS} characters or more`
    throw new DatanetError('INPUT_INVALID', {}, { hint })
  }
  const privateKey = `0x${Buffer.from(secretKey).toString('hex')}`
  const account = { address: getAddress(address), privateKey }
  return encryptKeystoreJson(account, words(passphrase), { scrypt: cost })
}

/**
 * The address that `text` means, in lowercase. Refuses what is none, one whose mixed case is not its
 * checksum, which is how a mistyped one looks, and the address of nobody (INPUT_INVALID).
 */
export function readAddress(text: string): string {
  const refuse = (hint: string, cause?: unknown) =>
    new DatanetError('INPUT_INVALID', { param: 'to' }, { cause, hint })
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw refuse('an address is 0x and 40 hexadecimal digits')
  if (/^0x0{40}$/.test(text)) throw refuse('nobody can spend from the address 0')
  try {
    return getAddress(text).toLowerCase()
  } catch (cause) {
    throw refuse('the upper and lower case of this address do not fit it: a digit is wrong', cause)
  }
}

function refuseOther(text: string): void {
  try {
    const { crypto } = shape.parse(lowercaseKeys(JSON.parse(text)))
    const { n = 1, r = 1, p = 1, c = 1 } = crypto.kdfparams
    if (128 * n * r > MAX_SCRYPT_BYTES || p > MAX_LANES || c > MAX_ROUNDS) {
      throw noKeystore('this keystore would take too much memory or time to open')
    }
  } catch (cause) {
    throw isDatanetError(cause) ? cause : noKeystore('this is no Ethereum V3 keystore', cause)
  }
}

/** As ethers reads them: some writers have capitals. */
function lowercaseKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([key, one]) => [key.toLowerCase(), lowercaseKeys(one)])
  return Object.fromEntries(entries)
}

function noKeystore(hint: string, cause?: unknown): DatanetError {
  return new DatanetError('INPUT_INVALID', { param: 'keystore' }, { cause, hint })
}

/** The same words from another keyboard are the same words; ethers does so for text, too. */
function words(passphrase: string): string {
  return passphrase.normalize('NFKC')
}
