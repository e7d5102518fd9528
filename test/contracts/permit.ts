import type { TokenPermit } from '../../peer/chain/escrow.ts'
import { createContract } from '../../peer/chain/ethers/contract.ts'
import { keySigner } from '../../protocol/base/typed-data.ts'
import { DevnetToken } from '../../protocol/contracts/abi/DevnetToken.ts'
import { accountOf, keyOf } from './people.ts'
import type { World } from './world.ts'

const PERMIT = {
  name: 'Permit',
  fields: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' }
  ]
}

/** The permit of `name` for the devnet's token, to the escrow unless another is named, at its present nonce. */
export async function permitOf(
  world: World,
  name: string,
  valueWei: bigint,
  deadlineS: number,
  spender: string = world.contracts.escrow
): Promise<TokenPermit> {
  const { chainId, token } = world.contracts
  const contract = createContract(DevnetToken.abi, token, world.rpc)
  const [nonce] = await contract.read('nonces', [accountOf(name)])
  const domain = { name: 'Devnet credits', version: '1', chainId, verifyingContract: token }
  const value = {
    owner: accountOf(name),
    spender,
    value: valueWei,
    nonce,
    deadline: deadlineS
  }
  const signature = await keySigner(keyOf(name)).signTypedData(domain, PERMIT, value)
  return { valueWei, deadlineS, signature }
}
