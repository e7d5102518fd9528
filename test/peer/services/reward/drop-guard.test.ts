import { beforeAll, expect, test } from 'vitest'
import type { PoolKey } from '../../../../peer/chain/pool.ts'
import { createDropAudit } from '../../../../peer/services/reward/drop-audit.ts'
import { hexDigest } from '../../../../peer/services/reward/drop-documents.ts'
import { createDropGuard } from '../../../../peer/services/reward/drop-guard.ts'
import { createDropVotes } from '../../../../peer/services/reward/drop-votes.ts'
import type { Changed } from '../../../../peer/store/watched.ts'
import type { Wallet } from '../../../../peer/wallet/wallet.ts'
import { cidOf } from '../../../../protocol/base/codec.ts'
import { DatanetError } from '../../../../protocol/base/errors.ts'
import { encodeRecord } from '../../../../protocol/base/schema.ts'
import { keySigner } from '../../../../protocol/base/typed-data.ts'
import { encodeVoucher } from '../../../../protocol/channel/voucher.ts'
import { type Drop, dropSchema } from '../../../../protocol/reward/drop.ts'
import type { DropLeaf } from '../../../../protocol/reward/fold.ts'
import { buildSumTree } from '../../../../protocol/reward/sum-tree.ts'
import { poolIdOf } from '../../../../protocol/reward/veto.ts'
import { accountOf, hashOf, keyOf } from '../../../contracts/people.ts'
import { createWorld, DROP_DELAY_S, type World } from '../../../contracts/world.ts'
import { refusal } from '../../../protocol/base/refusal.ts'

const CURATORS = ['ada', 'ben', 'cyd'].sort((a, b) => (accountOf(a) < accountOf(b) ? -1 : 1))
const OPERATORS = Array.from({ length: 16 }, (_, i) => `operator ${i}`)
const UNASSIGNED = `0x${'0'.repeat(40)}`
const DATANET = 'bafydatanet'

let world: World
let auditor: string
/** What operators show, by digest. */
const shown = new Map<string, Uint8Array>()
beforeAll(async () => {
  world = await createWorld(['payer', 'stranger', ...CURATORS, ...OPERATORS])
  await world.drip('payer')
  await world.as('payer').token.approve(world.contracts.escrow, 10n ** 30n)
  const threshold = 2
  const founding = { manifest: hashOf('manifest'), curators: CURATORS.map(accountOf), threshold }
  ;({ datanet: auditor } = await world.as('ada').registry.found(founding))
})

/** A peer that keeps the keys of `names`, on the chain as the first of them. */
function guardOf(...names: string[]) {
  const chain = world.as(names[0] ?? 'stranger')
  const account = (name: string) => {
    const secretKey = keyOf(name)
    const signer = keySigner(secretKey)
    return { address: signer.address, label: name, signer, secretKey }
  }
  const kept = new Map(names.map((name) => [accountOf(name), account(name)]))
  const wallet = { find: (address: string) => kept.get(address) } as unknown as Wallet
  const documents = {
    find: async ({ digest }: { digest: string }) => shown.get(digest),
    showers: async () => ['operator']
  }
  const ground = {
    async receipts(id: string): Promise<never> {
      throw new DatanetError('RECEIPT_UNKNOWN', { id })
    },
    parties: async () => () => ({ policy: undefined as never, curators: [], treasuries: [] })
  }
  let tell = (_: readonly Changed[]) => {}
  const watcher = {
    onChange(listener: typeof tell) {
      tell = listener
      return () => {}
    },
    run: () => {}
  }
  let nowMs = 1_800_000_000_000
  const parts = { chain, wallet, watcher, now: () => nowMs, log: () => {} }
  const { audit } = createDropAudit(parts, documents, ground)
  const known = () => [{ id: DATANET, chainKey: auditor }]
  const guard = createDropGuard(parts, known, audit, createDropVotes(parts))
  return {
    ...guard,
    at: (ms: number) => {
      nowMs = ms
    },
    tell: (pool: string) => tell([{ kind: 'drop', id: pool }])
  }
}

let used = 0
/** A pool of an operator of its own that `royaltyWei` was collected into. */
async function newPool(royaltyWei: bigint) {
  const name = OPERATORS[used++] as string
  const key = { operator: accountOf(name), auditor, token: world.contracts.token }
  const terms = world.terms({ operator: accountOf(name), auditor, salt: hashOf(name) })
  await world.as('payer').escrow.fund(terms, royaltyWei)
  const empty = { receipts: 0, receiptsRoot: `0x${'0'.repeat(64)}` }
  const row = world.row(terms, { cumulativeWei: royaltyWei, royaltyWei, ...empty })
  await world.as('stranger').escrow.claim([row])
  await world.as('stranger').pool.collect(key)
  const channelId = await world.as('payer').escrow.channelId(terms)
  const voucher = encodeVoucher({ channelId, ...row })
  return { name, key, pool: poolIdOf(key), channel: { channelId, voucher } }
}

