import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../../peer/store/database.ts'
import { createModelStore } from '../../../peer/store/models.ts'
import { testFolder } from '../../fixtures/network.ts'
import { ROYALTY } from '../../fixtures/world.ts'
import { refusal } from '../../protocol/base/refusal.ts'

function store(path = ':memory:') {
  const database = openDatabase(path)
  onTestFinished(() => database.close())
  return { database, models: createModelStore(database) }
}

const built = (model: string) => ({
  ...{ model, card: Uint8Array.of(1, 2), artefact: new Uint8Array(1_000), issuedAtMs: 5 }
})
const terms = (model: string, callWei = 2n ** 90n) => ({
  ...{ model, account: 'ann', callWei, inputTokenWei: 0n, outputTokenWei: 1n }
})

test('what is built and served is there again after a restart, prices to the unit', () => {
  const path = join(testFolder(), 'peer.db')
  const { database, models } = store(path)
  models.putModel(built('a'))
  models.putModel(built('b'))
  models.putServed({ ...terms('a'), timeoutMs: 500 })
  models.putPolicy('offer', ROYALTY)
  database.close()
  const again = store(path).models
  expect(again.models()).toEqual([built('a'), built('b')])
  expect(again.model('b')).toEqual(built('b'))
  expect(again.model('c')).toBeUndefined()
  expect(again.served()).toEqual([{ ...terms('a'), timeoutMs: 500 }])
  expect(again.policy('offer')).toEqual(ROYALTY)
  expect(again.policy('other')).toBeUndefined()
})

test('a model served at another price is served once, at the newer price', () => {
  const { models } = store()
  models.putModel(built('a'))
  models.putServed(terms('a', 1n))
  models.putServed(terms('a', 2n))
  models.putModel(built('a'))
  expect(models.served()).toEqual([terms('a', 2n)])
})

test('the policy of an offer stays what it was when somebody called under it', () => {
  const { models } = store()
  models.putPolicy('offer', ROYALTY)
  models.putPolicy('offer', { ...ROYALTY, royaltyPpm: 0 })
  expect(models.policy('offer')).toEqual(ROYALTY)
})

test('only what was built here can be served', async () => {
  const { models } = store()
  expect(await refusal(() => models.putServed(terms('nobody-built-it')))).toBe('STORE_FAILED')
})
