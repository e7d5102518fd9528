import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Chain } from '../../../peer/chain/chain.ts'
import { createWatcher } from '../../../peer/chain/watch.ts'
import { type Database, openDatabase } from '../../../peer/store/database.ts'
import { createWatchStore } from '../../../peer/store/watched.ts'
import { bountyDomain, lockIdOf } from '../../../protocol/datanet/bounty-lock.ts'
import { createSteeredChain, type SteeredChain } from './steered-chain.ts'

const journal = { signed() {} }
let chain: SteeredChain
let funder: Chain
let db: Database
beforeAll(async () => {
  chain = await createSteeredChain()
  funder = await chain.account('payer')
  await funder.token.approve(chain.contracts.bounty as string, 1_000n)
  db = openDatabase(':memory:')
})
afterAll(() => {
  funder?.close()
  db?.close()
})

test('a lock counts under enough blocks, and no more once a fork has undone it', async () => {
  const store = createWatchStore(db, { chain: 'locks', keptBlocks: 16 })
  const init = { reader: funder.reader, store, confirmations: 2, pollMs: 1 }
  const watcher = createWatcher(init)
  const { chainId, token, bounty } = chain.contracts
  const word = (n: number) => `0x${`${n}`.repeat(64)}`
  const lock = { datanet: word(1), question: word(2), token, expiresAtS: chain.timeS + 1_000 }
  const id = lockIdOf(bountyDomain(chainId, bounty as string), lock)

  await funder.bounty.fund(lock, 30n, journal)
  await watcher.catchUp()
  expect(watcher.read('lock', id)).toBeUndefined()
  await chain.mine()
  const before = await chain.snapshot()
  await watcher.catchUp()
  const expiresAtMs = lock.expiresAtS * 1_000
  expect(watcher.read('lock', id)).toEqual({ lockedWei: 30n, expiresAtMs })

  await funder.bounty.fund(lock, 5n, journal)
  await chain.mine()
  await watcher.catchUp()
  expect(watcher.read('lock', id)?.lockedWei).toBe(35n)
  await chain.revert(before)
  await chain.mine(4)
  await watcher.catchUp()
  expect(watcher.read('lock', id)?.lockedWei).toBe(30n)

  await chain.pass(1_000)
  // Another object of the same account: this one remembers a transaction that is no more.
  const again = await chain.account('payer')
  await again.bounty.refund(lock, funder.account)
  again.close()
  await chain.mine(2)
  await watcher.catchUp()
  expect(watcher.read('lock', id)).toEqual({ lockedWei: 0n, expiresAtMs })
})
