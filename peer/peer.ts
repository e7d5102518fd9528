import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { secp256k1 } from '../protocol/base/secp256k1.ts'
import { createDirectory } from '../protocol/net/directory.ts'
import { serveDocuments } from '../protocol/net/document-server.ts'
import { createDocuments } from '../protocol/net/documents.ts'
import type { ExchangeHandler } from '../protocol/net/exchange.ts'
import { createExchangePool } from '../protocol/net/exchange-pool.ts'
import { createSeqGuard, type SeqGuard } from '../protocol/net/seq-guard.ts'
import { formatAmount } from './api/amounts.ts'
import type { PeerApi, PeerHealth } from './api/peer-api.ts'
import { createBountying } from './bounties.ts'
import { withoutChain } from './chain/absent-chain.ts'
import { chainOf, confirmationsOf, isNear } from './chain/chain-of.ts'
import { createContent } from './content/content.ts'
import type { MayServe } from './content/served-blocks.ts'
import { createDeciding } from './deciding.ts'
import { askFaucet } from './devnet/faucet.ts'
import { createHandingIn } from './handing-in.ts'
import { createNode } from './net/node.ts'
import { createStanding } from './net/standing.ts'
import { given, type PeerInit, withinBudgets } from './peer-init.ts'
import { ROLES, withRoles } from './roles.ts'
import { createAccounts } from './services/account/accounts.ts'
import { createFunds } from './services/account/funds.ts'
import { createAnswering } from './services/call/answering.ts'
import { createAttempt } from './services/call/attempt.ts'
import { createCalls } from './services/call/calls.ts'
import { withStanding } from './services/call/junk.ts'
import { createBudget } from './services/channel/budget.ts'
import { createClaims } from './services/channel/claims.ts'
import { createCloseAnswering } from './services/channel/close-answering.ts'
import { createClosing } from './services/channel/closing.ts'
import { createCommitting } from './services/channel/committing.ts'
import { createFunding } from './services/channel/funding.ts'
import { createIdleDeposits, type IdleDeposits } from './services/channel/idle-deposits.ts'
import { createOwnChannels } from './services/channel/own-channels.ts'
import { createPayerChannels, type PayerChannels } from './services/channel/payer-channels.ts'
import {
  createProviderChannels,
  type ProviderChannels
} from './services/channel/provider-channels.ts'
import { createRecovery } from './services/channel/recovery.ts'
import { createCleaning } from './services/datanet/cleaning.ts'
import { createDatanets, summary } from './services/datanet/datanets.ts'
import { createHosting } from './services/datanet/hosting.ts'
import { createNaming } from './services/datanet/naming.ts'
import { createCatalogue, describeListing } from './services/model/catalogue.ts'
import { createModels } from './services/model/models.ts'
import { createOffering, OFFERED } from './services/model/offering.ts'
import { createTextModels } from './services/model/text-models.ts'
import type { Parts } from './services/parts.ts'
import { createPublications } from './services/publications.ts'
import { createBonds } from './services/receipt/bonds.ts'
import { createEquivocations } from './services/receipt/equivocations.ts'
import { createReceipts, showReceipts } from './services/receipt/receipts.ts'
import { createRevisionDeciding } from './services/revision/revision-deciding.ts'
import { createRevisions } from './services/revision/revisions.ts'
import { createRewardServices } from './services/reward/reward-services.ts'
import { serveExchanges } from './serving.ts'
import { createShowing, shownRoots } from './showing.ts'
import { createAccountStore } from './store/accounts.ts'
import { SqliteBlockstore } from './store/blocks.ts'
import { createBountyStore } from './store/bounties.ts'
import { createChannelStore } from './store/channels.ts'
import { openDatabase } from './store/database.ts'
import { createDatanetStore } from './store/datanets.ts'
import { createDocumentStore } from './store/documents.ts'
import { createDropStore } from './store/drops.ts'
import { createEvidenceStore, type EvidenceStore } from './store/evidence.ts'
import { createFundingStore } from './store/funding.ts'
import { createGovernanceStore } from './store/governance.ts'
import { createHostingStore } from './store/hosting.ts'
import { createModelStore } from './store/models.ts'
import { createSpendingStore } from './store/spending.ts'
import { undo } from './undo.ts'
import { VERSION } from './version.ts'
import { openWallet } from './wallet/wallet.ts'
import { createMoneyWatch, withoutMoney } from './watch-money.ts'
import { createWithdrawing } from './withdrawing.ts'

