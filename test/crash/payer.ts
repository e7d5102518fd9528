// The payer of the crash suite as a process of its own, killed at any moment.
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { multiaddr } from '@multiformats/multiaddr'
import { createAttempt } from '../../peer/services/call/attempt.ts'
import { createCommitting } from '../../peer/services/channel/committing.ts'
import {
  createPayerChannels,
  type PayerChannel,
  type PayerChannels
} from '../../peer/services/channel/payer-channels.ts'
import { createRecovery } from '../../peer/services/channel/recovery.ts'
import type { Datanets } from '../../peer/services/datanet/datanets.ts'
import { createEquivocations } from '../../peer/services/receipt/equivocations.ts'
import { isDatanetError } from '../../protocol/base/errors.ts'
import { toWire } from '../../protocol/base/schema.ts'
import { verifyCard } from '../../protocol/model/card.ts'
import { verifyOffer } from '../../protocol/model/offer.ts'
import { PROTOCOLS } from '../../protocol/net/ids.ts'
import { invokeAskSchema } from '../../protocol/net/invoke.ts'
import { answerRequests } from '../bench/pay/child.ts'
import { DATANET } from '../bench/pay/our-parts.ts'
import { isOurs } from './books.ts'
import { BURST, PARALLEL, REST_MS, type SideInit } from './settings.ts'
import { createSide, stopwatch } from './side.ts'

interface Join extends SideInit {
  readonly address: string
  readonly card: Uint8Array
  readonly offer: Uint8Array
}

type Side = Awaited<ReturnType<typeof createSide>>

function watch({ board, journal }: Side, inner: PayerChannels): PayerChannels {
  /** Before it can be sent: what arrives late is of the life that signed it. */
  const signed = async (voucher: Promise<Uint8Array>) => {
    const bytes = await voucher
    journal({ what: 'voucher', voucher: Buffer.from(bytes).toString('hex') })
    return bytes
  }
  const watched = (channel: PayerChannel): PayerChannel =>
    Object.create(channel, {
      cover: {
        value: (...cover: Parameters<PayerChannel['cover']>) =>
          board.during('accepting', () => signed(channel.cover(...cover)))
      },
      settle: {
        value: (...end: Parameters<PayerChannel['settle']>) =>
          board.during('finishing', () => channel.settle(...end))
      },
      commit: {
        value: () => {
          const voucher = channel.commit()
          if (voucher === undefined) return undefined
          return board.during('committing', () => signed(voucher))
        }
      }
    }) as PayerChannel
  return {
    ...inner,
    begin: (...call) => board.during('opening', async () => watched(await inner.begin(...call)))
  }
}

async function start(init: Join) {
  const side = await createSide(init, ['/ip4/127.0.0.1/tcp/0'])
  const { node, parts, board, journal, opened } = side
  const recovering = stopwatch()
  const { request } = parts.pool
  // Nothing else of it is a request: it is a voucher that commits.
  parts.pool.request = (...ask) => board.during('committing', () => request(...ask))
  const inner = createPayerChannels(parts)
  const recovery = createRecovery(parts, inner)
  const recovered = { opened, recovered: recovering() }
  for (;;) {
    try {
      await node.dial(multiaddr(init.address))
      break
    } catch {
      await pause(50)
    }
  }
  recovery.start()
  const card = await verifyCard(init.card, Date.now())
  const signed = await verifyOffer(init.offer)
  const known = { card, offers: new Map() }
  const datanets = { meet: async () => DATANET } as unknown as Datanets
  const channels = watch(side, inner)
  const committing = createCommitting(parts)
  const attempt = createAttempt(
    parts,
    datanets,
    channels,
    createEquivocations(parts),
    recovery,
    committing
  )
  const signal = new AbortController().signal
  const codes: Record<string, number> = {}

  async function call(): Promise<void> {
    const callId = new Uint8Array(randomBytes(16))
    const id = Buffer.from(callId).toString('hex')
    const content = `Question ${id.slice(0, 8)}${'?'.repeat(1 + Math.floor(Math.random() * 4))}`
    const question = { model: `${card.cid}`, messages: [{ role: 'user' as const, content }] }
    const call = { known, signed, question, callId, attempt: 0, maxWei: 10_000n, signal }
    let isDelivering = false
    try {
      for await (const event of attempt(call)) {
        if (event.type === 'chunk') {
          if (!isDelivering) board.enter('delivering')
          isDelivering = true
          journal({ what: 'chunk', callId: id, costWei: `${event.costWei}`, text: event.text })
        }
        if (event.type === 'done') {
          journal({ what: 'done', callId: id, costWei: `${event.receipt.priceWei}` })
        }
      }
    } catch (error) {
      const code = isDatanetError(error) ? error.code : `${error}`
      codes[code] = (codes[code] ?? 0) + 1
      await pause(20)
    } finally {
      if (isDelivering) board.leave('delivering')
    }
  }

  /** A voucher that was lost on its way is told with the next one: here none comes before the books are compared. */
  async function tellAgain(): Promise<void> {
    for (const { channelId, voucher } of parts.channelStore.channels('payer').filter(isOurs)) {
      if (voucher === undefined) continue
      const { terms, provider } = inner.find(channelId)
      const ask = toWire(invokeAskSchema, { terms, commit: voucher })
      for (let tries = 0; tries < 100; tries++) {
        try {
          await request(provider, PROTOCOLS.invoke, ask)
          break
        } catch {
          await pause(50)
        }
      }
    }
  }

  let isRunning = false
  let running: Promise<unknown> = Promise.resolve()
  async function run(): Promise<void> {
    while (isRunning) {
      await Promise.all(
        Array.from({ length: PARALLEL }, async () => {
          for (let i = 0; i < BURST && isRunning; i++) await call()
        })
      )
      await pause(REST_MS)
    }
  }

  return {
    recovered,
    account: parts.wallet.own.address,
    go() {
      isRunning = true
      running = run()
    },
    /** Ends the load and closes the books of everything that is open. */
    async settle() {
      isRunning = false
      await running
      for (let tries = 0; parts.channelStore.open.channels().length > 0 && tries < 50; tries++) {
        for (const channelId of parts.channelStore.open.channels()) {
          await recovery.channel(inner.find(channelId))
        }
        await pause(20)
      }
      await committing.flush()
      await tellAgain()
      return { open: parts.channelStore.open.channels().length, codes }
    }
  }
}

let payer: Awaited<ReturnType<typeof start>>
answerRequests({
  async start(init: Join) {
    payer = await start(init)
    return { account: payer.account, recovered: payer.recovered }
  },
  go: () => payer.go(),
  settle: () => payer.settle()
})
