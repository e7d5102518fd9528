import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { encodeCanonical, parseCid } from '../../../../protocol/base/codec.ts'
import { toWire } from '../../../../protocol/base/schema.ts'
import { signReviewQuery } from '../../../../protocol/datanet/review-query.ts'
import type { ExchangeContext } from '../../../../protocol/net/exchange.ts'
import { reviewAskSchema } from '../../../../protocol/net/review.ts'
import { refusal } from '../../../protocol/base/refusal.ts'
import { JUDGES, reviewRoom, someone } from './review-room.ts'

const [first, second, third, fourth] = JUDGES as [number, number, number, number, number]
const RULE = { approvals: 1, sharePpm: 600_000, leaseMs: 60_000 }

// WORK-W2
test('two curators are not given the same item, unless two are needed', async () => {
  const one = await reviewRoom({ review: RULE })
  const [a, b] = [await one.handIn(5), await one.handIn(7)]
  expect(await one.next(first)).toEqual([a])
  expect(await one.next(second)).toEqual([b])
  expect(await one.next(third)).toEqual([])
  // The same again until it ends: it is theirs.
  expect(await one.next(first)).toEqual([a])

  const two = await reviewRoom({ review: { ...RULE, approvals: 2 } })
  const both = await two.handIn(5)
  expect(await two.next(first)).toEqual([both])
  expect(await two.next(second)).toEqual([both])
  expect(await two.next(third)).toEqual([])
  await two.say(first, both, 'approve')
  expect(await two.next(third)).toEqual([])
  // A rejection has it need more than the one who has it.
  await two.say(second, both, 'reject')
  expect(await two.next(third)).toEqual([both])
})

test('what is given back, or not judged in its time, goes to others', async () => {
  const room = await reviewRoom({ review: RULE })
  const cid = await room.handIn(5)
  expect(await room.next(first)).toEqual([cid])
  await room.api.reviewGive({ ...room.by(first), contributions: [cid] })
  expect(await room.next(second)).toEqual([cid])
  room.clock.nowMs += 59_999
  expect(await room.next(third)).toEqual([])
  room.clock.nowMs += 1
  expect(await room.next(third)).toEqual([cid])
})

test('a restart takes nobody’s work away', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'datanet-review-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'peer.db')
  const room = await reviewRoom({ review: RULE }, path)
  const cid = await room.handIn(5)
  await room.next(first)
  room.db.close()
  const again = await reviewRoom({ review: RULE }, path)
  expect(await again.next(second)).toEqual([])
  expect(await again.next(first)).toEqual([cid])
  again.db.close()
})

// WORK-W1
test('an item says nothing of who gave it, and nothing of what others said', async () => {
  const room = await reviewRoom()
  const cid = await room.handIn(5, 'Known By Name')
  await room.say(first, cid, 'reject', 'unclear')
  const query = await signReviewQuery(
    {
      ...{ version: 1, datanet: parseCid(room.id), curator: someone(second).address },
      ...{ want: 'next', askedAtMs: room.clock.nowMs }
    },
    someone(second)
  )
  const ask = toWire(reviewAskSchema, { datanet: parseCid(room.id), query })
  const told = await room.desk.handler(ask, {} as ExchangeContext).next(true)
  const bytes = Buffer.from(encodeCanonical(told.value))
  expect(bytes.includes('The bow is the front')).toBe(true)
  for (const secret of [
    Buffer.from(someone(5).address.slice(2), 'hex'),
    ...['Known By Name', 'reject', 'unclear', 'createdAtMs', 'contributor'].map(Buffer.from)
  ]) {
    expect([`${secret}`, bytes.includes(secret)]).toEqual([`${secret}`, false])
  }
  // Afterwards it is no secret, but for whose it was.
  const { verdicts } = await room.say(second, cid, 'approve')
  expect(verdicts).toEqual(['reject'])
})

test('nobody is given their own, by whatever account', async () => {
  const room = await reviewRoom({ review: RULE })
  const own = await room.handIn(first)
  expect(await room.next(first)).toEqual([])
  const others = await room.handIn(7)
  await room.handOver(7, second)
  expect(await room.next(second)).toEqual([own])
  expect(await room.next(third)).toEqual([others])
  const { api } = room
  const named = { ...room.by(second), contribution: others }
  expect(await refusal(() => api.reviewShow(named))).toBe('REVIEW_REFUSED')
  expect(await refusal(() => room.say(second, others, 'approve'))).toBe('REVIEW_REFUSED')
  expect(await refusal(() => room.say(first, own, 'approve'))).toBe('REVIEW_REFUSED')
})

