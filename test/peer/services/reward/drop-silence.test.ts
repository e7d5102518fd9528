import { beforeAll, expect, test } from 'vitest'
import { createDropAudit } from '../../../../peer/services/reward/drop-audit.ts'
import { createSilence } from '../../../../peer/services/reward/drop-silence.ts'
import { createDropVotes } from '../../../../peer/services/reward/drop-votes.ts'
import { openDatabase } from '../../../../peer/store/database.ts'
import type { ShownDocument } from '../../../../peer/store/documents.ts'
import { createDropStore } from '../../../../peer/store/drops.ts'
import type { Wallet } from '../../../../peer/wallet/wallet.ts'
import { cidOf } from '../../../../protocol/base/codec.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { domainSeparator, keySigner } from '../../../../protocol/base/typed-data.ts'
import { escrowDomain } from '../../../../protocol/channel/terms.ts'
import {
  accumulatorRoot,
  appendLeaves,
  EMPTY_ACCUMULATOR
} from '../../../../protocol/receipt/accumulator.ts'
import type { SignedReceipt } from '../../../../protocol/receipt/receipt.ts'
import { createReceiptSigner, receiptLeaf } from '../../../../protocol/receipt/receipt-signature.ts'
import { decodeDrop } from '../../../../protocol/reward/drop.ts'
import { poolIdOf } from '../../../../protocol/reward/veto.ts'
import { accountOf, hashOf, keyOf } from '../../../contracts/people.ts'
import { createWorld, DROP_DELAY_S, type World } from '../../../contracts/world.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

const CURATORS = ['ada', 'ben', 'cyd'].sort((a, b) => (accountOf(a) < accountOf(b) ? -1 : 1))
const [FIRST, SECOND] = CURATORS as [string, string]
const OPERATORS = Array.from({ length: 8 }, (_, i) => `operator ${i}`)
const SILENT_S = 30 * 86_400
const POLICY = {
  royaltyPpm: 1_000_000,
  contributorsPpm: 1_000_000,
  ...{ builderPpm: 0, curatorsPpm: 0, treasuryPpm: 0 }
}

let world: World
let auditor: string
/** What operators show of their channels, though they post nothing. */
const receiptsOf = new Map<string, SignedReceipt[]>()
beforeAll(async () => {
  world = await createWorld(['payer', 'stranger', ...CURATORS, ...OPERATORS])
  await world.drip('payer')
  await world.as('payer').token.approve(world.contracts.escrow, 10n ** 30n)
  const founding = { manifest: hashOf('manifest'), curators: CURATORS.map(accountOf), threshold: 2 }
  ;({ datanet: auditor } = await world.as('ada').registry.found(founding))
})

/** A peer that keeps the keys of `names`, with what it published. */
function curator(...names: string[]) {
  const chain = world.as(names[0] ?? 'stranger')
  const kept = new Map(
    names.map((name) => {
      const signer = keySigner(keyOf(name))
      return [signer.address, { address: signer.address, label: name, signer }]
    })
  )
  const wallet = { find: (address: string) => kept.get(address) } as unknown as Wallet
  const published: ShownDocument[] = []
  const dropStore = createDropStore(openDatabase(':memory:'))
  const documents = {
    find: async ({ digest }: { digest: string }) => dropStore.byDigest(digest),
    showers: async () => ['operator']
  }
  const ground = {
    async receipts(id: string) {
      const receipts = receiptsOf.get(id)
      if (receipts === undefined) throw new DatanetError('RECEIPT_UNKNOWN', { id })
      return receipts
    },
    parties: async () => () => ({ policy: POLICY, curators: [], treasuries: [] })
  }
  const publications = { publish: (one: ShownDocument) => void published.push(one) }
  const audit = createDropAudit({ chain }, documents, ground)
  const parts = { chain, publications, now: () => 1_800_000_000_000, dropStore }
  const silence = createSilence(
    parts as unknown as Parameters<typeof createSilence>[0],
    () => [{ id: 'bafydatanet', chainKey: auditor }],
    audit,
    createDropVotes({ chain, wallet })
  )
  return { ...silence, published, dropStore }
}

let used = 0
const newOperator = () => OPERATORS[used++] as string
let channels = 0

/** A channel of `operator` whose one receipt, of `royaltyWei` for `account`, was committed to and claimed. */
async function channel(operator: string, royaltyWei: bigint, account: string) {
  const { chainId, escrow } = world.contracts
  const salt = hashOf(`channel ${channels++}`)
  const key = { operator: accountOf(operator), receiptSigner: accountOf(operator) }
  const terms = world.terms({ ...key, auditor, salt })
  await world.as('payer').escrow.fund(terms, 2n * royaltyWei)
  const channelId = await world.as('payer').escrow.channelId(terms)
  const cid = cidOf(Uint8Array.of(channels))
  const separator = domainSeparator(escrowDomain(chainId, escrow))
  const credit = {
    contribution: cid.toString(),
    account: accountOf(account),
    basis: 'retrieved' as const
  }
  const signed = createReceiptSigner(separator, keyOf(operator)).sign({
    ...{ version: 1, callId: new Uint8Array(16).fill(channels), attempt: 0, channelId, seq: 0 },
    ...{ provider: 'provider', model: cid, offer: cid },
    ...{ request: new Uint8Array(32), answer: new Uint8Array(32) },
    ...{ usage: { inputTokens: 1, outputTokens: 1 }, priceWei: royaltyWei, royaltyWei },
    ...{ outcome: 'answered', method: 'none/1', credits: [{ ...credit, ppm: 1_000_000 }] },
    ...{ builder: accountOf('builder'), startedAtMs: 1, finishedAtMs: 1 }
  })
  const leaf = receiptLeaf(signed.body)
  const receiptsRoot = accumulatorRoot(appendLeaves(EMPTY_ACCUMULATOR, leaf))
  const totals = { cumulativeWei: royaltyWei, royaltyWei, receipts: 1, receiptsRoot }
  receiptsOf.set(channelId, [signed])
  return { channelId, terms, row: world.row(terms, totals) }
}

