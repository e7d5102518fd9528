import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  beginCall,
  commitReceipts,
  committableLeaves,
  cover,
  dropCall,
  openPayerLedger,
  type PayerLedger,
  settleCall
} from '../../../protocol/channel/payer-ledger.ts'
import {
  acceptVoucher,
  finishCall,
  mayDeliver,
  openProviderLedger,
  type ProviderLedger,
  recordDelivery,
  release,
  reserve
} from '../../../protocol/channel/provider-ledger.ts'
import type { Voucher } from '../../../protocol/channel/voucher.ts'

/** One honest payer, one honest provider, and streams that each keep their own order but no other. */
interface Frame {
  readonly voucher: Voucher
  readonly callId: string
  readonly coveredWei: bigint
  readonly isOpening: boolean
}
type Answer = { readonly runningWei: bigint } | { readonly priceWei: bigint; readonly seq: number }
interface Stream {
  readonly callId: string
  readonly ppm: number
  readonly toProvider: Frame[]
  readonly toPayer: Answer[]
  coveredWei: bigint
  seenWei: bigint
  isServed: boolean
  isOver: boolean
}
interface World {
  readonly chunkWei: bigint
  readonly creditWei: bigint
  readonly maxWei: bigint
  readonly ppms: readonly number[]
  readonly depositWei: bigint
}
type Step = readonly [kind: number, stream: number, dice: number]

const rootOf = (receipts: number) => `0x${receipts.toString(16).padStart(64, '0')}`

class Simulation {
  payer: PayerLedger
  provider: ProviderLedger
  readonly streams: Stream[] = []
  readonly world: World
  issued = 0
  peakOpen = 0

  constructor(world: World) {
    this.world = world
    this.payer = openPayerLedger(rootOf(99), world.depositWei)
    this.provider = openProviderLedger(world.depositWei)
  }

  step([kind, pick, dice]: Step): void {
    const open = this.streams.filter((stream) => !stream.isOver)
    if (kind === 0 && open.length < 8) this.begin()
    const stream = open[pick % Math.max(1, open.length)]
    if (stream === undefined || kind === 0) return
    if (kind <= 2) this.readFrame(stream)
    else if (kind <= 4) this.serve(stream, dice)
    else if (kind <= 6) this.readAnswer(stream)
    else if (kind === 7) this.send(stream, false)
  }

  /** Everyone goes on until nothing moves. */
  drain(): void {
    for (let round = 0; round < 500; round++) {
      const open = this.streams.filter((stream) => !stream.isOver)
      if (open.length === 0) return
      for (const stream of open) {
        while (stream.toProvider.length > 0) this.readFrame(stream)
        this.serve(stream, 7 * round + 1)
        while (stream.toPayer.length > 0) this.readAnswer(stream)
      }
    }
    throw new Error('a call waits for ever')
  }

  /**
   * The provider dies and starts again from what is durable: vouchers, receipts, and of each open call
   * the chunks that can have left. Frames and chunks under way are lost; receipts are fetched.
   */
  restartProvider(): void {
    for (const stream of this.streams) {
      stream.toProvider.length = 0
      const receipt = stream.toPayer.findLast((answer) => 'priceWei' in answer)
      stream.toPayer.length = 0
      if (receipt !== undefined) stream.toPayer.push(receipt)
      const call = this.provider.calls.get(stream.callId)
      if (call === undefined || call.deliveredWei === 0n) {
        if (call !== undefined) this.provider = release(this.provider, stream.callId)
        // Nothing left under it: the provider says so when asked, and the payer drops it.
        if (call !== undefined || !stream.isServed) {
          this.payer = dropCall(this.payer, stream.callId)
          stream.isServed = stream.isOver = true
        }
        continue
      }
      const seq = this.issued++
      this.provider = finishCall(this.provider, stream.callId, {
        receiptsRoot: rootOf(this.issued)
      })
      stream.toPayer.push({ priceWei: call.deliveredWei, seq })
    }
    // Covers are not kept: of an ended call only its price is.
    const uncommitted = this.provider.uncommitted.map((one) => ({
      ...one,
      coveredWei: one.priceWei
    }))
    this.provider = { ...this.provider, uncommitted }
  }

  begin(): void {
    const { chunkWei, maxWei, ppms } = this.world
    const callId = `call ${this.streams.length}`
    const ppm = ppms[this.streams.length % ppms.length] as number
    this.payer = beginCall(this.payer, callId, { maxWei, royaltyPpm: ppm })
    const stream: Stream = {
      callId,
      ppm,
      toProvider: [],
      toPayer: [],
      coveredWei: chunkWei,
      seenWei: 0n,
      isServed: false,
      isOver: false
    }
    this.streams.push(stream)
    this.payer = cover(this.payer, callId, chunkWei)
    this.send(stream, true)
    this.peakOpen = Math.max(this.peakOpen, this.payer.calls.size)
  }

