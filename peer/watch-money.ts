import type { ExchangeHandler } from '../protocol/net/exchange.ts'
import type { PeerHealth, Role } from './api/peer-api.ts'
import { withoutChain } from './chain/absent-chain.ts'
import type { ChainContracts } from './chain/chain.ts'
import { type ChainWatcher, createWatcher } from './chain/watch.ts'
import { WATCH } from './chain/watch-limits.ts'
import { type Claimer, createClaimer, type VoucherSource } from './services/channel/claimer.ts'
import { withCloses } from './services/channel/close-answering.ts'
import { createDeposits, type Deposits } from './services/channel/deposits.ts'
import { createTower } from './services/channel/tower.ts'
import { createTowerPush } from './services/channel/tower-push.ts'
import { createHealth } from './services/health.ts'
import type { Parts } from './services/parts.ts'
import { createClaimStore } from './store/claims.ts'
import { type CloseStore, createCloseStore } from './store/closes.ts'
import type { Database } from './store/database.ts'
import { createTowerStore } from './store/tower.ts'
import { createWatchStore } from './store/watched.ts'

/** What a peer's money needs beside the calls: the chain followed, vouchers claimed, towers kept. */
export interface MoneyWatch {
  readonly watcher: ChainWatcher
  readonly deposits: Deposits
  /** Channels that this peer gave its word to end. */
  readonly closes: CloseStore
  readonly claimer: Claimer
  /** Answers `/datanet/tower/1`; undefined for who is no tower. */
  readonly tower?: ExchangeHandler
  health(): PeerHealth
  /** Starts what the roles need. */
  run(): void
  /** Claims and hands over what is worth it, in bounded time, and ends. */
  stop(): Promise<void>
}

/** What of it is a matter of configuration. */
export interface MoneyInit {
  readonly roles: readonly Role[]
  readonly isNear: boolean
  readonly confirmations: number
  readonly claimAtWei?: bigint
  readonly towers?: readonly string[]
  readonly towerAtWei?: bigint
  readonly towerLeastWei?: bigint
}

/** The watch over the money of a peer with a chain, nothing of it started yet. */
export function createMoneyWatch(
  db: Database,
  parts: Parts,
  contracts: ChainContracts,
  init: MoneyInit
): MoneyWatch {
  const { channelStore, chain, now, log } = parts
  const { chainId, escrow, registry, bounty } = contracts
  // Another contract beside them is another story: it is read from the beginning.
  const chainName = [chainId, escrow, registry, ...(bounty === undefined ? [] : [bounty])].join(' ')
  const claimStore = createClaimStore(db)
  const towerStore = createTowerStore(db)
  const watcher = createWatcher({
    reader: chain.reader,
    store: createWatchStore(db, { chain: chainName, keptBlocks: WATCH.keptBlocks }),
    confirmations: init.confirmations,
    pollMs: init.isNear ? WATCH.nearMs : WATCH.farMs,
    mostMs: () => claimer.mostMs(),
    now,
    log
  })
  const closes = createCloseStore(db)
  const deposits = withCloses(createDeposits(watcher, now), closes, watcher)
  const own: VoucherSource = {
    isOwn: true,
    afterShare: 0,
    *kept() {
      for (const { channelId, terms, voucher } of channelStore.channels('provider')) {
        if (voucher !== undefined) yield { channelId, terms, voucher }
      }
    },
    find(channelId) {
      const { terms, voucher } = channelStore.channel('provider', channelId) ?? {}
      if (terms === undefined || voucher === undefined) return undefined
      return { channelId, terms, voucher }
    }
  }
  const { roles, claimAtWei, towerAtWei, towerLeastWei } = init
  const tower = roles.includes('tower')
    ? createTower(
        { chain, log, towerStore, watcher, deposits },
        towerLeastWei === undefined ? {} : { leastWei: towerLeastWei }
      )
    : undefined
  const claimer: Claimer = createClaimer(
    { chain, now, log, claimStore, watcher },
    {
      sources: tower === undefined ? [own] : [own, tower.source],
      ...(claimAtWei === undefined ? {} : { claimAtWei })
    }
  )
  const push = createTowerPush(
    { ...parts, towerStore, watcher },
    { towers: init.towers ?? [], ...(towerAtWei === undefined ? {} : { atWei: towerAtWei }) }
  )
  const health = createHealth({ watcher, claimer, claimStore, now })
  // What faces show of a channel is what was seen of it.
  const unlisten = watcher.onChange((changed) => {
    for (const { kind, id } of changed) {
      const known = kind === 'channel' ? channelStore.channel('provider', id) : undefined
      if (known === undefined) continue
      const state = watcher.read('channel', id) ?? { depositWei: 0n, claimedWei: 0n }
      channelStore.setChainState('provider', id, state)
      // Only a withdrawal that was finished makes a deposit smaller: its payer is done with it.
      if (state.depositWei < known.depositWei) channelStore.retire('provider', id)
      // Its last voucher was claimed by that, whoever sent it.
      if ('isClosed' in state) {
        claimStore.setToCollect(true)
        closes.remove(id)
      }
    }
  })
  const isAtStake = roles.includes('provider') || roles.includes('tower')

  return {
    watcher,
    deposits,
    closes,
    claimer,
    ...(tower === undefined ? {} : { tower: tower.handler }),
    health() {
      // Who neither earns nor keeps vouchers follows nothing.
      if (!isAtStake) return { isWell: true, reasons: [] }
      const channels = tower === undefined ? {} : { towerChannels: towerStore.count() }
      return { ...health.now(), ...channels }
    },
    run() {
      if (!isAtStake) return
      watcher.run()
      claimer.run()
      push.run()
      health.run()
    },
    async stop() {
      health.stop()
      await Promise.all([push.stop(), claimer.stop()])
      await watcher.stop()
      unlisten()
      tower?.stop()
    }
  }
}

/** What a peer without a chain has in its place. */
export function withoutMoney(): Pick<MoneyWatch, 'claimer' | 'deposits' | 'health'> {
  return {
    claimer: withoutChain(),
    deposits: withoutChain(),
    health: () => ({ isWell: true, reasons: [] })
  }
}
