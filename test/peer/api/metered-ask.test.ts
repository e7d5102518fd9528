import { expect, test } from 'vitest'
import { meteredAsk } from '../../../peer/api/metered-ask.ts'
import type { AskEvent } from '../../../peer/api/models-api.ts'
import type { PeerApi } from '../../../peer/api/peer-api.ts'
import { refusal } from '../../../peer/api/problem.ts'
import { createSpendingCap } from '../../../peer/api/spending-cap.ts'

const STARTED: AskEvent = { type: 'started', callId: 'ab', provider: 'p' }
const QUESTION = { model: 'm', messages: [] }

/** What counts against a cap once a call that goes as `events` is over; nobody gives a receipt. */
async function counted(
  events: (signal: AbortSignal) => AsyncGenerator<AskEvent>,
  takes = Number.POSITIVE_INFINITY
): Promise<bigint> {
  const cap = createSpendingCap({ capWei: 1_000n, maxCallWei: 100n, prepayWei: 30n, now: () => 0 })
  const { signal } = new AbortController()
  const api = {
    models: { ask: () => events(signal) },
    receipts: {
      async show() {
        throw refusal('RECEIPT_UNKNOWN', {})
      }
    }
  } as unknown as PeerApi
  const reservation = cap.reserve({ leastWei: 0n })
  try {
    for await (const _ of meteredAsk(api, QUESTION, { reservation, signal })) {
      takes -= 1
      if (takes === 0) break
    }
  } catch {}
  return cap.spentWei
}

test('what was prepaid to a provider that was lost counts', async () => {
  const lost = async function* (): AsyncGenerator<AskEvent> {
    yield STARTED
    yield { type: 'chunk', text: 'a', costWei: 7n }
    throw refusal('PEER_SILENT', {})
  }
  expect(await counted(lost)).toBe(37n)
  const twice = async function* (): AsyncGenerator<AskEvent> {
    yield STARTED
    yield { type: 'retrying', provider: 'p', code: 'PEER_GONE' }
    yield STARTED
    throw refusal('PROVIDER_BUSY', {})
  }
  expect(await counted(twice)).toBe(30n)
})

test('so it does for a call that is left, or broken off, before its receipt', async () => {
  const endless = async function* (): AsyncGenerator<AskEvent> {
    for (;;) yield STARTED
  }
  expect(await counted(endless, 1)).toBe(30n)
  const aborted = async function* (): AsyncGenerator<AskEvent> {
    yield STARTED
    throw new DOMException('left', 'AbortError')
  }
  expect(await counted(aborted)).toBe(30n)
})

test('a call that was refused, or never began, counts nothing', async () => {
  const refused = async function* (): AsyncGenerator<AskEvent> {
    yield STARTED
    throw refusal('PROVIDER_BUSY', {})
  }
  expect(await counted(refused)).toBe(0n)
  // biome-ignore lint/correctness/useYield: it fails before anything.
  const unknown = async function* (): AsyncGenerator<AskEvent> {
    throw refusal('PEER_SILENT', {})
  }
  expect(await counted(unknown)).toBe(0n)
})