type Pool = Awaited<ReturnType<typeof newPool>>

const leavesOf = (shares: Record<string, bigint>): DropLeaf[] =>
  Object.entries(shares)
    .map(([name, cumulativeWei]) => ({
      account: name === '' ? UNASSIGNED : accountOf(name),
      cumulativeWei
    }))
    .sort((a, b) => (a.account < b.account ? -1 : 1))

/** Posts a drop with these leaves and shows what it says it is made of. */
async function post(
  { name, key, channel }: Pool,
  leaves: readonly DropLeaf[],
  over: Partial<Drop> & { isHidden?: boolean; postedWei?: bigint } = {}
): Promise<Uint8Array> {
  const { isHidden, postedWei, ...rest } = over
  const { root, totalWei } = buildSumTree(leaves)
  const { chainId, pool: contract } = world.contracts
  const bytes = encodeRecord(dropSchema, {
    version: 1,
    pool: { chainId: Number(chainId), contract, ...key },
    leaves: [...leaves],
    totalWei,
    channels: [{ ...channel, capturedWei: totalWei, isClosed: false }],
    createdAtMs: 1_800_000_000_000,
    ...rest
  })
  const drop = hexDigest(bytes)
  if (isHidden !== true) shown.set(drop, bytes)
  const { auditor: by, token } = key
  const posting = { root, totalWei: postedWei ?? totalWei, drop }
  await world.as(name).pool.postDrop({ auditor: by, token }, posting)
  return bytes
}

const pendingOf = async (key: PoolKey) => (await world.as('stranger').pool.state(key)).pending
const only = async (peer: Pick<ReturnType<typeof guardOf>, 'check'>, { pool }: Pool) =>
  (await peer.check()).find((one) => one.pool === pool)

test('a drop that follows from the chain and its receipts holds, and stands', async () => {
  const pool = await newPool(100n)
  await post(pool, leavesOf({ '': 100n }))
  const stranger = guardOf('stranger')
  expect(await only(stranger, pool)).toMatchObject({
    verdict: 'holds',
    datanet: DATANET,
    operator: pool.key.operator,
    dropSeq: 1,
    totalWei: 100n,
    isCurated: false
  })
  expect(await refusal(() => stranger.refute(pool.pool))).toBe('DROP_STANDS')
  expect(await refusal(() => stranger.refute(hashOf('no pool')))).toBe('DROP_STANDS')
  expect(await pendingOf(pool.key)).toBeDefined()
})

const [A = '', B = '', C = ''] = ['ann', 'bob', 'eve']
test.each<[string, (good: DropLeaf[]) => DropLeaf[], bigint | undefined]>([
  [
    'shrunk',
    (good) => good.map((l) => (l.account === accountOf(A) ? { ...l, cumulativeWei: 9n } : l)),
    undefined
  ],
  ['absent', (good) => good.filter(({ account }) => account !== accountOf(B)), undefined],
  ['unordered', (good) => [...good].reverse(), undefined],
  ['total', (good) => good, 61n]
])('a drop that is %s is ended by anyone who looks', async (kind, spoil, postedWei) => {
  const pool = await newPool(100n)
  const good = leavesOf({ [A]: 10n, [B]: 20n, [C]: 30n })
  const first = await post(pool, good)
  await world.warp(DROP_DELAY_S)
  const bad = spoil(good)
  const filler = { account: `0x${'ff'.repeat(20)}`, cumulativeWei: 25n }
  const leaves = kind === 'shrunk' || kind === 'absent' ? [...bad, filler] : bad
  const more = postedWei === undefined ? {} : { postedWei }
  await post(pool, leaves, { previous: cidOf(first), ...more })
  const stranger = guardOf('stranger')
  expect(await only(stranger, pool)).toMatchObject({ verdict: 'wrong', refutableBy: kind })
  expect(await stranger.refute(pool.pool)).toMatchObject({ shown: kind, dropSeq: 2 })
  expect(await pendingOf(pool.key)).toBeUndefined()
})

// DROP-R4
test.each<[string, Partial<Drop>]>([
  ['leaves that no receipt gives', {}],
  ['a pool of another operator', { pool: undefined as never }],
  ['another drop before', { previous: cidOf(Uint8Array.of(1)) }]
])('%s is wrong, and for the curators', async (name, over) => {
  const pool = await newPool(100n)
  const { chainId, pool: contract } = world.contracts
  const own = { chainId: Number(chainId), contract, ...pool.key, operator: accountOf('ada') }
  const change = name.startsWith('a pool') ? { pool: own } : over
  const leaves = over.previous === undefined && !('pool' in over) ? { eve: 100n } : { '': 100n }
  await post(pool, leavesOf(leaves as Record<string, bigint>), change)
  const found = await only(guardOf('ada'), pool)
  expect(found).toMatchObject({ verdict: 'wrong', code: 'DROP_INVALID', isCurated: true })
  expect(found?.refutableBy).toBe(undefined)
  expect(await refusal(() => guardOf('ada').refute(pool.pool))).toBe('DROP_STANDS')
})

