import { isDatanetError } from '../../protocol/base/errors.ts'
import { addressOfPublicKey, javascriptSecp256k1 } from '../../protocol/base/secp256k1.ts'
import { domainSeparator } from '../../protocol/base/typed-data.ts'
import { escrowDomain } from '../../protocol/channel/terms.ts'
import {
  createVoucherSigner,
  decodeVoucher,
  encodeVoucher,
  type SignedVoucher,
  verifyVoucher,
  voucherDigest
} from '../../protocol/channel/voucher.ts'
import type { VoucherReader } from '../contracts/voucher-reader.ts'
import { anyVoucher } from './voucher-differential.ts'
import { MUTANTS } from './voucher-mutants.ts'

const CODES = ['VOUCHER_MALFORMED', 'SIGNATURE_INVALID']

/**
 * How many mutants of each class were refused: by us natively, by us in JavaScript, and by Solidity.
 * Throws for the first that any of them takes. `count` vouchers are changed in every way.
 */
export async function refuseMutants(
  reader: VoucherReader,
  count: number
): Promise<Readonly<Record<string, number>>> {
  const separator = domainSeparator(escrowDomain(31_337n, reader.address))
  const signer = createVoucherSigner(separator, new Uint8Array(32).fill(9))
  const refused: Record<string, number> = {}
  let index = 0
  for (let done = 0; done < count; index++) {
    const { channelId, cumulativeWei, royaltyWei, receipts, receiptsRoot } = anyVoucher(index)
    // Every class must change something, and stay inside what Solidity can be given.
    if (royaltyWei < 1n || royaltyWei >= cumulativeWei || receipts < 2) continue
    if (cumulativeWei >= 2n ** 127n || receipts >= 2 ** 52) continue
    done += 1
    const signed = signer.sign({ channelId, cumulativeWei, royaltyWei, receipts, receiptsRoot })
    const mutants = Object.entries(MUTANTS).map(([name, change]) => [name, change(signed)] as const)
    const read = await reader.read(mutants.map(([, mutant]) => mutant))
    for (const [at, [name, mutant]] of mutants.entries()) {
      const taken =
        (isTaken(separator, mutant, signer.address) && 'our own') ||
        (isTakenInJavascript(separator, mutant, signer.address) && 'JavaScript') ||
        (read[at]?.signer === signer.address && 'Solidity')
      if (taken) throw new Error(`voucher ${index} with ${name} is taken by ${taken}`)
      refused[name] = (refused[name] ?? 0) + 1
    }
  }
  return refused
}

function isTaken(separator: Uint8Array, mutant: SignedVoucher, signer: string): boolean {
  try {
    verifyVoucher(separator, decodeVoucher(encodeVoucher(mutant)), signer)
    return true
  } catch (error) {
    if (isDatanetError(error) && CODES.includes(error.code)) return false
    throw error
  }
}

function isTakenInJavascript(
  separator: Uint8Array,
  mutant: SignedVoucher,
  signer: string
): boolean {
  try {
    const key = javascriptSecp256k1.recover(voucherDigest(separator, mutant), mutant.signature)
    return addressOfPublicKey(key) === signer
  } catch {
    return false
  }
}
