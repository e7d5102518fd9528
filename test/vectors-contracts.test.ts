import { describe, expect, test } from 'vitest'
import { DatanetError } from '../protocol/base/errors.ts'
import {
  domainSeparator,
  type TypedStruct,
  typedDigest,
  verifyTypedData
} from '../protocol/base/typed-data.ts'
import { authorizationNonce, CLOSE, FUND, VAULT_FUND } from '../protocol/channel/orders.ts'
import { escrowDomain } from '../protocol/channel/terms.ts'
import { ROTATION } from '../protocol/datanet/rotation.ts'
import { verifyEquivocation } from '../protocol/receipt/equivocation.ts'
import { findRefutation } from '../protocol/reward/refutation.ts'
import { buildSumTree } from '../protocol/reward/sum-tree.ts'
import { DROP_POST } from '../protocol/reward/veto.ts'
import { bytes, hex, refuses, type Vectors, vectors } from './vector-cases.ts'

/** Cases by their names, as test.each takes them. */
const named = (list: Vectors[]): [string, Vectors][] => list.map((one) => [one.name, one])

const STRUCTS: Record<string, TypedStruct> = Object.fromEntries(
  [FUND, VAULT_FUND, CLOSE, ROTATION, DROP_POST].map((struct) => [struct.name, struct])
)

function verify({ struct, domain, value, signature, account }: Vectors): void {
  verifyTypedData(domain, STRUCTS[struct] as TypedStruct, value, bytes(signature), account)
}

describe.each<[string, Vectors]>([
  ['orders and closings', vectors('07-orders')],
  ['rotations', vectors('04-rotation')],
  ['posts for the silent', vectors('09-refutation').silence]
])('%s', (_, file) => {
  test.each(named(file.valid))('%s', (_, one) => {
    const struct = STRUCTS[one.struct] as TypedStruct
    expect(hex(typedDigest(one.domain, struct, one.value))).toBe(one.digest)
    verify(one)
  })
  refuses(file.invalid, verify)
})

test('the nonce of an authorization binds channel, amount and salt', () => {
  const { channelId, amountWei, salt, nonce } = vectors('07-orders').authorization
  expect(authorizationNonce(channelId, amountWei, salt)).toBe(nonce)
})

describe('refutation', () => {
  const file = vectors('09-refutation')
  test.each(named(file.valid))('%s', (_, one) => {
    expect(buildSumTree(one.pending).root).toBe(one.root)
    expect(findRefutation(one.final, { leaves: one.pending, totalWei: one.totalWei })).toBe(
      undefined
    )
  })
  refuses(file.invalid, (one) => {
    expect(buildSumTree(one.pending).root).toBe(one.root)
    const found = findRefutation(one.final, { leaves: one.pending, totalWei: one.totalWei })
    if (found?.kind === one.kind) throw new DatanetError('DROP_INVALID', { kind: one.kind })
  })
})

describe('bond', () => {
  const file = vectors('09-bond')
  const separator = domainSeparator(escrowDomain(file.chainId, file.escrow))
  const check = (one: Vectors): void => verifyEquivocation(separator, one.proof, file.receiptSigner)
  test.each(named(file.valid))('%s', (_, one) => check(one))
  refuses(file.invalid, check)
})
