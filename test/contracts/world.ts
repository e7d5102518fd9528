import { Interface } from 'ethers'
import type { Chain, ChainContracts } from '../../peer/chain/chain.ts'
import { deployContracts } from '../../peer/chain/deploy.ts'
import { createEvm } from '../../peer/chain/embedded/edr.ts'
import type { ClaimRow } from '../../peer/chain/escrow.ts'
import { createSender, type Sender } from '../../peer/chain/ethers/sender.ts'
import { createEthersChain } from '../../peer/chain/ethers-chain.ts'
import type { Rpc } from '../../peer/chain/rpc.ts'
import { keccak256 } from '../../protocol/base/keccak.ts'
import { secp256k1 } from '../../protocol/base/secp256k1.ts'
import { domainSeparator, keySigner } from '../../protocol/base/typed-data.ts'
import { CLOSE } from '../../protocol/channel/orders.ts'
import { channelIdOf, escrowDomain, type Terms } from '../../protocol/channel/terms.ts'
import { voucherDigest } from '../../protocol/channel/voucher.ts'
import { DevnetToken } from '../../protocol/contracts/abi/DevnetToken.ts'
import { REVISION_APPROVAL, registryDomain } from '../../protocol/datanet/revision.ts'
import type { Equivocation } from '../../protocol/receipt/equivocation.ts'
import { receiptDigest } from '../../protocol/receipt/receipt-signature.ts'

import { accountOf, hashOf, keyOf, signAll } from './people.ts'

export const DROP_DELAY_S = 1_000
export const ZERO_HASH = `0x${'00'.repeat(32)}`

/** A chain whose clock stands still unless told, with the contracts on it and people by name. */
export interface World {
  readonly contracts: ChainContracts
  readonly rpc: Rpc
  /** The chain as `name` uses it: a funded account of its own. */
  as(name: string): Chain
  /** A raw sender of `name`, for what the Chain interface does not offer. */
  senderOf(name: string): Sender
  /** Gives `name` tokens: 100 by default. */
  drip(name: string): Promise<void>
  warp(seconds: number): Promise<void>
  /** Runs `work` and then undoes what it did to the chain; the clock stays where it got. */
  undone(work: () => Promise<void>): Promise<void>
  terms(over?: Partial<Terms>): Terms
  /** A claim row for a voucher signed by `signer`. */
  row(terms: Terms, over: Partial<Omit<ClaimRow, 'terms'>>, signer?: string): ClaimRow
  /** The Close of `row`'s voucher, signed by `receiptSigner`; it counts for an hour unless told. */
  closing(
    row: ClaimRow,
    receiptSigner: string,
    deadlineS?: number
  ): Promise<{ deadlineS: number; signature: Uint8Array }>
  /** Two different receipts for one place, signed by `receiptSigner`. */
  equivocation(receiptSigner: string, channelId: string, seq: number): Equivocation
  /** The same, the second one signed together with a receipt of another place. */
  groupedEquivocation(receiptSigner: string, channelId: string, seq: number): Equivocation
  /** RevisionApproval signatures by `names`. */
  approve(names: string[], value: Record<string, unknown>): Promise<Uint8Array[]>
}