test('more than the chain captured, and a channel of others, are wrong', async () => {
  const [one, other] = [await newPool(100n), await newPool(60n)]
  await post(one, leavesOf({ '': 100n }), {
    channels: [{ ...other.channel, capturedWei: 100n, isClosed: false }]
  })
  expect((await only(guardOf('ada'), one))?.reason).toContain('of another pool')
  const forged = encodeVoucher({
    ...world.row(
      world.terms({ operator: other.key.operator, auditor, salt: hashOf(other.name) }),
      {
        ...{ cumulativeWei: 60n, royaltyWei: 60n, receipts: 0, receiptsRoot: `0x${'0'.repeat(64)}` }
      },
      'stranger'
    ),
    channelId: other.channel.channelId
  })
  await post(other, leavesOf({ '': 60n }), {
    channels: [{ ...other.channel, voucher: forged, capturedWei: 60n, isClosed: false }]
  })
  expect(await only(guardOf('ada'), other)).toMatchObject({ code: 'SIGNATURE_INVALID' })
})

// VETO-W1
test('two of three curators end a drop one after the other, and a stranger’s signature counts nothing', async () => {
  const pool = await newPool(100n)
  await post(pool, leavesOf({ eve: 100n }))
  const [first, second] = CURATORS as [string, string]
  const begun = await guardOf(first).veto({ pool: pool.pool })
  expect(begun).toMatchObject({ dropSeq: 1, needed: 2, signed: [accountOf(first)] })
  expect(begun.txHash).toBe(undefined)
  expect(begun.typedData.primaryType).toBe('DropVeto')
  expect(await pendingOf(pool.key)).toBeDefined()
  const { approvals } = begun
  // Not of this drop, so by nobody known.
  const other = await newPool(50n)
  await post(other, leavesOf({ eve: 50n }))
  const misused = () => guardOf(second).veto({ pool: other.pool, approvals })
  expect(await refusal(misused)).toBe('SIGNATURE_INVALID')
  // The same one twice is one.
  const again = await guardOf(first).veto({ pool: pool.pool, approvals })
  expect(again.signed).toEqual([accountOf(first)])
  const none = await guardOf('stranger').veto({ pool: pool.pool })
  expect(none).toMatchObject({ signed: [], approvals: [] })
  const done = await guardOf(second).veto({ pool: pool.pool, approvals })
  expect(done.signed).toHaveLength(2)
  expect(done.txHash).toMatch(/^0x/)
  expect(await pendingOf(pool.key)).toBeUndefined()
  expect(await refusal(() => guardOf(second).veto({ pool: pool.pool }))).toBe('DROP_STANDS')
})

// VETO-W2
test('a curator’s peer looks by itself, and says what to do until it is done', async () => {
  const pool = await newPool(100n)
  const peer = guardOf('ada', 'ben')
  const stranger = guardOf('stranger')
  peer.run()
  stranger.run()
  await post(pool, leavesOf({ eve: 100n }))
  peer.tell(pool.pool)
  stranger.tell(pool.pool)
  const of = (one: typeof peer) => one.reasons().filter(({ text }) => text.includes(pool.pool))
  await expect
    .poll(() => of(peer))
    .toMatchObject([
      { code: 'DROP_INVALID', text: expect.stringContaining(`datanet reward veto ${pool.pool}`) }
    ])
  expect(of(stranger)).toEqual([])
  expect((await peer.veto({ pool: pool.pool })).txHash).toMatch(/^0x/)
  peer.tell(pool.pool)
  await expect.poll(() => of(peer)).toEqual([])

  // What nobody shows is a reason once its operator had the time to show it.
  const late = await newPool(70n)
  await post(late, leavesOf({ eve: 70n }), { isHidden: true })
  peer.tell(late.pool)
  await expect.poll(async () => (await only(peer, late))?.verdict).toBe('unknown')
  const { readyAtMs = 0 } = (await pendingOf(late.key)) ?? {}
  const lateOf = () => peer.reasons().filter(({ text }) => text.includes(late.pool))
  peer.at(readyAtMs - DROP_DELAY_S * 900)
  expect(lateOf()).toEqual([])
  peer.at(readyAtMs - DROP_DELAY_S * 500)
  await expect.poll(lateOf).toMatchObject([{ code: 'DOCUMENT_UNKNOWN' }])
  peer.at(readyAtMs + 1)
  expect(lateOf()).toEqual([])
  await Promise.all([peer.stop(), stranger.stop()])
})
