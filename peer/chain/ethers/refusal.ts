import { Interface } from 'ethers'
import { DatanetError, isAbort, isDatanetError } from '../../../protocol/base/errors.ts'
import { BountyEscrow } from '../../../protocol/contracts/abi/BountyEscrow.ts'
import { ChannelEscrow } from '../../../protocol/contracts/abi/ChannelEscrow.ts'
import { DatanetRegistry } from '../../../protocol/contracts/abi/DatanetRegistry.ts'
import { DevnetToken } from '../../../protocol/contracts/abi/DevnetToken.ts'
import { ProviderBond } from '../../../protocol/contracts/abi/ProviderBond.ts'
import { RewardPool } from '../../../protocol/contracts/abi/RewardPool.ts'
import { RpcError } from '../rpc.ts'

const errors = new Interface(
  [ChannelEscrow, DatanetRegistry, RewardPool, ProviderBond, BountyEscrow, DevnetToken]
    .flatMap(({ abi }) => abi as ReadonlyArray<{ type: string; name?: string }>)
    .filter((entry) => entry.type === 'error')
    // Two contracts may share an error of a library.
    .filter((entry, i, all) => all.findIndex((other) => other.name === entry.name) === i)
)

/**
 * What a failed request means in our vocabulary: CHAIN_REVERTED with the contract's error name and
 * its arguments in `details`, FUNDS_INSUFFICIENT when coins or tokens are short, CHAIN_UNREACHABLE
 * for anything else a node says. Aborts and our own errors come back as they are.
 */
export function refusalOf(error: unknown, details: Record<string, unknown>): Error {
  if (isDatanetError(error) || isAbort(error)) return error as Error
  if (!(error instanceof RpcError)) {
    return new DatanetError('CHAIN_WRONG', details, {
      cause: error,
      hint: 'no such contract at this address'
    })
  }
  if (/insufficient funds|enough funds/i.test(error.message)) {
    return new DatanetError('FUNDS_INSUFFICIENT', { ...details, asset: 'gas' }, { cause: error })
  }
  const revert = decode(error.data)
  if (revert?.error === 'ERC20InsufficientBalance') {
    const [account, heldWei, neededWei] = revert.args
    return new DatanetError(
      'FUNDS_INSUFFICIENT',
      { ...details, asset: 'token', account, heldWei, neededWei },
      { cause: error }
    )
  }
  if (revert !== undefined) {
    return new DatanetError(
      'CHAIN_REVERTED',
      { ...details, ...revert },
      { cause: error, hint: revert.error }
    )
  }
  if (error.data !== undefined || /revert/i.test(error.message)) {
    return new DatanetError('CHAIN_REVERTED', details, { cause: error, hint: error.message })
  }
  return new DatanetError(
    'CHAIN_UNREACHABLE',
    { ...details, rpcCode: error.rpcCode },
    { cause: error, hint: error.message }
  )
}

/** Arguments as text: details are shown and sent as JSON. */
function decode(data: string | undefined): { error: string; args: string[] } | undefined {
  if (data === undefined || data.length < 10) return undefined
  try {
    const parsed = errors.parseError(data)
    if (parsed === null) return undefined
    return { error: parsed.name, args: parsed.args.map((arg) => `${arg}`.toLowerCase()) }
  } catch {
    return undefined
  }
}
