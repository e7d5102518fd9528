import { describe, expect, test } from 'vitest'
import { parseCid } from '../../../../protocol/base/codec.ts'
import { toWire } from '../../../../protocol/base/schema.ts'
import { type Review, signReview } from '../../../../protocol/datanet/review.ts'
import type { ExchangeContext } from '../../../../protocol/net/exchange.ts'
import { reviewAskSchema } from '../../../../protocol/net/review.ts'
import { refusal } from '../../../protocol/base/refusal.ts'
import { JUDGES, reviewRoom, someone } from './review-room.ts'

const [first, second, third, fourth, fifth] = JUDGES as [number, number, number, number, number]
const RULE = { approvals: 1, sharePpm: 600_000, leaseMs: 60_000 }
type Room = Awaited<ReturnType<typeof reviewRoom>>

/** What the host answers a signed review. */
async function send(room: Room, n: number, change: Partial<Review>) {
  const { bytes } = await signReview(
    {
      ...{ version: 1, datanet: parseCid(room.id), contribution: parseCid(room.id) },
      ...{ verdict: 'approve', curator: someone(n).address, createdAtMs: room.clock.nowMs },
      ...change
    },
    someone(n)
  )
  const ask = toWire(reviewAskSchema, { datanet: parseCid(room.id), review: bytes })
  return (await room.desk.handler(ask, {} as ExchangeContext).next(true)).value
}

// REVIEW-W2
test('the same verdict again is answered as the first time, and counted once', async () => {
  const room = await reviewRoom()
  const cid = await room.handIn(5)
  const word = { contribution: parseCid(cid) }
  const once = await send(room, first, word)
  expect(await send(room, first, word)).toEqual(once)
  expect(room.store.reviews(cid)).toHaveLength(1)
  expect(room.statusOf(cid)).toBe('pending')
})

test('verdicts of another time, another Datanet and on nothing are refused', async () => {
  const room = await reviewRoom()
  const contribution = parseCid(await room.handIn(5))
  const nowMs = room.clock.nowMs
  const at = (createdAtMs: number) => send(room, first, { contribution, createdAtMs })
  // REVIEW-R4
  expect(await refusal(() => at(nowMs + 300_001))).toBe('RECORD_FROM_FUTURE')
  await at(nowMs + 300_000)
  expect(await refusal(() => send(room, first, {}))).toBe('CONTRIBUTION_UNKNOWN')
  const elsewhere = { contribution, datanet: contribution }
  expect(await refusal(() => send(room, first, elsewhere))).toBe('INPUT_INVALID')
})

// REVIEW-W1
test('a rejection says why, and only by a reason that there is', async () => {
  const room = await reviewRoom({ review: RULE })
  const cid = await room.handIn(5)
  const word = { ...room.by(first), contribution: cid }
  const dull = () => room.api.review({ ...word, verdict: 'reject', code: 'dull' })
  expect(await refusal(dull)).toBe('INPUT_INVALID')
  expect(await refusal(() => room.api.review({ ...word, verdict: 'flag' }))).toBe(
    'RECORD_MALFORMED'
  )
  await room.say(first, cid, 'reject')
  const [item] = [room.store.contribution(cid)]
  const { words } = room.desk.standings.of(room.datanet, item as NonNullable<typeof item>)
  expect(words).toMatchObject([{ verdict: 'reject', code: 'other' }])
})

// REVIEW-R6
test('what is decided takes words of who was asked, and flags, and no others', async () => {
  const room = await reviewRoom({ review: { ...RULE, approvals: 2 } })
  const cid = await room.handIn(5)
  expect(await room.next(first)).toEqual([cid])
  expect(await room.next(second)).toEqual([cid])
  await room.say(third, cid, 'approve')
  await room.say(second, cid, 'approve')
  expect(room.statusOf(cid)).toBe('accepted')
  expect(await refusal(() => room.say(fourth, cid, 'approve'))).toBe('REVIEW_REFUSED')
  expect(await room.next(first)).toEqual([])
  expect(await room.say(first, cid, 'approve')).toMatchObject({ status: 'accepted' })
  // Their own word they may change, until a revision holds it.
  expect(await room.say(first, cid, 'unsure')).toMatchObject({ status: 'accepted' })
  expect(await room.say(fourth, cid, 'flag')).toMatchObject({ status: 'pending', isHeld: true })
})

