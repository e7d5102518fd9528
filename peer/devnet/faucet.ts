import { createHttpRpc, RpcError } from '../chain/rpc.ts'

/**
 * Asks the chain at `rpcUrl` for gas and tokens for `account`, as a devnet gives them to anybody;
 * false where the chain is no devnet. Refuses with CHAIN_UNREACHABLE.
 */
export async function askFaucet(rpcUrl: string, account: string): Promise<boolean> {
  try {
    await createHttpRpc({ url: rpcUrl })('datanet_faucet', [account])
    return true
  } catch (error) {
    if (error instanceof RpcError) return false
    throw error
  }
}
