import { readFileSync } from 'node:fs'
import { Interface } from 'ethers'
import type { SignedVoucher } from '../../protocol/channel/voucher.ts'
import { compileContracts } from '../../protocol/contracts/compile.ts'
import type { World } from './world.ts'

/** Solidity's opinion of vouchers: see solidity/VoucherReader.sol. */
export interface VoucherReader {
  /** The contract that vouchers are signed for. */
  readonly address: string
  readonly typeHash: string
  /** Per voucher its digest and its signer, zero where the signature is none; lowercase 0x. */
  read(
    vouchers: readonly SignedVoucher[]
  ): Promise<ReadonlyArray<{ digest: string; signer: string }>>
}

export async function deployVoucherReader(world: World): Promise<VoucherReader> {
  const source = readFileSync(new URL('solidity/VoucherReader.sol', import.meta.url), 'utf8')
  const { VoucherReader } = compileContracts({ 'VoucherReader.sol': source })
  if (VoucherReader === undefined) throw new Error('VoucherReader did not compile')
  const abi = new Interface(JSON.stringify(VoucherReader.abi))
  const deployment = { data: VoucherReader.bytecode, what: 'deploy' }
  const sent = await world.senderOf('deployer').send(deployment)
  const address = `${sent.contractAddress}`.toLowerCase()

  async function call(method: string, args: readonly unknown[]) {
    const data = abi.encodeFunctionData(method, args)
    const request = { to: address, data, gas: '0xffffff' }
    const answer = await world.rpc('eth_call', [request, 'latest'])
    return abi.decodeFunctionResult(method, answer as string)
  }
  return {
    address,
    typeHash: String((await call('VOUCHER_TYPEHASH', []))[0]),
    async read(vouchers) {
      const rows = vouchers.map(({ signature, ...voucher }) => ({
        ...voucher,
        r: signature.subarray(0, 32),
        vs: signature.subarray(32)
      }))
      const [digests, signers] = await call('read', [rows])
      return vouchers.map((_, index) => ({
        digest: digests[index],
        signer: signers[index].toLowerCase()
      }))
    }
  }
}
