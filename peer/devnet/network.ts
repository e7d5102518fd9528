import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { DatanetError } from '../../protocol/base/errors.ts'
import type { ChainContracts } from '../chain/chain.ts'

const address = z.string().regex(/^0x[0-9a-f]{40}$/)

const networkSchema = z.strictObject({
  bootstrap: z.array(z.string()),
  rpcUrl: z.url(),
  contracts: z.strictObject({
    chainId: z.int().min(1),
    registry: address,
    escrow: address,
    pool: address,
    bond: address,
    bounty: z.exactOptional(address),
    token: address
  }),
  topic: z.exactOptional(z.string().min(1))
})

/** What a peer joins by: other peers, unless it is the first, and the chain. */
export interface NetworkFile {
  readonly bootstrap: readonly string[]
  readonly rpcUrl: string
  readonly contracts: ChainContracts
  readonly topic?: string
}

/** All that a participant of a devnet is given: also what to look for. */
export interface Network extends NetworkFile {
  readonly topic: string
}

/** Keeps `network` in `file`, for peers that join it. */
export function writeNetwork(file: string, network: NetworkFile): void {
  const { chainId, ...addresses } = network.contracts
  const json = { ...network, contracts: { chainId: Number(chainId), ...addresses } }
  writeFileSync(file, `${JSON.stringify(json, null, 2)}\n`)
}

/** The network in `file`. Refuses what is missing or not such a file (CONFIG_INVALID). */
export function readNetwork(file: string): NetworkFile {
  let parsed: z.output<typeof networkSchema>
  try {
    parsed = networkSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    const hint = `${file} is not a network file, as datanet devnet, peer start --chain embedded and chain deploy write it`
    throw new DatanetError('CONFIG_INVALID', { file }, { cause, hint })
  }
  const { chainId, ...addresses } = parsed.contracts
  return { ...parsed, contracts: { chainId: BigInt(chainId), ...addresses } }
}