  send({ toProvider, callId, coveredWei }: Stream, isOpening: boolean): void {
    toProvider.push({ voucher: this.payer.voucher, callId, coveredWei, isOpening })
  }

  readFrame(stream: Stream): void {
    const frame = stream.toProvider.shift()
    if (frame === undefined) return
    const { callId, coveredWei, voucher } = frame
    if (frame.isOpening) {
      const limits = { maxWei: this.world.maxWei, royaltyPpm: stream.ppm }
      this.provider = reserve(this.provider, callId, limits)
      stream.isServed = true
    }
    this.provider = acceptVoucher(this.provider, voucher, { callId, coveredWei }).ledger
  }

  serve(stream: Stream, dice: number): void {
    const { chunkWei, creditWei, maxWei } = this.world
    const call = this.provider.calls.get(stream.callId)
    if (call === undefined) return
    const costWei = 1n + (BigInt(dice) % chunkWei)
    // Without credit a call spends its own cover and no other's: what a restart then knows of it.
    const isCovered = creditWei > 0n || call.deliveredWei + costWei <= call.coveredWei
    if (dice % 5 === 0 || call.deliveredWei + costWei > maxWei) {
      const seq = this.issued++
      const end = { receiptsRoot: rootOf(this.issued) }
      this.provider = finishCall(this.provider, stream.callId, end)
      stream.toPayer.push({ priceWei: call.deliveredWei, seq })
    } else if (isCovered && mayDeliver(this.provider, costWei, creditWei)) {
      this.provider = recordDelivery(this.provider, stream.callId, costWei, creditWei)
      stream.toPayer.push({ runningWei: call.deliveredWei + costWei })
    }
  }

  readAnswer(stream: Stream): void {
    const answer = stream.toPayer.shift()
    if (answer === undefined) return
    const { chunkWei, maxWei } = this.world
    if ('runningWei' in answer) {
      const wantedWei = answer.runningWei + chunkWei
      stream.seenWei = answer.runningWei
      stream.coveredWei = wantedWei < maxWei ? wantedWei : maxWei
      this.payer = cover(this.payer, stream.callId, stream.coveredWei)
      this.send(stream, false)
      return
    }
    const { priceWei, seq } = answer
    stream.seenWei = priceWei
    stream.isOver = true
    this.payer = settleCall(this.payer, stream.callId, { priceWei, seq, leaf: new Uint8Array(32) })
    const receipts = this.payer.voucher.receipts + committableLeaves(this.payer).length
    this.payer = commitReceipts(this.payer, { receipts, receiptsRoot: rootOf(receipts) })
  }
}

const steps = fc.array(fc.tuple(fc.nat(7), fc.nat(7), fc.nat(1_000)), {
  minLength: 20,
  maxLength: 250
})
const world = fc
  .record({
    chunkWei: fc.bigInt(1n, 1_000n),
    hasCredit: fc.boolean(),
    chunks: fc.bigInt(1n, 12n),
    ppms: fc.array(fc.oneof(fc.nat(1_000_000), fc.constantFrom(0, 1_000_000)), {
      minLength: 1,
      maxLength: 3
    })
  })
  .map(({ chunkWei, hasCredit, chunks, ppms }) => ({
    chunkWei,
    creditWei: hasCredit ? chunkWei : 0n,
    maxWei: chunkWei * chunks,
    ppms,
    depositWei: 10_000_000n
  }))

function everyStep(law: (before: Simulation, after: Simulation) => void): void {
  fc.assert(
    fc.property(world, steps, (init, script) => {
      const simulation = new Simulation(init)
      for (const step of script) {
        const before = Object.assign(Object.create(Simulation.prototype), simulation) as Simulation
        simulation.step(step)
        law(before, simulation)
      }
    }),
    { numRuns: 300 }
  )
}

