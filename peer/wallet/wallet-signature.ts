import { Signature, TypedDataEncoder } from 'ethers'
import { DatanetError } from '../../protocol/base/errors.ts'
import type { TypedDomain, TypedStruct } from '../../protocol/base/typed-data.ts'

/** Typed data as `eth_signTypedData_v4` takes it: every wallet shows its fields and signs it. */
export interface WalletRequest {
  readonly domain: Record<string, string>
  readonly types: Record<string, { name: string; type: string }[]>
  readonly primaryType: string
  readonly message: Record<string, string>
}

/** What a person's wallet is asked to sign for `value`; its digest is typedDigest's. */
export function walletRequest(
  domain: TypedDomain,
  struct: TypedStruct,
  value: Record<string, unknown>
): WalletRequest {
  const types = { [struct.name]: [...struct.fields] }
  const message = Object.fromEntries(struct.fields.map(({ name }) => [name, value[name]]))
  return TypedDataEncoder.getPayload({ ...domain }, types, message) as WalletRequest
}

/**
 * The compact form of what a wallet gave back: 65 bytes with the recovery number last, or 64 in the
 * compact form already, as 0x text. Refuses anything else (INPUT_INVALID).
 */
export function compactSignature(text: string): Uint8Array {
  try {
    const { compactSerialized } = Signature.from(text.trim())
    return Uint8Array.from(Buffer.from(compactSerialized.slice(2), 'hex'))
  } catch (cause) {
    const hint = 'a signature is 0x and 64 or 65 bytes in hexadecimal, as a wallet gives it'
    throw new DatanetError('INPUT_INVALID', { param: 'signature' }, { cause, hint })
  }
}