export async function createWorld(people: readonly string[]): Promise<World> {
  const balances = Object.fromEntries(
    ['deployer', ...people].map((name) => [accountOf(name), 10n ** 21n])
  )
  let nowS = 1_800_000_000
  const evm = await createEvm({ chainId: 31_337n, timeS: BigInt(nowS), balances })
  const mine = async (): Promise<void> => {
    await evm('evm_setNextBlockTimestamp', [`0x${nowS.toString(16)}`])
    await evm('evm_mine', [])
  }
  const rpc: Rpc = async (method, params) => {
    const result = await evm(method, params)
    if (method === 'eth_sendRawTransaction') await mine()
    return result
  }
  const contracts = await deployContracts({
    rpc,
    secretKey: keyOf('deployer'),
    dropDelayS: DROP_DELAY_S
  })
  const separator = domainSeparator(escrowDomain(contracts.chainId, contracts.escrow))
  const token = new Interface(DevnetToken.abi)
  const chains = new Map<string, Chain>()
  const senderOf = (name: string): Sender =>
    createSender({
      rpc,
      secretKey: keyOf(name),
      chainId: contracts.chainId,
      confirmations: 1,
      pollMs: 1,
      inclusionMs: 2_000
    })
  const world: World = {
    contracts,
    rpc,
    senderOf,
    as(name) {
      const known = chains.get(name)
      if (known !== undefined) return known
      const chain = createEthersChain({
        rpc,
        contracts,
        secretKey: keyOf(name),
        inclusionMs: 2_000
      })
      chains.set(name, chain)
      return chain
    },
    async drip(name) {
      const data = token.encodeFunctionData('drip', [accountOf(name)])
      await senderOf('deployer').send({ to: contracts.token, data, what: 'drip' })
    },
    async warp(seconds) {
      nowS += seconds
      await mine()
    },
    async undone(work) {
      const snapshot = await evm('evm_snapshot', [])
      try {
        await work()
      } finally {
        await evm('evm_revert', [snapshot])
        // They remember nonces of transactions that are no more.
        chains.clear()
      }
    },
    terms(over = {}) {
      return {
        payer: accountOf('payer'),
        signer: accountOf('payer'),
        operator: accountOf('operator'),
        receiptSigner: accountOf('operator'),
        auditor: hashOf('auditor'),
        token: contracts.token,
        withdrawDelayS: 3_600,
        salt: hashOf('salt'),
        ...over
      }
    },
    row(terms, over, signer = 'payer') {
      const voucher = {
        channelId: channelIdOf(escrowDomain(contracts.chainId, contracts.escrow), terms),
        cumulativeWei: 0n,
        royaltyWei: 0n,
        receipts: 1,
        receiptsRoot: hashOf('receipts'),
        ...over
      }
      // Signed without the protocol's checks: who cheats does not use them.
      const signature = secp256k1.sign(voucherDigest(separator, voucher), keyOf(signer))
      return { ...voucher, terms, signature }
    },
    async closing(row, receiptSigner, deadlineS = nowS + 3_600) {
      const domain = escrowDomain(contracts.chainId, contracts.escrow)
      const { cumulativeWei, royaltyWei } = row
      const channelId = channelIdOf(domain, row.terms)
      const value = { channelId, cumulativeWei, royaltyWei, deadline: deadlineS }
      const signature = await keySigner(keyOf(receiptSigner)).signTypedData(domain, CLOSE, value)
      return { deadlineS, signature }
    },
    equivocation(receiptSigner, channelId, seq) {
      const signed = (text: string) => {
        const leaf = hashOf(text)
        const digest = receiptDigest(
          separator,
          { channelId, seq },
          Buffer.from(leaf.slice(2), 'hex')
        )
        return { leaf, signature: secp256k1.sign(digest, keyOf(receiptSigner)) }
      }
      return { channelId, seq, a: signed('one answer'), b: signed('another answer') }
    },
    groupedEquivocation(receiptSigner, channelId, seq) {
      const { a, b } = world.equivocation(receiptSigner, channelId, seq)
      const path = [keccak256(Buffer.from('another receipt'))]
      const leaf = Buffer.from(b.leaf.slice(2), 'hex')
      const digest = receiptDigest(separator, { channelId, seq }, leaf, path)
      const signature = secp256k1.sign(digest, keyOf(receiptSigner))
      return { channelId, seq, a, b: { leaf: b.leaf, path, signature } }
    },
    approve(names, value) {
      const domain = registryDomain(Number(contracts.chainId), contracts.registry)
      return signAll(names, domain, REVISION_APPROVAL, value)
    }
  }
  return world
}

/** The error name in a refusal, for `expect(...).rejects`. */
export function reverted(error: string): object {
  return { code: 'CHAIN_REVERTED', details: { error } }
}