describe('a flag', () => {
  test('takes an item from everybody until the threshold clears it', async () => {
    const room = await reviewRoom({ review: RULE })
    const cid = await room.handIn(5)
    await room.next(second)
    expect(await room.say(first, cid, 'flag', 'personal-data')).toEqual({
      ...{ status: 'pending', isHeld: true }
    })
    expect(await room.next(second)).toEqual([])
    const held = await room.api.reviewHeld({ ...room.by(second), most: 4 })
    expect(held).toMatchObject([{ contribution: cid, flags: [{ code: 'personal-data' }] }])
    expect(JSON.stringify(held)).not.toContain(someone(first).address)
    await room.say(second, cid, 'clear')
    expect(await room.api.reviewHeld(room.by(second))).toEqual([])
    expect(await room.next(third)).toEqual([])
    expect(await room.say(third, cid, 'clear')).toMatchObject({ status: 'pending' })
    // Who cleared it has not judged it yet.
    expect(await room.next(third)).toEqual([cid])
    expect(await room.say(third, cid, 'approve')).toMatchObject({ status: 'accepted' })
  })

  test('rejects by the threshold, whatever was approved', async () => {
    const room = await reviewRoom({ review: RULE })
    const cid = await room.handIn(5)
    await room.say(first, cid, 'flag', 'harmful')
    expect(await room.say(second, cid, 'approve')).toMatchObject({ status: 'pending' })
    expect(await room.say(third, cid, 'flag', 'spam')).toMatchObject({ status: 'rejected' })
  })

  // REVIEW-R5
  test('is nothing that could be cleared where there is none', async () => {
    const room = await reviewRoom({ review: RULE })
    const cid = await room.handIn(5)
    expect(await refusal(() => room.say(first, cid, 'clear'))).toBe('REVIEW_REFUSED')
  })
})

describe('an appeal', () => {
  test('goes to who has not spoken, before everything else, and decides for good', async () => {
    const room = await reviewRoom({ review: RULE })
    const waiting = await room.handIn(8)
    const cid = await room.handIn(5)
    await room.say(first, cid, 'reject', 'unclear')
    expect(room.statusOf(cid)).toBe('rejected')
    expect(await room.appeal(5, cid)).toEqual({ status: 'pending' })
    expect(await room.appeal(5, cid)).toEqual({ status: 'pending' })
    expect(await room.next(first)).toEqual([waiting])
    const [item] = await room.api.reviewNext(room.by(second))
    expect(item).toMatchObject({ contribution: cid, appeal: 'Look again.', flags: [] })
    expect(JSON.stringify(item)).not.toMatch(/unclear|reject/)
    // REVIEW-R5
    expect(await refusal(() => room.say(first, cid, 'approve'))).toBe('REVIEW_REFUSED')
    const blunt = { contribution: parseCid(cid) }
    expect(await refusal(() => send(room, third, blunt))).toBe('REVIEW_REFUSED')
    const answer = await room.say(second, cid, 'approve')
    expect(answer).toEqual({ status: 'accepted' })
    // Nor may who decided it decide otherwise.
    expect(await refusal(() => room.say(second, cid, 'reject'))).toBe('REVIEW_REFUSED')
    expect(await refusal(() => room.say(third, cid, 'reject'))).toBe('REVIEW_REFUSED')
    expect(await refusal(() => room.appeal(5, cid))).toBe('APPEAL_REFUSED')
  })

  // APPEAL-R3
  test('is the contributor’s, or of whom their account is now', async () => {
    const room = await reviewRoom({ review: RULE })
    const cid = await room.handIn(5)
    await room.say(first, cid, 'reject')
    expect(await refusal(() => room.appeal(8, cid))).toBe('CONTRIBUTION_UNKNOWN')
    await room.handOver(5, 9)
    expect(await room.appeal(9, cid)).toEqual({ status: 'pending' })
  })

  // APPEAL-R4
  test('is refused of what is not rejected, and where too few are left to hear it', async () => {
    const room = await reviewRoom({ review: { ...RULE, approvals: 2 } })
    const cid = await room.handIn(5)
    expect(await refusal(() => room.appeal(5, cid))).toBe('APPEAL_REFUSED')
    await room.say(first, cid, 'approve')
    await room.say(second, cid, 'unsure')
    for (const judge of [third, fourth]) await room.say(judge, cid, 'reject')
    expect(room.statusOf(cid)).toBe('rejected')
    expect(await refusal(() => room.appeal(5, cid))).toBe('APPEAL_REFUSED')
    const other = await room.handIn(5)
    for (const judge of [first, second]) await room.say(judge, other, 'reject')
    expect(await room.appeal(5, other)).toEqual({ status: 'pending' })
    for (const judge of [third, fourth]) await room.say(judge, other, 'reject')
    expect(room.statusOf(other)).toBe('rejected')
    expect(await refusal(() => room.say(fifth, other, 'approve'))).toBe('REVIEW_REFUSED')
  })
})

