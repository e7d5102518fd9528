import { join } from 'node:path'
import { createChannelStore, type StoredChannel } from '../../peer/store/channels.ts'
import { openDatabase } from '../../peer/store/database.ts'
import { decodeVoucher, type SignedVoucher } from '../../protocol/channel/voucher.ts'
import { decodeReceipt } from '../../protocol/receipt/receipt.ts'
import { type Entry, readJournal } from './journal.ts'
import { CHUNK_WEI } from './settings.ts'

type SideName = 'provider' | 'payer'

/** What was found in the books and journals of both sides; every list but the counts must be empty. */
export interface Findings {
  readonly calls: number
  readonly receipts: number
  readonly vouchers: number
  readonly chunks: number
  readonly interrupted: number
  readonly comparisons: number
  /** What is wrong, in words. */
  readonly faults: string[]
}

/** Compares the two sides' stores and journals. Both processes may run, but nothing may be under way. */
export function createBooks(
  dirs: Record<SideName, string>,
  bornAtMs: Record<SideName, readonly number[]>
): { compare(open: number): void; readonly findings: Findings } {
  const faults: string[] = []
  let findings: Findings = {
    calls: 0,
    receipts: 0,
    vouchers: 0,
    chunks: 0,
    interrupted: 0,
    comparisons: 0,
    faults
  }

  function fault(holds: boolean, words: string): void {
    if (!holds && faults.length < 50 && !faults.includes(words)) faults.push(words)
  }

  function read(side: SideName) {
    const db = openDatabase(join(dirs[side], 'peer.db'))
    try {
      const store = createChannelStore(db)
      const channels = store.channels(side).filter(isOurs)
      return {
        unfinished: store.served.unfinished().length,
        open: store.open.channels().length,
        channels: new Map(
          channels.map((channel) => [
            channel.channelId,
            { channel, receipts: store.receiptsOf(side, channel.channelId) }
          ])
        )
      }
    } finally {
      db.close()
    }
  }

  /** The same vouchers and receipts on both sides, and every promise kept. */
  function compareStores(open: number): Map<string, bigint> {
    const payer = read('payer')
    const provider = read('provider')
    const prices = new Map<string, bigint>()
    fault(open === 0 && payer.open === 0, `${open} calls stayed open at the payer`)
    fault(provider.unfinished === 0, `${provider.unfinished} calls stayed open at the provider`)
    fault(payer.channels.size === 1, `the payer has ${payer.channels.size} channels`)
    for (const [channelId, { channel, receipts }] of payer.channels) {
      const their = provider.channels.get(channelId)
      const own = channel.voucher === undefined ? undefined : decodeVoucher(channel.voucher)
      const taken = their?.channel.voucher
      const held = taken === undefined ? undefined : decodeVoucher(taken)
      fault(show(own) === show(held), `vouchers differ: ${show(own)} and ${show(held)}`)
      fault(
        own?.receipts === receipts.length,
        `${receipts.length} receipts, ${own?.receipts} committed`
      )
      const bytes = (of: typeof receipts = []) =>
        of.map((receipt) => Buffer.from(receipt.bytes).toString('hex')).join()
      fault(bytes(receipts) === bytes(their?.receipts), 'receipts differ')
      let spentWei = 0n
      let interrupted = 0
      for (const [place, receipt] of receipts.entries()) {
        fault(receipt.seq === place, `a hole at ${place}`)
        fault(!prices.has(receipt.callId), `call ${receipt.callId} was charged twice`)
        prices.set(receipt.callId, receipt.priceWei)
        spentWei += receipt.priceWei
        if (decodeReceipt(receipt.bytes).receipt.outcome === 'interrupted') interrupted += 1
      }
      const authorisedWei = own?.cumulativeWei ?? 0n
      fault(spentWei <= authorisedWei, `${spentWei} spent, ${authorisedWei} authorised`)
      findings = { ...findings, receipts: receipts.length, interrupted }
    }
    return prices
  }

  /** What was shown, against what was charged. */
  function compareCalls(prices: ReadonlyMap<string, bigint>): void {
    const shown = new Map<string, bigint>()
    for (const { what, callId = '', costWei = '0' } of readJournal(join(dirs.payer, 'journal'))) {
      if (what === 'chunk') shown.set(callId, max(shown.get(callId) ?? 0n, BigInt(costWei)))
      if (what === 'done') {
        fault(prices.get(callId) === BigInt(costWei), `call ${callId}: told ${costWei}`)
      }
    }
    for (const [callId, costWei] of shown) {
      const priceWei = prices.get(callId)
      // A provider that lost a chunk it sent would have it here.
      fault(
        priceWei !== undefined && costWei - priceWei <= CHUNK_WEI,
        `call ${callId}: ${costWei} delivered, ${priceWei} charged`
      )
    }
    const left = readJournal(join(dirs.provider, 'journal')).filter(({ what }) => what === 'left')
    const lives = new Map<string, Set<number>>()
    for (const { callId = '', life } of left) {
      lives.set(callId, (lives.get(callId) ?? new Set()).add(life))
    }
    for (const [callId, those] of lives) fault(those.size === 1, `call ${callId} was served twice`)
    findings = { ...findings, calls: prices.size, chunks: left.length }
  }

  /** Of all vouchers that ever arrived: one order, one root per count, none lower after a restart. */
  function compareVouchers(): void {
    const vouchersOf = (side: SideName) =>
      readJournal(join(dirs[side], 'journal')).filter(({ what }) => what === 'voucher')
    // Of a voucher that nobody says to have signed, its arrival tells.
    const signedIn = new Map(vouchersOf('payer').map(({ voucher, life }) => [voucher, life]))
    const seen = vouchersOf('provider')
    const channels = Map.groupBy(seen, (entry) => decoded(entry).channelId)
    for (const those of channels.values()) compareOf(those, signedIn)
    findings = { ...findings, vouchers: seen.length }
  }

  function compareOf(
    seen: readonly Entry[],
    signedIn: ReadonlyMap<string | undefined, number>
  ): void {
    const roots = new Map<number, string>()
    let born = 0
    let highest: SignedVoucher | undefined
    /** The highest of each life. */
    const reached = new Map<number, SignedVoucher>()
    const births = bornAtMs.payer
    for (const entry of seen) {
      const voucher = decoded(entry)
      const known = roots.get(voucher.receipts)
      fault(
        known === undefined || known === voucher.receiptsRoot,
        `two roots at ${voucher.receipts}`
      )
      roots.set(voucher.receipts, voucher.receiptsRoot)
      while ((births[born] ?? Number.POSITIVE_INFINITY) <= entry.atMs) born += 1
      const life = signedIn.get(entry.voucher) ?? born
      for (const [earlier, before] of reached) {
        fault(
          earlier >= life || isAtLeast(voucher, before),
          `life ${life} of the payer signed lower than life ${earlier}`
        )
      }
      const best = reached.get(life)
      if (best === undefined || isAtLeast(voucher, best)) reached.set(life, voucher)
      fault(
        highest === undefined || isAtLeast(voucher, highest) || isAtLeast(highest, voucher),
        'two vouchers of which neither is newer'
      )
      if (highest === undefined || isAtLeast(voucher, highest)) highest = voucher
    }
  }

  return {
    get findings() {
      return findings
    },
    compare(open) {
      compareCalls(compareStores(open))
      compareVouchers()
      findings = { ...findings, comparisons: findings.comparisons + 1 }
    }
  }
}

/** Not one of the strangers that only fill the store. */
export function isOurs({ depositWei }: StoredChannel): boolean {
  return depositWei !== 1_000_000n
}

function decoded({ voucher = '' }: Entry): SignedVoucher {
  return decodeVoucher(Buffer.from(voucher, 'hex'))
}

function isAtLeast(next: SignedVoucher, last: SignedVoucher): boolean {
  return (
    next.cumulativeWei - next.royaltyWei >= last.cumulativeWei - last.royaltyWei &&
    next.royaltyWei >= last.royaltyWei &&
    next.receipts >= last.receipts
  )
}

function show(voucher: SignedVoucher | undefined): string {
  if (voucher === undefined) return 'none'
  const { cumulativeWei, royaltyWei, receipts, receiptsRoot } = voucher
  return `${cumulativeWei} ${royaltyWei} ${receipts} ${receiptsRoot.slice(0, 10)}`
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
