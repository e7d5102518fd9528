import { describe, expect, test } from 'vitest'
import type { Chain } from '../peer/chain/chain.ts'
import { createTower } from '../peer/services/channel/tower.ts'
import { openDatabase } from '../peer/store/database.ts'
import { createTowerStore } from '../peer/store/tower.ts'
import { decodeCanonical } from '../protocol/base/codec.ts'
import { ERRORS } from '../protocol/base/errors.ts'
import { LIMITS } from '../protocol/base/limits.ts'
import type { ExchangeContext } from '../protocol/net/exchange.ts'
import { createFrameDecoder, encodeFrames } from '../protocol/net/frames.ts'
import { PROTOCOLS } from '../protocol/net/ids.ts'
import { asMessage } from '../protocol/net/message.ts'
import { refusal } from './protocol/base/refusal.ts'
import { bytes, hex, refuses, type Vectors, vectors } from './vector-cases.ts'

const file = vectors('07-tower')

/** A tower for which the chain says `channel` of every channel. */
function tower(channel: Vectors) {
  const { chainId, escrow } = file.domain
  const { handler } = createTower(
    {
      chain: { contracts: { chainId: BigInt(chainId), escrow } } as Chain,
      log: () => {},
      towerStore: createTowerStore(openDatabase(':memory:')),
      watcher: { read: () => undefined, onChange: () => () => {} },
      deposits: { at: async () => ({ ...channel, royaltyWei: 0n }) }
    },
    { leastWei: file.leastWei }
  )
  return async (ask: unknown) =>
    (await handler(ask, { remotePeer: 'provider' } as ExchangeContext).next()).value
}

describe('an exchange with a tower', () => {
  const messages = file.frames.map((one: Vectors) => {
    const [inner] = createFrameDecoder(LIMITS.frameBytes).feed(bytes(one.bytes))
    const message = asMessage(decodeCanonical(inner as Uint8Array))
    expect(hex(encodeFrames([message], LIMITS.frameBytes))).toBe(one.bytes)
    return { ...one, ...message }
  })
  const take = tower(file.channel)

  test('is answered frame by frame as the page says', async () => {
    expect(file.protocol).toBe(PROTOCOLS.tower)
    for (let at = 0; at < messages.length; at += 2) {
      const [ask, answer] = messages.slice(at, at + 2)
      if (answer.t === 'end') expect(await take(ask.v)).toEqual(answer.v)
      else {
        expect(await refusal(() => take(ask.v))).toBe(answer.error)
        expect(ERRORS[answer.error as keyof typeof ERRORS].wire).toBe(answer.v.code)
      }
    }
  })
})

describe('a voucher that a tower does not take', () => {
  refuses(file.values, ({ terms, voucher, channel }) =>
    tower(channel)({ terms: bytes(terms), voucher: bytes(voucher) })
  )
})
