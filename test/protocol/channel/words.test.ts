import { AbiCoder, keccak256 } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashWords, hexWord, uintWord } from '../../../protocol/channel/words.ts'

const abi = AbiCoder.defaultAbiCoder()
const hexOf = (length: number) =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`)

describe('words', () => {
  test('are what ethers encodes, and hash to what ethers hashes', () => {
    fc.assert(
      fc.property(
        hexOf(20),
        hexOf(32),
        fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
        (account, digest, amount) => {
          const theirs = abi.encode(['address', 'bytes32', 'uint256'], [account, digest, amount])
          const ours = [hexWord(account), hexWord(digest), uintWord(amount)]
          expect(`0x${Buffer.concat(ours).toString('hex')}`).toBe(theirs)
          expect(`0x${Buffer.from(hashWords(...ours)).toString('hex')}`).toBe(keccak256(theirs))
        }
      )
    )
  })

  test.each([-1n, 2n ** 256n, -5])('refuse the integer %s', (value) => {
    expect(() => uintWord(value)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }))
  })

  test.each(['', '0x', '0xAB', `0x${'0'.repeat(63)}`, `0x${'A'.repeat(64)}`, `${'0'.repeat(64)}`])(
    'refuse the text %j',
    (text) => {
      expect(() => hexWord(text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }))
    }
  )
})