describe('accounts under one hand-over', () => {
  test('are one person: their words are one word, also of what was accepted by two', async () => {
    const room = await reviewRoom({ review: { ...RULE, approvals: 2 } })
    const cid = await room.handIn(5)
    await room.handOver(first, second)
    await room.say(first, cid, 'approve')
    expect(await room.say(second, cid, 'approve')).toMatchObject({ status: 'pending' })
    expect(await room.next(second)).toEqual([])
    expect(await room.say(third, cid, 'approve')).toMatchObject({ status: 'accepted' })

    const early = await room.handIn(5)
    await room.say(third, early, 'approve')
    await room.say(fourth, early, 'approve')
    expect(room.statusOf(early)).toBe('accepted')
    // Issued before the words, and handed in after them.
    await room.handOver(third, fourth, 1)
    expect(room.statusOf(early)).toBe('pending')
    expect(room.statusOf(cid)).toBe('accepted')
  })
})

test('the statistics count each curator’s last words, and how far they agree', async () => {
  const room = await reviewRoom({ review: { ...RULE, approvals: 2 } })
  const all = [await room.handIn(5), await room.handIn(8), await room.handIn(9)]
  for (const cid of all) await room.say(first, cid, 'approve')
  await room.say(third, all[0] as string, 'unsure')
  await room.say(second, all[0] as string, 'approve')
  await room.say(second, all[1] as string, 'approve')
  await room.say(second, all[2] as string, 'reject')
  await room.say(third, all[2] as string, 'reject')
  const { datanet, account } = room.by(fourth)
  const { curators, shared, alphaPpm } = await room.api.reviewStats({ datanet, account })
  expect([shared, alphaPpm]).toEqual([3, 400_000])
  const of = (n: number) => curators.find(({ curator }) => curator === someone(n).address)
  expect(of(first)).toMatchObject({ approve: 3, decided: 3, asDecided: 2, shared: 3 })
  expect(of(first)).toMatchObject({ agreedPpm: 666_666, kappaPpm: 0 })
  expect(of(second)).toMatchObject({ approve: 2, reject: 1, asDecided: 3 })
  expect(of(third)).toMatchObject({ reject: 1, unsure: 1, shared: 1 })
  expect(of(fourth)).toBeUndefined()
})

test('a review of an earlier version is left out and told of in the log', async () => {
  const room = await reviewRoom()
  const cid = await room.handIn(5)
  room.store.addReview({
    ...{ cid: 'old', contribution: cid, bytes: Uint8Array.of(1, 2), curator: '', verdict: '' },
    createdAtMs: 0
  })
  await room.say(first, cid, 'approve')
  expect(room.logged).toContainEqual(['review', expect.objectContaining({ contribution: cid })])
})
