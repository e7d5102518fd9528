import { expect, test, vi } from 'vitest'
import { createEmbeddedChain } from '../../../peer/chain/embedded-chain.ts'

vi.mock('@nomicfoundation/edr', () => {
  throw new Error('Cannot find native binding')
})

test('says which package is missing where the EVM has no binary', async () => {
  await expect(createEmbeddedChain()).rejects.toMatchObject({
    code: 'DEPENDENCY_MISSING',
    details: { package: '@nomicfoundation/edr', platform: `${process.platform}-${process.arch}` }
  })
})