describe('parallel calls on one channel, in any order of events', () => {
  test('never deliver more than is authorised and credited', () => {
    everyStep((_before, { provider, world: { creditWei } }) => {
      expect(provider.spentWei <= provider.authorisedWei + creditWei).toBe(true)
    })
  })

  test('never authorise more than the deposit, nor more royalty than amount', () => {
    everyStep((_before, { provider, payer }) => {
      expect(provider.authorisedWei <= provider.depositWei).toBe(true)
      expect(provider.royaltyWei <= provider.authorisedWei).toBe(true)
      expect(payer.voucher.royaltyWei <= payer.voucher.cumulativeWei).toBe(true)
    })
  })

  test('never lower a total on either side, and the provider never holds more than was signed', () => {
    everyStep((before, { provider, payer }) => {
      expect(provider.spentWei >= before.provider.spentWei).toBe(true)
      expect(provider.authorisedWei >= before.provider.authorisedWei).toBe(true)
      expect(provider.royaltyWei >= before.provider.royaltyWei).toBe(true)
      expect(provider.receipts >= before.provider.receipts).toBe(true)
      const [was, is] = [before.payer.voucher, payer.voucher]
      expect(is.royaltyWei >= was.royaltyWei).toBe(true)
      expect(is.cumulativeWei - is.royaltyWei >= was.cumulativeWei - was.royaltyWei).toBe(true)
      expect(is.receipts >= was.receipts).toBe(true)
      expect(provider.authorisedWei <= is.cumulativeWei).toBe(true)
    })
  })

  test('end with every call settled, every receipt committed, and nobody refused', () => {
    fc.assert(
      fc.property(world, steps, (init, script) => {
        const simulation = new Simulation(init)
        for (const step of script) simulation.step(step)
        simulation.drain()
        const { payer, provider, streams, issued } = simulation
        const last = acceptVoucher(provider, payer.voucher).ledger
        expect(streams.every((stream) => stream.isOver)).toBe(true)
        expect(last.receipts).toBe(issued)
        expect(last.uncommitted).toEqual([])
        expect(last.spentWei).toBe(streams.reduce((sum, { seenWei }) => sum + seenWei, 0n))
        const royaltyWei = streams.reduce(
          (sum, { seenWei, ppm }) => sum + (seenWei * BigInt(ppm)) / 1_000_000n,
          0n
        )
        expect(last.royaltyWei >= royaltyWei).toBe(true)
        expect(last.authorisedWei - last.royaltyWei >= last.spentWei - royaltyWei).toBe(true)
      }),
      { numRuns: 500 }
    )
  })

  test('never risk more of the payer than one chunk per call in flight', () => {
    everyStep((_before, { payer, streams, peakOpen, world: { chunkWei, ppms } }) => {
      const seenWei = streams.reduce((sum, stream) => sum + stream.seenWei, 0n)
      // With several royalty rates on one channel the two kinds of surplus can stand at once.
      const kinds = new Set(ppms).size > 1 ? 2n : 1n
      const boundWei = kinds * BigInt(peakOpen) * chunkWei + BigInt(streams.length)
      expect(payer.voucher.cumulativeWei - seenWei <= boundWei).toBe(true)
    })
  })

  test('go on after the provider died at any moment, at no more than what was covered', () => {
    fc.assert(
      fc.property(world, steps, fc.nat(250), (init, script, when) => {
        const simulation = new Simulation({ ...init, creditWei: 0n })
        for (const [i, step] of script.entries()) {
          if (i === when % script.length) {
            const { authorisedWei } = simulation.provider
            simulation.restartProvider()
            expect(simulation.provider.spentWei <= authorisedWei).toBe(true)
            expect(simulation.provider.calls.size).toBe(0)
          }
          simulation.step(step)
        }
        simulation.drain()
        const { payer, provider, streams, issued } = simulation
        const last = acceptVoucher(provider, payer.voucher).ledger
        expect(payer.calls.size).toBe(0)
        expect(last.receipts).toBe(issued)
        expect(last.spentWei <= last.authorisedWei).toBe(true)
        expect(last.spentWei).toBe(streams.reduce((sum, { seenWei }) => sum + seenWei, 0n))
      }),
      { numRuns: 500 }
    )
  })

  test('stay settled when every voucher is replayed in any order', () => {
    fc.assert(
      fc.property(world, steps, fc.infiniteStream(fc.nat()), (init, script, dice) => {
        const simulation = new Simulation(init)
        const sent: Voucher[] = []
        for (const step of script) {
          simulation.step(step)
          sent.push(simulation.payer.voucher)
        }
        simulation.drain()
        const last = acceptVoucher(simulation.provider, simulation.payer.voucher).ledger
        for (let i = 0; i < sent.length; i++) {
          const old = sent[(dice.next().value as number) % sent.length] as Voucher
          expect(acceptVoucher(last, old)).toEqual({ outcome: 'ignored', ledger: last })
        }
      }),
      { numRuns: 100 }
    )
  })
})
