import { deployContracts } from '../../../peer/chain/deploy.ts'
import { createEmbeddedChain } from '../../../peer/chain/embedded-chain.ts'
import { serveRpc } from '../../../peer/chain/rpc-server.ts'
import { keySigner } from '../../../protocol/base/typed-data.ts'
import { type Child, startChild } from './child.ts'
import type { OurChain } from './settings.ts'

/** Payers and a provider of ours in processes of their own, with a chain in this one. */
export interface OurWorld {
  readonly payers: readonly Child[]
  readonly provider: Child
  stop(): Promise<void>
}

/** `through` gives the address under which the payer dials the provider: a proxy's, say. */
export async function startOurWorld(
  init: {
    execArgv?: string[]
    payers?: number
    through?: (address: string) => Promise<string>
  } = {}
): Promise<OurWorld> {
  const chain = await createEmbeddedChain({ blockMs: 5 })
  const secretKey = new Uint8Array(32).fill(5)
  await chain.request('datanet_faucet', [keySigner(secretKey).address])
  const contracts = await deployContracts({ rpc: chain.request, secretKey, dropDelayS: 2 })
  chain.useFaucetToken(contracts.token)
  const rpc = await serveRpc(chain.request)
  const ours: OurChain = { rpcUrl: rpc.url, contracts }
  const file = (name: string) => new URL(`./${name}.ts`, import.meta.url)
  const provider = await startChild(file('our-provider'), ours, init.execArgv)
  const offers = await provider.ask<{ address: string }>({ do: 'offers' })
  const address = (await init.through?.(offers.address)) ?? offers.address
  const payers: Child[] = []
  for (let index = 0; index < (init.payers ?? 1); index++) {
    const payer = await startChild(file('our-payer'), {}, init.execArgv)
    const account = await payer.ask<string>({ do: 'join', ...ours, ...offers, address })
    await chain.request('datanet_faucet', [account])
    payers.push(payer)
  }
  return {
    payers,
    provider,
    async stop() {
      for (const payer of payers) await payer.stop()
      await provider.stop()
      await rpc.close()
      await chain.close()
    }
  }
}
