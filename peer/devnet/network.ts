import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { DatanetError } from '../../protocol/base/errors.ts'
import type { ChainContracts } from '../chain/chain.ts'

const address = z.string().regex(/^0x[0-9a-f]{40}$/)

const networkSchema = z.strictObject({
  bootstrap: z.array(z.string()).min(1),
  rpcUrl: z.url(),
  contracts: z.strictObject({
    chainId: z.int().min(1),
    registry: address,
    escrow: address,
    pool: address,
    bond: address,
    token: address
  }),
  topic: z.string().min(1)
})

/** All that a participant is given: whom to join by, the chain, and what to look for. */
export interface Network {
  readonly bootstrap: readonly string[]
  readonly rpcUrl: string
  readonly contracts: ChainContracts
  readonly topic: string
}

/** Keeps `network` in `file`, for peers that join from elsewhere on this machine. */
export function writeNetwork(file: string, network: Network): void {
  const { chainId, ...addresses } = network.contracts
  const json = { ...network, contracts: { chainId: Number(chainId), ...addresses } }
  writeFileSync(file, `${JSON.stringify(json, null, 2)}\n`)
}

/** The network in `file`. Refuses what is missing or not such a file (CONFIG_INVALID). */
export function readNetwork(file: string): Network {
  let parsed: z.output<typeof networkSchema>
  try {
    parsed = networkSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    const hint = `${file} is not the network file of a running devnet`
    throw new DatanetError('CONFIG_INVALID', { file }, { cause, hint })
  }
  const { chainId, ...addresses } = parsed.contracts
  return { ...parsed, contracts: { chainId: BigInt(chainId), ...addresses } }
}