const poolOf = (operator: string) => {
  const { token } = world.contracts
  return poolIdOf({ operator: accountOf(operator), auditor, token })
}

const keyOfPool = (operator: string) => {
  return { operator: accountOf(operator), auditor, token: world.contracts.token }
}

test('the voucher of a claim is read back out of the chain, however it was shown', async () => {
  const operator = newOperator()
  const { escrow } = world.as('stranger')
  const single = await channel(operator, 10n, 'ann')
  await escrow.claim([single.row])
  const [one, two] = [await channel(operator, 20n, 'ann'), await channel(operator, 30n, 'bob')]
  await escrow.claim([one.row, two.row])
  const ended = await channel(operator, 40n, 'bob')
  await escrow.close(ended.row, await world.closing(ended.row, operator))
  for (const { channelId, row } of [single, one, two, ended]) {
    const { terms: _, ...voucher } = row
    const { channelId: __, ...expected } = voucher as typeof voucher & { channelId: string }
    expect(await escrow.claimedBy(channelId)).toEqual(expected)
  }
  expect(await escrow.claimedBy(hashOf('none'))).toBe(undefined)
  const opened = await escrow.channelsOf(accountOf(operator))
  expect(opened.map(({ channelId }) => channelId)).toEqual(
    [single, one, two, ended].map(({ channelId }) => channelId)
  )
  expect(opened[0]?.terms).toEqual(single.terms)
})

// SILENCE-R1
test('curators post for an operator that was silent, one after the other, and accounts are paid', async () => {
  const operator = newOperator()
  const pool = poolOf(operator)
  const { escrow, pool: contract } = world.as('stranger')
  await escrow.claim([(await channel(operator, 100n, 'ann')).row])
  await contract.collect(keyOfPool(operator))
  await escrow.claim([(await channel(operator, 50n, 'bob')).row])
  const first = curator(FIRST)
  const of = async () => (await first.silent()).find((one) => one.pool === pool)
  expect(await of()).toMatchObject({ creditedWei: 100n, givenWei: 0n, isSilent: false })
  expect(await refusal(() => first.postSilent({ pool }))).toBe('DROP_STANDS')
  await world.warp(SILENT_S)
  expect(await of()).toMatchObject({ isSilent: true })

  const begun = await first.postSilent({ pool })
  expect(begun).toMatchObject({ needed: 2, signed: [accountOf(FIRST)], dropSeq: 1 })
  expect(begun.typedData.primaryType).toBe('DropPost')
  const { drop } = decodeDrop(Uint8Array.from(Buffer.from(begun.document ?? '', 'base64')))
  // What was not collected yet is collected for it.
  expect(drop.totalWei).toBe(150n)
  expect(drop.leaves.map(({ cumulativeWei }) => cumulativeWei).sort()).toEqual([100n, 50n])
  expect((await contract.state(keyOfPool(operator))).pending).toBe(undefined)

  const second = curator(SECOND)
  const { approvals, document = '' } = begun
  const done = await second.postSilent({ pool, approvals, document })
  expect(done.txHash).toMatch(/^0x/)
  expect(second.published).toMatchObject([{ kind: 'drop', id: pool, labels: ['bafydatanet'] }])
  const { pending } = await contract.state(keyOfPool(operator))
  expect(pending).toMatchObject({ root: begun.root, totalWei: 150n })
  expect(done.claimableAtMs).toBe(pending?.readyAtMs)
  await world.warp(DROP_DELAY_S)
  expect((await contract.state(keyOfPool(operator))).final?.root).toBe(begun.root)
  expect(await of()).toBe(undefined)
})

test('a curator does not sign what the receipts do not give, nor what nobody shows', async () => {
  const operator = newOperator()
  const pool = poolOf(operator)
  const { escrow, pool: contract } = world.as('stranger')
  const paid = await channel(operator, 100n, 'ann')
  await escrow.claim([paid.row])
  await contract.collect(keyOfPool(operator))
  await world.warp(SILENT_S)
  const first = curator(FIRST)
  const { document = '', approvals } = await first.postSilent({ pool })
  // The receipts say otherwise to the second one.
  const honest = receiptsOf.get(paid.channelId) ?? []
  const [signed] = honest
  if (signed === undefined) throw new Error('no receipt')
  const { credits, ...receipt } = signed.receipt
  const eve = credits.map((line) => ({ ...line, account: accountOf('eve') }))
  receiptsOf.set(paid.channelId, [{ ...signed, receipt: { ...receipt, credits: eve } }])
  const second = curator(SECOND)
  const refused = await refusal(() => second.postSilent({ pool, document, approvals }))
  expect(refused).toBe('DROP_INVALID')
  receiptsOf.delete(paid.channelId)
  expect(await refusal(() => first.postSilent({ pool }))).toBe('RECEIPT_UNKNOWN')
  receiptsOf.set(paid.channelId, honest)
  const other = newOperator()
  await escrow.claim([(await channel(other, 10n, 'ann')).row])
  await contract.collect(keyOfPool(other))
  await world.warp(SILENT_S)
  const elsewhere = () => second.postSilent({ pool: poolOf(other), document })
  expect(await refusal(elsewhere)).toBe('DROP_INVALID')
})
