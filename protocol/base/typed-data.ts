import { getBytes, TypedDataEncoder } from 'ethers'
import { DatanetError } from './errors.ts'
import { addressOfPublicKey, publicKeyOf, recoverAddress, secp256k1 } from './secp256k1.ts'
import { plainDigest, typeStringOf } from './typed-hash.ts'

/** An EIP-712 domain. Records that no contract reads use one without chain and contract. */
export interface TypedDomain {
  readonly name: string
  readonly version: string
  readonly chainId?: bigint
  readonly verifyingContract?: string
}

/** One EIP-712 struct: its name and its fields in order. specs/03-signatures.md lists them all. */
export interface TypedStruct {
  readonly name: string
  readonly fields: ReadonlyArray<{ readonly name: string; readonly type: string }>
}

/** Who can sign typed data for one account: a key in this process or a person's wallet. */
export interface AccountSigner {
  /** The account, as a lowercase 0x address. */
  readonly address: string
  /** A compact 64-byte signature. */
  signTypedData(
    domain: TypedDomain,
    struct: TypedStruct,
    value: Record<string, unknown>
  ): Promise<Uint8Array>
}

/** The EIP-712 digest of `value`: 32 bytes, what is signed. */
export function typedDigest(
  domain: TypedDomain,
  struct: TypedStruct,
  value: Record<string, unknown>
): Uint8Array {
  const plain = plainDigest(domain, struct, value)
  if (plain !== undefined) return plain
  try {
    return getBytes(
      TypedDataEncoder.hash(ethersDomain(domain), { [struct.name]: [...struct.fields] }, value)
    )
  } catch (cause) {
    throw new DatanetError('RECORD_MALFORMED', { struct: struct.name }, { cause })
  }
}

/** The EIP-712 domain separator: cached by whoever hashes many values of one domain. */
export function domainSeparator(domain: TypedDomain): Uint8Array {
  return getBytes(TypedDataEncoder.hashDomain(ethersDomain(domain)))
}

/** The EIP-712 type string, for comparison with the contracts' constants. */
export function typeString(struct: TypedStruct): string {
  return typeStringOf(struct)
}

/** The account that signed `value`. Refuses malformed signatures (SIGNATURE_INVALID). */
export function recoverTypedData(
  domain: TypedDomain,
  struct: TypedStruct,
  value: Record<string, unknown>,
  signature: Uint8Array
): string {
  return recoverAddress(typedDigest(domain, struct, value), signature)
}

/** Refuses a signature over `value` that is not by `account` (SIGNATURE_INVALID). */
export function verifyTypedData(
  domain: TypedDomain,
  struct: TypedStruct,
  value: Record<string, unknown>,
  signature: Uint8Array,
  account: string
): void {
  const signer = recoverTypedData(domain, struct, value, signature)
  if (signer !== account.toLowerCase()) {
    throw new DatanetError('SIGNATURE_INVALID', { struct: struct.name, account, signer })
  }
}

/** A signer over a 32-byte secp256k1 secret held in memory. */
export function keySigner(secretKey: Uint8Array): AccountSigner {
  return {
    address: addressOfPublicKey(publicKeyOf(secretKey)),
    async signTypedData(domain, struct, value) {
      return secp256k1.sign(typedDigest(domain, struct, value), secretKey)
    }
  }
}

function ethersDomain(domain: TypedDomain): Record<string, unknown> {
  return { ...domain }
}