/** A running peer. */
export interface Peer {
  readonly api: PeerApi
  readonly peerId: string
  /** Multiaddrs others can dial. */
  readonly addresses: readonly string[]
  /** The peer's own account. */
  readonly account: string
  /** Whether it does what its money needs; asks nobody. */
  health(): PeerHealth
  /** Ends what runs, keeps what must be kept, and leaves no timer or socket behind. */
  stop(): Promise<void>
}

/**
 * A started peer: its node has joined, its exchanges are served, and what it hosted and served before
 * is announced again. Refuses PEER_UNREACHABLE, CHAIN_UNREACHABLE, CHAIN_WRONG, STORE_FAILED, and one
 * of rpcUrl and contracts without the other (CONFIG_INVALID).
 */
export async function createPeer(init: PeerInit): Promise<Peer> {
  const now = init.now ?? Date.now
  const log = init.log ?? (() => {})
  mkdirSync(init.dataDir, { recursive: true, mode: 0o700 })
  const db = openDatabase(join(init.dataDir, 'peer.db'))
  /** Undone in reverse, whether the start fails half-way or the peer stops. */
  const started: Array<() => unknown> = [() => db.close()]
  const stop = () => undo(started)
  try {
    const wallet = await openWallet(
      db,
      init.passphrase === undefined ? {} : { passphrase: init.passphrase }
    )
    const chain = chainOf(init, wallet.own)
    started.push(() => chain.close())
    const { contracts } = init
    if (contracts !== undefined) await chain.check()
    const token = contracts === undefined ? undefined : await chain.token.describe()
    const standing = createStanding({
      now,
      drop: (peer) => void node.hangUp(peerIdFromString(peer)).catch(() => {}),
      ...(init.junkVouchers === undefined ? {} : { strikes: init.junkVouchers })
    })
    const node = await createNode({
      isBarred: standing.isBarred,
      privateKey: wallet.peerKey,
      bootstrap: init.bootstrap.map((address) => multiaddr(address)),
      dht: init.dht ?? true,
      ...(init.listen === undefined ? {} : { listen: init.listen })
    })
    started.push(() => node.stop())
    const pool = createExchangePool(node)
    started.push(() => pool.close())
    const blocks = new SqliteBlockstore(db)
    const mayServe: MayServe = (id) => withdrawing.mayServe(id)
    const shown = () => shownRoots(parts, datanets)
    const content = await createContent(node, { blockstore: blocks, pool, mayServe, shown })
    started.push(() => content.stop())
    // Who joined by nobody has nobody to wait for.
    const directory = createDirectory(node, init.bootstrap.length === 0 ? { firstPeerMs: 0 } : {})
    started.push(() => directory.stop())
    const documentStore = createDocumentStore(db)
    const evidenceStore = createEvidenceStore(db)
    const parts: Parts = {
      peerId: node.peerId.toString(),
      wallet,
      chain,
      pool,
      content,
      documentStore,
      accountStore: createAccountStore(db),
      datanetStore: createDatanetStore(db),
      modelStore: createModelStore(db),
      governanceStore: createGovernanceStore(db),
      bountyStore: createBountyStore(db),
      channelStore: createChannelStore(db),
      evidenceStore,
      publications: createPublications({
        peerId: node.peerId.toString(),
        directory,
        documents: createDocuments(pool, { guard: guardOver(evidenceStore) }),
        store: documentStore,
        provideContent: async (root) => {
          if (init.dht !== false) await node.contentRouting.provide(root)
        },
        onError: (error) => log('announce', { error: String(error) })
      }),
      limits: withinBudgets(init.limits),
      now,
      log
    }
    const deciding = createDeciding(parts)
    const datanets = createDatanets(parts, deciding.known, deciding.manifests)
    const made = () => ({ reading, revisions })
    const { intake, review, giving, outbox } = createHandingIn(
      db,
      parts,
      datanets,
      made,
      init.outbox
    )
    started.push(outbox.stop)
    const withdrawing = createWithdrawing(db, blocks, parts, datanets, outbox, init.withdrawals)
    started.push(() => withdrawing.stop())
    const { tombstones, sync, reading } = withdrawing
    const revisions = createRevisions(parts, datanets, reading, sync, deciding.peers)
    const governing = deciding.govern(
      createRevisionDeciding(parts, { revisions, reading, sync, peers: deciding.peers, datanets }),
      init.governance
    )
    started.push(() => governing.stop())
    const hosting = createHosting(
      { ...parts, hostingStore: createHostingStore(db) },
      datanets,
      revisions,
      init.hosting
    )
    started.push(() => hosting.stop())
    const catalogue = createCatalogue(parts)
    const texts = createTextModels(init.upstreams ?? [], { root: init.dataDir })
    started.push(() => texts.stop())
    const models = createModels(parts, datanets, revisions, catalogue, tombstones, texts)
    const withdrawDelayS = init.withdrawDelayS ?? OFFERED.withdrawDelayS
    const offering = createOffering(parts, datanets, models, catalogue, {
      withdrawDelayS,
      adaptersOf: texts.adaptersOf,
      limitsOf: texts.limitsOf
    })
    started.push(() => offering.stop())
    const roles = init.roles ?? ROLES
    const money =
      contracts === undefined
        ? undefined
        : createMoneyWatch(db, parts, contracts, {
            roles,
            isNear: isNear(init.rpcUrl),
            confirmations: confirmationsOf(init, contracts),
            ...given(init, ['claimAtWei', 'towers', 'towerAtWei', 'towerLeastWei'])
          })
    started.push(() => money?.stop())
    const bountying = createBountying(
      parts,
      datanets,
      { ...given(init, ['contracts']), ...(money === undefined ? {} : { watcher: money.watcher }) },
      () => ({ revisions, tombstones, inclusion: giving.inclusion })
    )
    const { claimer, deposits, health: moneyHealth } = money ?? withoutMoney()
    const funding = createFunding(parts, createFundingStore(db))
    const claims = createClaims(parts, claimer, funding)
    const rewards = createRewardServices(parts, datanets, {
      dropStore: createDropStore(db),
      ...(money === undefined ? {} : { watcher: money.watcher })
    })
    started.push(() => rewards.stop())
    const health = () => rewards.withDrops(moneyHealth())
    const payerChannels: PayerChannels =
      contracts === undefined ? withoutChain() : createPayerChannels(parts, funding)
    const spending = { ...parts, spendingStore: createSpendingStore(db) }
    const budget = createBudget(
      spending,
      contracts === undefined ? () => [] : payerChannels.promised,
      (amountWei) => formatAmount(amountWei, token?.symbol, token?.decimals)
    )
    const evidence = createEquivocations(parts, init.limits)
    const bonds = createBonds(parts, (offer) => catalogue.offer(offer).offer.payment.receiptSigner)
    const recovery = createRecovery(parts, payerChannels)
    started.push(() => recovery.stop())
    const committing = createCommitting(parts)
    started.push(() => committing.flush())
    const attempt = createAttempt(parts, datanets, payerChannels, evidence, recovery, committing)
    const calls = createCalls(parts, catalogue, attempt, budget)
    const closing = createClosing(parts, payerChannels, recovery)
    const providerChannels: ProviderChannels =
      contracts === undefined ? withoutChain() : createProviderChannels(parts, deposits)
    if (contracts !== undefined) started.push(() => providerChannels.stop())
    const answering = createAnswering(
      parts,
      offering,
      providerChannels,
      init.voucherMs === undefined ? {} : { voucherMs: init.voucherMs }
    )
    const isProvider = roles.includes('provider')
    const documentServer = await serveDocuments(node, showReceipts(documentStore, parts))
    started.push(() => documentServer.stop())
    const withJudge = (handler: ExchangeHandler) => withStanding(handler, standing, parts.peerId)
    const closes =
      isProvider && money !== undefined
        ? createCloseAnswering(parts, providerChannels, money.closes, given(init, ['claimAtWei']))
        : undefined
    const isHost = roles.includes('host')
    const servers = await serveExchanges(node, {
      ...{ tombstones: tombstones.handler, propose: governing.handler },
      ...(isHost
        ? { host: hosting.handler, contribute: intake.handler, review, bounties: bountying.handler }
        : {}),
      ...(isProvider ? { invoke: withJudge(answering) } : {}),
      ...(closes === undefined ? {} : { close: withJudge(closes) }),
      ...(money?.tower === undefined ? {} : { tower: money.tower })
    })
    started.push(() => servers.stop())
    if (money?.tower !== undefined) parts.publications.announce('tower', '*')
    money?.run()
    rewards.run(roles)
    datanets.resume({ isHost })
    revisions.resume()
    sync.start()
    outbox.start()
    if (isHost && contracts !== undefined) hosting.start()
    governing.run()
    if (isProvider && contracts !== undefined) await offering.resume()
    if (contracts !== undefined) recovery.start()
    let idle: IdleDeposits | undefined
    if (init.idleCloseMs !== undefined && contracts !== undefined) {
      idle = createIdleDeposits(spending, payerChannels, closing, { idleMs: init.idleCloseMs })
      started.push(idle.stop)
    }

    const naming = createNaming(parts)
    if (init.ipfs !== undefined) {
      const showing = await createShowing(parts, datanets, naming, init.ipfs)
      started.push(() => showing.stop())
    }

    const api: PeerApi = {
      datanets: {
        ...governing.api,
        create: datanets.create,
        find: datanets.find,
        ...giving,
        ...bountying.api,
        list: async () => datanets.all().map(summary),
        show: async (id) => summary(datanets.known(id)),
        withdraw: withdrawing.withdraw,
        pending: intake.pending,
        async publish(id, options) {
          const published = await revisions.publish(id, options)
          hosting.tell(id)
          return published
        },
        host: hosting.host,
        replicas: hosting.replicas,
        name: naming,
        clean: createCleaning(parts, datanets, revisions, reading, outbox.store),
        head: async (id) => revisions.head(id),
        fetch: revisions.fetch
      },
      models: {
        build: models.build,
        adopt: models.adopt,
        built: models.built,
        serve: offering.serve,
        retire: offering.retire,
        list: async () =>
          catalogue.all().map((known) => describeListing(known, now(), revisions.withdrawnOf)),
        search: async (topic, options) =>
          (await catalogue.search(topic, options)).map((known) =>
            describeListing(known, now(), revisions.withdrawnOf)
          ),
        ask: bountying.aloud(calls.ask, catalogue)
      },
      channels: createOwnChannels(payerChannels, claims, {
        ...{ closing, budget, catalogue, hasChain: contracts !== undefined },
        onClosed: () => idle?.wake()
      }),
      receipts: { ...createReceipts(parts, evidence, revisions), ...bonds },
      rewards: rewards.api,
      accounts: createAccounts(
        parts,
        datanets,
        createFunds(parts, {
          chainAs: (account) => chainOf(init, account),
          askFaucet: async (address) =>
            init.rpcUrl !== undefined && (await askFaucet(init.rpcUrl, address))
        })
      ),
      status: async () => ({
        peerId: parts.peerId,
        addresses: node.getMultiaddrs().map(String),
        connectedPeers: node.getPeers().length,
        openStreams: node.getConnections().reduce((sum, { streams }) => sum + streams.length, 0),
        ...(contracts === undefined ? {} : { chainId: Number(contracts.chainId) }),
        ...(token === undefined ? {} : { token }),
        account: wallet.own.address,
        roles,
        signer: secp256k1.kind,
        keystore: wallet.keystore,
        autoPublish: init.autoPublish ?? false,
        health: health(),
        version: VERSION
      })
    }
    return {
      api: withRoles(api, roles),
      peerId: parts.peerId,
      addresses: node.getMultiaddrs().map(String),
      account: wallet.own.address,
      health,
      stop
    }
  } catch (error) {
    // Why it could not start says more than what could not be undone.
    await stop().catch(() => {})
    throw error
  }
}

/** A guard that knows what was told twice before the last restart, and keeps what will be. */
function guardOver(store: EvidenceStore): SeqGuard {
  return createSeqGuard({
    evidence: store.documents(),
    onEvidence: (pair) => store.addDocuments(pair)
  })
}
