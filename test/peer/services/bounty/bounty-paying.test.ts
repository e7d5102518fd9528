import { beforeAll, expect, test } from 'vitest'
import { createEthersChain } from '../../../../peer/chain/ethers-chain.ts'
import type { Rpc } from '../../../../peer/chain/rpc.ts'
import type { BountyPlace } from '../../../../peer/services/bounty/bounty-locks.ts'
import { createBountyPaying } from '../../../../peer/services/bounty/bounty-paying.ts'
import type { Parts } from '../../../../peer/services/parts.ts'
import { createBountyStore } from '../../../../peer/store/bounties.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { keySigner } from '../../../../protocol/base/typed-data.ts'
import { bountyDomain, lockIdOf } from '../../../../protocol/datanet/bounty-lock.ts'
import { accountOf, hashOf, keyOf } from '../../../contracts/people.ts'
import { createWorld, type World } from '../../../contracts/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld(['funder', 'poor'])
  await world.drip('funder')
})

async function placeOf(question: string): Promise<BountyPlace> {
  const { chainId, bounty, token } = world.contracts
  const nowS = Math.floor((await world.as('funder').nowMs()) / 1_000)
  const lock = {
    ...{ datanet: hashOf('datanet'), question: hashOf(question), token },
    expiresAtS: nowS + 86_400
  }
  const domain = bountyDomain(chainId, bounty as string)
  return { lock, domain, id: lockIdOf(domain, lock) }
}

/** A peer of `name` whose requests to the chain go through `through`. */
function payer(name: string, { through = world.rpc, store = fresh() } = {}) {
  const { contracts } = world
  const secretKey = keyOf(name)
  const chain = createEthersChain({ rpc: through, contracts, secretKey, inclusionMs: 2_000 })
  const own = { address: accountOf(name), signer: keySigner(secretKey) }
  const parts = { chain, wallet: { own }, log: () => {}, bountyStore: store }
  return { chain, store, ...createBountyPaying(parts as unknown as Parts) }
}
const fresh = () => createBountyStore(openDatabase(':memory:'))

const lockedOf = async ({ id }: BountyPlace) =>
  (await world.as('funder').bounty.lockOf(id)).lockedWei

// LOCK-W1
test('a payment is on the disk before it is sent, and a crash makes no second one of it', async () => {
  const place = await placeOf('crashed')
  const store = fresh()
  const cut: Rpc = async (method, ...rest) => {
    if (method === 'eth_sendRawTransaction') {
      expect(store.payments('b')).toMatchObject([{ amountWei: 40n, state: 'sent' }])
      throw new DatanetError('CHAIN_UNREACHABLE', {}, { hint: 'cut off' })
    }
    return world.rpc(method, ...rest)
  }
  const before = payer('funder', { through: cut, store })
  await expect(before.pay('b', place, 40n)).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' })
  expect(await lockedOf(place)).toBe(0n)

  const after = payer('funder', { store })
  await after.pay('b', place, 40n)
  expect(await lockedOf(place)).toBe(40n)
  expect(store.payments('b')).toMatchObject([{ state: 'included' }])
  await after.pay('b', place, 40n)
  expect(await lockedOf(place)).toBe(80n)
})

test('what was cut off by another amount is ended, and paid beside it', async () => {
  const place = await placeOf('cut')
  const store = fresh()
  let isCut = true
  const cut: Rpc = async (method, ...rest) => {
    const result = await world.rpc(method, ...rest)
    // The node took it, and its answer was lost.
    if (method === 'eth_sendRawTransaction' && isCut) {
      throw new DatanetError('CHAIN_UNREACHABLE', {}, { hint: 'cut off' })
    }
    return result
  }
  const { pay } = payer('funder', { through: cut, store })
  await expect(pay('c', place, 7n)).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' })
  isCut = false
  await pay('c', place, 3n)
  expect(await lockedOf(place)).toBe(10n)
  expect(store.payments('c').map(({ state }) => state)).toEqual(['included', 'included'])
})

test('a payment whose place another transaction took is dropped, and paid anew', async () => {
  const place = await placeOf('replaced')
  const store = fresh()
  const stuck: Rpc = async (method, ...rest) => {
    if (method === 'eth_sendRawTransaction') throw new DatanetError('CHAIN_UNREACHABLE', {})
    return world.rpc(method, ...rest)
  }
  const { pay } = payer('funder', { through: stuck, store })
  await expect(pay('d', place, 5n)).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' })
  await world.as('funder').token.approve(accountOf('poor'), 1n)
  const after = payer('funder', { store })
  await after.pay('d', place, 5n)
  expect(await lockedOf(place)).toBe(5n)
  expect(store.payments('d').map(({ state }) => state)).toEqual(['dropped', 'included'])
})

test('who holds too little signs nothing', async () => {
  const { pay, store } = payer('poor')
  const place = await placeOf('poor')
  await expect(pay('e', place, 1n)).rejects.toMatchObject({ code: 'FUNDS_INSUFFICIENT' })
  expect(store.payments('e')).toEqual([])
})

test('one signature and one transaction pay where the token takes it', async () => {
  const place = await placeOf('permit')
  const { pay, chain } = payer('funder')
  const spender = world.contracts.bounty as string
  expect(await chain.token.allowance(accountOf('funder'), spender)).toBe(0n)
  const nonce = await chain.transactions.nonce()
  await pay('f', place, 11n)
  expect(await chain.transactions.nonce()).toBe(nonce + 1)
  expect(await lockedOf(place)).toBe(11n)
})
