import { sha256 } from '../base/codec.ts'
import { DatanetError } from '../base/errors.ts'
import { keccak256 } from '../base/keccak.ts'
import { buildMerkleTree, merkleRootOf } from '../base/merkle.ts'
import { addressOfPublicKey, publicKeyOf, recoverAddress, secp256k1 } from '../base/secp256k1.ts'
import { hashWords, hexWord, uintWord, wordsDigest } from '../channel/words.ts'
import { encodeReceiptBody, type Receipt, type SignedReceipt } from './receipt.ts'

const TYPE_HASH = keccak256(Buffer.from('Receipt(bytes32 channelId,uint64 seq,bytes32 leaf)'))
const GROUP_TYPE_HASH = keccak256(Buffer.from('ReceiptGroup(bytes32 root)'))
/** Groups whose signer is remembered: each receipt of one comes by itself. */
const KNOWN_GROUPS = 256

/** A receipt in the bytes that will be signed. */
export interface UnsignedReceipt {
  readonly receipt: Receipt
  readonly body: Uint8Array
  readonly leaf: Uint8Array
}

/** Signs receipts of one escrow with one key, without a promise. */
export interface ReceiptSigner {
  readonly address: string
  /** Refuses receipts outside the schema (RECORD_MALFORMED). */
  prepare(receipt: Receipt): UnsignedReceipt
  /** One signature for all of them, in their order; the caller appends (seq, leaf) durably with it. */
  signAll(receipts: readonly UnsignedReceipt[]): SignedReceipt[]
  /** One receipt alone. */
  sign(receipt: Receipt): SignedReceipt
}

/** What the accumulator holds for a receipt: sha256 of its body. */
export function receiptLeaf(body: Uint8Array): Uint8Array {
  return sha256(body)
}

/**
 * What is signed for a receipt: the EIP-712 digest of {channelId, seq, leaf} under the escrow's
 * separator or, with the `path` of a receipt that was signed with others, of the root it leads to.
 * specs/08-receipt.md §Groups
 */
export function receiptDigest(
  domainSeparator: Uint8Array,
  receipt: Pick<Receipt, 'channelId' | 'seq'>,
  leaf: Uint8Array,
  path: readonly Uint8Array[] = []
): Uint8Array {
  const { channelId, seq } = receipt
  if (path.length === 0) {
    return wordsDigest(domainSeparator, TYPE_HASH, hexWord(channelId), uintWord(seq), leaf)
  }
  const root = merkleRootOf(structHash(channelId, seq, leaf), path)
  return wordsDigest(domainSeparator, GROUP_TYPE_HASH, root)
}

/** A signer of receipts for one escrow. */
export function createReceiptSigner(
  domainSeparator: Uint8Array,
  secretKey: Uint8Array
): ReceiptSigner {
  function prepare(receipt: Receipt): UnsignedReceipt {
    const body = encodeReceiptBody(receipt)
    return { receipt, body, leaf: receiptLeaf(body) }
  }
  function signOne({ receipt, body, leaf }: UnsignedReceipt): SignedReceipt {
    const digest = receiptDigest(domainSeparator, receipt, leaf)
    return { receipt, body, signature: secp256k1.sign(digest, secretKey) }
  }
  return {
    address: addressOfPublicKey(publicKeyOf(secretKey)),
    prepare,
    sign: (receipt) => signOne(prepare(receipt)),
    signAll(receipts) {
      if (receipts.length < 2) return receipts.map(signOne)
      const hashes = receipts.map(({ receipt: { channelId, seq }, leaf }) =>
        structHash(channelId, seq, leaf)
      )
      const tree = buildMerkleTree(hashes)
      const digest = wordsDigest(domainSeparator, GROUP_TYPE_HASH, tree.root)
      const signature = secp256k1.sign(digest, secretKey)
      return receipts.map(({ receipt, body }, index) => {
        return { receipt, body, path: tree.proof(index), signature }
      })
    }
  }
}

/** Refuses a receipt that `receiptSigner` (0x address) did not sign (SIGNATURE_INVALID). */
export function verifyReceiptSignature(
  domainSeparator: Uint8Array,
  { receipt, body, path, signature }: SignedReceipt,
  receiptSigner: string
): void {
  const digest = receiptDigest(domainSeparator, receipt, receiptLeaf(body), path)
  const signer =
    path === undefined ? recoverAddress(digest, signature) : groupSigner(digest, signature)
  if (signer !== receiptSigner) {
    throw new DatanetError('SIGNATURE_INVALID', { struct: 'Receipt', signer, receiptSigner })
  }
}

const signers = new Map<string, string>()

/** As `recoverAddress`, once for all receipts of a group. */
function groupSigner(digest: Uint8Array, signature: Uint8Array): string {
  const name = Buffer.concat([digest, signature]).toString('latin1')
  const known = signers.get(name)
  if (known !== undefined) return known
  const signer = recoverAddress(digest, signature)
  if (signers.size >= KNOWN_GROUPS) signers.clear()
  signers.set(name, signer)
  return signer
}

/** The EIP-712 struct hash: a node of a group's tree cannot be one, since it hashes 64 bytes. */
function structHash(channelId: string, seq: number, leaf: Uint8Array): Uint8Array {
  return hashWords(TYPE_HASH, hexWord(channelId), uintWord(seq), leaf)
}
