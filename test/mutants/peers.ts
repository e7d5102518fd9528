import type { Mutant } from './mutant.ts'

const ANSWERING_TEST = ['test/peer/services/call/answering.test.ts']
const ATTEMPT_TEST = ['test/peer/services/call/attempt.test.ts']
const EQUIVOCATION_TEST = ['test/adversary/equivocation.test.ts']
const FLOOD_TEST = ['test/adversary/flood.test.ts']

/** Defences of running peers: services and the API. */
export const PEER_MUTANTS: readonly Mutant[] = [
  {
    name: 'bounty-without-consent',
    file: 'peer/services/bounty/unanswered.ts',
    find: 'if (!isOpen || question.publishAs === undefined) yield event',
    replace: 'if (!isOpen) yield event',
    tests: ['test/e2e/bounty.test.ts'],
    only: 'is published with its asker’s consent alone'
  },
  {
    name: 'bounty-listed-unlocked',
    file: 'peer/services/bounty/bounty-hosting.ts',
    find: 'const isListed = isBacked && stored.expiresAtMs > now()',
    replace: 'const isListed = (isBacked || true) && stored.expiresAtMs > now()',
    tests: ['test/peer/services/bounty/bounty-hosting.test.ts'],
    only: 'lists what promises money while confirmed blocks hold it'
  },
  {
    name: 'bounty-unnamed',
    file: 'peer/services/bounty/bounty-filling.ts',
    find: "refuse('the contribution does not name this bounty')",
    replace: "log('bounty', {})",
    tests: ['test/e2e/bounty.test.ts'],
    only: 'is funded by several, answered, reviewed'
  },
  {
    name: 'bounty-paid-twice',
    file: 'peer/services/bounty/bounty-paying.ts',
    find: 'if (!settled.includes(amountWei)) await send',
    replace: 'await send',
    tests: ['test/peer/services/bounty/bounty-paying.test.ts'],
    only: 'a crash makes no second one of it'
  },
  {
    name: 'provider-verifies-voucher',
    file: 'peer/services/channel/provider-channels.ts',
    find: '      verifyVoucher(separator, voucher, terms.signer)\n',
    replace: '',
    tests: ANSWERING_TEST,
    only: 'not one chunk leaves unpaid'
  },
  {
    name: 'provider-bearer',
    file: 'peer/services/channel/provider-channels.ts',
    find: '} else if (cover !== undefined && from !== bearer) {',
    replace: "} else if (cover !== undefined && from === '') {",
    tests: ['test/e2e/strangers.test.ts'],
    only: 'a voucher that became public buys a stranger nothing'
  },
  {
    name: 'provider-call-twice',
    file: 'peer/services/channel/provider-channels.ts',
    find: "if (channelStore.hasReceipt('provider', channelId, callId)) {",
    replace: "if (channelStore.hasReceipt('provider', channelId, '')) {",
    tests: ANSWERING_TEST,
    only: 'a request the provider does not serve'
  },
  {
    name: 'provider-closing',
    file: 'peer/services/channel/provider-channels.ts',
    find: "if (isClosing) throw new DatanetError('CHANNEL_CLOSING', { channelId })",
    replace: '',
    tests: ['test/e2e/channel-close.test.ts'],
    only: 'a provider takes no call on a channel whose deposit is leaving'
  },
  {
    name: 'provider-close-busy',
    file: 'peer/services/channel/close-answering.ts',
    find: "if (ledger.calls.size > 0) throw new DatanetError('CHANNEL_BUSY', { channelId })",
    replace: '',
    tests: ['test/vectors-close.test.ts']
  },
  {
    name: 'provider-close-behind',
    file: 'peer/services/channel/close-answering.ts',
    find: 'if (uncommitted > 0) throw',
    replace: 'if (uncommitted > 1) throw',
    tests: ['test/vectors-close.test.ts']
  },
  {
    name: 'provider-close-stranger',
    file: 'peer/services/channel/close-answering.ts',
    find: 'if (voucher === undefined || bearer === peer) return',
    replace: "if (voucher === undefined || peer !== '') return",
    tests: ['test/vectors-close.test.ts']
  },
  {
    name: 'provider-close-unserved',
    file: 'peer/services/channel/close-answering.ts',
    find: '    refuseUnserved(channelId, ask.voucher)\n',
    replace: '',
    tests: ['test/vectors-close.test.ts']
  },
  {
    name: 'provider-close-again',
    file: 'peer/services/channel/close-answering.ts',
    find: 'return confirmedMs > deadlineS * 1_000 ? state : { ...state, isClosed: true }',
    replace: 'return state',
    tests: ['test/vectors-close.test.ts']
  },
  {
    name: 'payer-close-word',
    file: 'peer/services/channel/closing.ts',
    find: '    verifyTypedData(escrowDomain(chainId, escrow), CLOSE, said, signature, terms.receiptSigner)\n',
    replace: '',
    tests: ['test/peer/services/channel/closing.test.ts']
  },
  {
    name: 'curator-signer',
    file: 'peer/services/reward/drop-votes.ts',
    find: 'if (!quorum.curators.includes(signer)) {',
    replace: "if (signer === '') {",
    tests: ['test/peer/services/reward/drop-guard.test.ts'],
    only: 'two of three curators end a drop'
  },
  {
    name: 'audit-voucher',
    file: 'peer/services/reward/drop-audit.ts',
    find: '    verifyVoucher(domainSeparator(escrowDomain(chainId, escrow)), voucher, terms.signer)\n',
    replace: '',
    tests: ['test/peer/services/reward/drop-guard.test.ts'],
    only: 'more than the chain captured'
  },
  {
    name: 'audit-leaves',
    file: 'peer/services/reward/drop-audit.ts',
    find: 'verifyDropLeaves(record.drop, await fold(record.drop.channels, where, options))',
    replace: 'await fold(record.drop.channels, where, options)',
    tests: ['test/peer/services/reward/drop-guard.test.ts'],
    only: 'leaves that no receipt gives'
  },
  {
    name: 'silent-document',
    file: 'peer/services/reward/drop-silence.ts',
    find: 'verifyDropLeaves(record.drop, await fold(record.drop.channels, found, options))',
    replace: 'await fold(record.drop.channels, found, options)',
    tests: ['test/peer/services/reward/drop-silence.test.ts'],
    only: 'a curator does not sign'
  },
  {
    name: 'caller-bond',
    file: 'peer/services/receipt/equivocations.ts',
    find: 'stakeWei += heldWei - (withdrawal?.amountWei ?? 0n)',
    replace: 'stakeWei += heldWei',
    tests: ['test/peer/services/receipt/bonds.test.ts'],
    only: 'a caller that asks for a bond'
  },
  {
    name: 'provider-covered',
    file: 'peer/services/call/delivering.ts',
    find: 'if (channel.isCovered(call.id, costWei)) return true',
    replace: 'if (channel.isCovered(call.id, 0n)) return true',
    tests: ANSWERING_TEST,
    only: 'not one chunk leaves unpaid'
  },
  {
    name: 'commit-syncs',
    file: 'peer/store/group-commit.ts',
    find: '        await db.sync()\n',
    replace: '',
    tests: ['test/peer/services/call/durable.test.ts']
  },
  {
    name: 'provider-up-front',
    file: 'peer/services/call/admitting.ts',
    find: 'ask.voucher === undefined || request.maxWei < upFrontWei',
    replace: 'ask.voucher === undefined',
    tests: ANSWERING_TEST,
    only: 'a request the provider does not serve'
  },
  {
    name: 'payer-counts',
    file: 'peer/services/call/attempt.ts',
    find: 'if (part.costWei !== call.costWei)',
    replace: 'if (part.costWei < 0n)',
    tests: ATTEMPT_TEST,
    only: 'a wrong running cost under a right receipt'
  },
  {
    name: 'payer-need',
    file: 'peer/services/call/attempt.ts',
    find: 'if (part.needWei > reachedWei + offer.maxChunkWei || call.channel === undefined) {',
    replace: 'if (part.needWei < reachedWei || call.channel === undefined) {',
    tests: ATTEMPT_TEST
  },
  {
    name: 'payer-auditor',
    file: 'peer/services/model/offer-check.ts',
    find: 'if (!met.some(({ key }) => key === offer.payment.auditor)) {',
    replace: 'if (met.length === 0) {',
    tests: ['test/peer/services/model/catalogue.test.ts'],
    only: 'asks for the wrong thing is never paid'
  },
  {
    name: 'payer-prepay',
    file: 'peer/services/call/preparing.ts',
    find: 'if (upFrontWei > limitWei) {',
    replace: 'if (upFrontWei < 0n) {',
    tests: ['test/e2e/strangers.test.ts'],
    only: 'wants more in advance than the caller prepays'
  },
  {
    name: 'evidence-kept',
    file: 'peer/services/receipt/equivocations.ts',
    find: 'if (Buffer.compare(kept.leaf, receiptLeaf(signed.body)) === 0) return',
    replace: 'if (kept.leaf.byteLength === 32) return',
    tests: EQUIVOCATION_TEST
  },
  {
    name: 'evidence-signature',
    file: 'peer/services/receipt/equivocations.ts',
    find: '      verifyReceiptSignature(separator, signed, receiptSigner)\n',
    replace: '',
    tests: EQUIVOCATION_TEST,
    only: 'by another key proves nothing'
  },
  {
    name: 'evidence-refuses',
    file: 'peer/services/receipt/equivocations.ts',
    find: 'if (liars.has(offer.provider) || liars.has(receiptSigner)) throw refusal(offer)',
    replace: '',
    tests: EQUIVOCATION_TEST
  },
  {
    name: 'junk-strikes',
    file: 'peer/services/call/junk.ts',
    find: 'if (remotePeer !== own && isJunk(error)) standing.strike(remotePeer)',
    replace: '',
    tests: FLOOD_TEST,
    only: 'the third voucher that nobody signed'
  },
  {
    name: 'junk-bar',
    file: 'peer/net/standing.ts',
    find: 'if (strikes >= limit) drop(peer)',
    replace: '',
    tests: FLOOD_TEST,
    only: 'strikes are forgotten after their time'
  },
  {
    name: 'api-host',
    file: 'peer/api/guard.ts',
    find: "if (!isLoopback(host.replace(/:\\d{1,5}$/, ''))) {",
    replace: "if (host === 'nowhere') {",
    tests: ['test/peer/api/hostile.test.ts']
  },
  {
    name: 'api-token',
    file: 'peer/api/guard.ts',
    find: "if (found === undefined) throw refusal('UNAUTHORIZED')",
    replace: 'if (found === undefined) return known[0]?.token as T',
    tests: ['test/peer/api/hostile.test.ts']
  },
  {
    name: 'api-spending-cap',
    file: 'peer/api/spending-cap.ts',
    find: 'if (maxWei < leastWei) {',
    replace: 'if (maxWei < 0n) {',
    tests: ['test/peer/api/spending-cap.test.ts']
  }
]
