import { Interface, id } from 'ethers'
import { expect, test } from 'vitest'
import { createContract } from '../../peer/chain/ethers/contract.ts'
import { typeString } from '../../protocol/base/typed-data.ts'
import { CLOSE, FUND, VAULT_FUND } from '../../protocol/channel/orders.ts'
import { TERMS } from '../../protocol/channel/terms.ts'
import { BountyEscrow } from '../../protocol/contracts/abi/BountyEscrow.ts'
import { ChannelEscrow } from '../../protocol/contracts/abi/ChannelEscrow.ts'
import { DatanetRegistry } from '../../protocol/contracts/abi/DatanetRegistry.ts'
import { ProviderBond } from '../../protocol/contracts/abi/ProviderBond.ts'
import { RewardPool } from '../../protocol/contracts/abi/RewardPool.ts'
import { renderArtifacts, staleArtifacts } from '../../protocol/contracts/build.ts'
import { FILL, LOCK } from '../../protocol/datanet/bounty-lock.ts'
import { REVISION_APPROVAL } from '../../protocol/datanet/revision.ts'
import { ROTATION } from '../../protocol/datanet/rotation.ts'
import { DROP_POST, DROP_VETO } from '../../protocol/reward/veto.ts'
import { createWorld } from './world.ts'

test('the committed ABI and bytecode are those of the sources', () => {
  const files = renderArtifacts()
  expect(staleArtifacts(files)).toEqual([])
  const [path] = Object.keys(files) as [string]
  expect(staleArtifacts({ ...files, [path]: `${files[path]} ` })).toEqual([path])
})

test('contracts and protocol hash the same structs', async () => {
  const { contracts, rpc } = await createWorld([])
  const registry = createContract(DatanetRegistry.abi, contracts.registry, rpc)
  const escrow = createContract(ChannelEscrow.abi, contracts.escrow, rpc)
  const pool = createContract(RewardPool.abi, contracts.pool, rpc)
  const bond = createContract(ProviderBond.abi, contracts.bond, rpc)
  const bounty = createContract(BountyEscrow.abi, contracts.bounty as string, rpc)
  const voucher =
    'Voucher(bytes32 channelId,uint128 cumulativeWei,uint128 royaltyWei,uint64 receipts,bytes32 receiptsRoot)'
  expect(await registry.read('REVISION_APPROVAL_TYPEHASH', [])).toEqual([
    id(typeString(REVISION_APPROVAL))
  ])
  expect(await escrow.read('TERMS_TYPEHASH', [])).toEqual([id(typeString(TERMS))])
  expect(await escrow.read('VOUCHER_TYPEHASH', [])).toEqual([id(voucher)])
  expect(await escrow.read('FUND_TYPEHASH', [])).toEqual([id(typeString(FUND))])
  expect(await escrow.read('VAULT_FUND_TYPEHASH', [])).toEqual([id(typeString(VAULT_FUND))])
  expect(await escrow.read('CLOSE_TYPEHASH', [])).toEqual([id(typeString(CLOSE))])
  expect(await registry.read('ROTATION_TYPEHASH', [])).toEqual([id(typeString(ROTATION))])
  expect(await pool.read('DROP_VETO_TYPEHASH', [])).toEqual([id(typeString(DROP_VETO))])
  expect(await pool.read('DROP_POST_TYPEHASH', [])).toEqual([id(typeString(DROP_POST))])
  const receipt = 'Receipt(bytes32 channelId,uint64 seq,bytes32 leaf)'
  expect(await bond.read('RECEIPT_TYPEHASH', [])).toEqual([id(receipt)])
  expect(await bounty.read('LOCK_TYPEHASH', [])).toEqual([id(typeString(LOCK))])
  expect(await bounty.read('FILL_TYPEHASH', [])).toEqual([id(typeString(FILL))])
  expect(`${await bounty.read('registry', [])}`.toLowerCase()).toBe(contracts.registry)
  // The escrow brought its pool, and the pool knows both of them.
  expect(await escrow.read('rewardPool', [])).toEqual([
    expect.stringMatching(new RegExp(contracts.pool, 'i'))
  ])
  expect(`${await pool.read('escrow', [])}`.toLowerCase()).toBe(contracts.escrow)
  expect(`${await pool.read('registry', [])}`.toLowerCase()).toBe(contracts.registry)
})

test('every error of a contract carries the prefix of its room', () => {
  const prefixes = [
    [ChannelEscrow, /^(Escrow|ReentrancyGuard|SafeERC20|InvalidShortString|StringTooLong)/],
    [DatanetRegistry, /^(Registry|InvalidShortString|StringTooLong)/],
    [RewardPool, /^(Pool|ReentrancyGuard|InvalidShortString|StringTooLong)/],
    [ProviderBond, /^(Bond|ReentrancyGuard|SafeERC20)/],
    [BountyEscrow, /^(Bounty|ReentrancyGuard|SafeERC20|InvalidShortString|StringTooLong)/]
  ] as const
  for (const [{ abi }, prefix] of prefixes) {
    new Interface(abi).forEachError((error) => expect(error.name).toMatch(prefix))
  }
})