// WORK-W4
test('every author has a turn, however much one of them hands in', async () => {
  const room = await reviewRoom({ review: RULE })
  const flood: string[] = []
  for (let n = 0; n < 12; n += 1) flood.push(await room.handIn(5))
  const [small, other] = [await room.handIn(8), await room.handIn(9)]
  // Two accounts of one person have one turn.
  const heirs = [await room.handIn(7)]
  await room.handOver(7, 9)
  expect(await room.next(first, 4)).toEqual([flood[0], small, other, flood[1]])
  expect(await room.next(second, 3)).toEqual([heirs[0], flood[2], flood[3]])
})

test('what somebody was unsure of comes back to them last, and after a while', async () => {
  const room = await reviewRoom({ review: RULE })
  const cid = await room.handIn(5)
  await room.next(first)
  expect(await room.say(first, cid, 'unsure')).toEqual({ status: 'pending' })
  expect(await room.next(first)).toEqual([])
  expect(await room.next(second)).toEqual([cid])
  await room.say(second, cid, 'unsure')
  room.clock.nowMs += 60_000
  const fresh = await room.handIn(8)
  expect(await room.next(first)).toEqual([fresh])
  await room.say(first, fresh, 'approve')
  expect(await room.next(first)).toEqual([cid])
  expect(await room.say(first, cid, 'approve')).toMatchObject({ status: 'accepted' })
})

// WORK-W3
test('nobody holds more than sixteen items', async () => {
  const room = await reviewRoom({ review: RULE })
  for (let n = 0; n < 20; n += 1) await room.handIn(n % 2 === 0 ? 5 : 8)
  const mine = await room.next(first, 16)
  expect(new Set(mine).size).toBe(16)
  expect(await room.next(first, 16)).toEqual(expect.arrayContaining(mine))
  // Nor by another account of theirs.
  await room.handOver(fourth, first)
  expect(await room.next(fourth, 16)).toHaveLength(16)
  expect(await room.next(second, 16)).toHaveLength(4)
})

test('only curators are given work, and only by the intake host', async () => {
  const room = await reviewRoom({ review: RULE })
  await room.handIn(5)
  // WORK-R2
  expect(await refusal(() => room.next(8))).toBe('REVIEW_REFUSED')
  // WORK-R4
  Object.assign(room.datanet, { hosted: false })
  const ask = toWire(reviewAskSchema, {
    datanet: parseCid(room.id),
    review: new Uint8Array(1)
  })
  const asked = room.desk.handler(ask, {} as ExchangeContext).next(true)
  expect(await refusal(() => asked)).toBe('DATANET_UNKNOWN')
})

// WORK-R5
test('a curator hears of a host that showed another text than is signed', async () => {
  const room = await reviewRoom({ review: RULE })
  const cid = await room.handIn(5)
  const liar = room.reviewingAt(async function* (ask, context) {
    const running = room.desk.handler(ask, context)
    for (;;) {
      const { done, value } = await running.next(true)
      if (done === true) return value
      const part = value as { shown: { content: { text: string } } }
      part.shown.content.text = 'All is well.'
      yield part
    }
  })
  const [item] = await liar.reviewNext(room.by(first))
  expect(item).toMatchObject({ contribution: cid, text: 'All is well.' })
  const verdict = { ...room.by(first), contribution: cid, verdict: 'approve' as const }
  expect(await refusal(() => liar.review(verdict))).toBe('CID_MISMATCH')
})

test('what is withdrawn is taken from whoever has it', async () => {
  const room = await reviewRoom({ review: RULE })
  const cid = await room.handIn(5)
  await room.next(first)
  room.db.run('DELETE FROM content_key')
  room.store.withdraw(cid)
  expect(await room.next(first)).toEqual([])
  expect(await refusal(() => room.say(first, cid, 'approve'))).toBe('CONTRIBUTION_WITHDRAWN')
})
