import type { Mutant } from './mutant.ts'

const CLAIMS = 'protocol/contracts/parts/EscrowClaims.sol'
const FUNDING = 'protocol/contracts/parts/EscrowFunding.sol'
const BASE = 'protocol/contracts/parts/EscrowBase.sol'
const ESCROW = 'protocol/contracts/ChannelEscrow.sol'
const DROPS = 'protocol/contracts/parts/PoolDrops.sol'
const SHARES = 'protocol/contracts/parts/PoolShares.sol'
const BOUNTIES = 'protocol/contracts/BountyEscrow.sol'
const BOND = 'protocol/contracts/ProviderBond.sol'
const REGISTRY = 'protocol/contracts/DatanetRegistry.sol'

/** Defences of the contracts: each of these is compiled and deployed again before its tests run. */
export const CONTRACT_MUTANTS: readonly Mutant[] = [
  {
    name: 'bounty-twice',
    file: BOUNTIES,
    find: '(bounty.lockedWei, bounty.isFilled) = (0, true);',
    replace: 'bounty.isFilled = true; bounty.isFilled = false;',
    tests: ['test/contracts/bounty.test.ts'],
    only: 'is locked by several, filled once'
  },
  {
    name: 'bounty-quorum',
    file: BOUNTIES,
    find: 'if (count < threshold) revert BountyApprovalsMissing(count, threshold);',
    replace: 'if (threshold == 0) revert BountyApprovalsMissing(count, threshold);',
    tests: ['test/contracts/bounty.test.ts'],
    only: 'is filled by a quorum alone'
  },
  {
    name: 'bounty-self',
    file: BOUNTIES,
    find: 'if (signer == account) revert BountySelfApproved(account);',
    replace: 'if (signer == registry) revert BountySelfApproved(account);',
    tests: ['test/contracts/bounty.test.ts'],
    only: 'is filled by a quorum alone'
  },
  {
    name: 'bounty-anchored',
    file: BOUNTIES,
    find: 'if (!_isAnchored(terms.datanet, contribution, place)) revert',
    replace: 'if (contribution == 0 && !_isAnchored(terms.datanet, contribution, place)) revert',
    tests: ['test/contracts/bounty.test.ts'],
    only: 'is filled by a quorum alone'
  },
  {
    name: 'bounty-early-refund',
    file: BOUNTIES,
    find: 'if (block.timestamp < terms.expiresAt) revert BountyNotExpired(terms.expiresAt);',
    replace: '',
    tests: ['test/contracts/bounty.test.ts'],
    only: 'comes back to each funder once it expired'
  },
  {
    name: 'bounty-refund-twice',
    file: BOUNTIES,
    find: '_funded[id][funder] = 0;',
    replace: '',
    tests: ['test/contracts/bounty.test.ts'],
    only: 'comes back to each funder once it expired'
  },
  {
    name: 'bounty-claim-twice',
    file: BOUNTIES,
    find: '_credits[account][token] = 0;',
    replace: '',
    tests: ['test/contracts/bounty.test.ts'],
    only: 'is locked by several, filled once'
  },
  {
    name: 'claim-signature',
    file: CLAIMS,
    find: 'if (!_isSigned(digest, voucher.r, voucher.vs, signer)) return',
    replace: 'if (digest == bytes32(uint256(uint160(signer)))) return',
    tests: ['test/contracts/escrow.test.ts'],
    only: 'skips the poisoned rows of a batch'
  },
  {
    name: 'claim-replay',
    file: CLAIMS,
    find: 'if (cumulativeWei <= claimedWei) return _skip(id, SkipReason.NothingNew);',
    replace: 'if (cumulativeWei < claimedWei) return _skip(id, SkipReason.NothingNew);',
    tests: ['test/contracts/escrow.test.ts'],
    only: 'skips a replayed and a stale voucher'
  },
  {
    name: 'claim-deposit',
    file: CLAIMS,
    find: 'if (cumulativeWei > depositWei) cumulativeWei = depositWei;',
    replace: 'if (cumulativeWei > ChannelWord.MAX_WEI) cumulativeWei = depositWei;',
    tests: ['test/adversary/chain.test.ts'],
    only: 'a top-up that is not there yet'
  },
  {
    name: 'claim-royalty-above',
    file: CLAIMS,
    find: 'if (royaltyWei > deltaWei) royaltyWei = deltaWei;',
    replace: 'if (royaltyWei > depositWei) royaltyWei = deltaWei;',
    tests: ['test/adversary/chain.test.ts'],
    only: 'royalty above the amount'
  },
  {
    name: 'claim-closed',
    file: CLAIMS,
    find: 'if (flags & ChannelWord.CLOSED != 0) return _skip(id, SkipReason.ChannelClosed);',
    replace: '',
    tests: ['test/contracts/close.test.ts'],
    only: 'ends the channel for ever'
  },
  {
    name: 'pull-twice',
    file: CLAIMS,
    find: '_credits[operator][token] = 0;',
    replace: '',
    tests: ['test/contracts/escrow.test.ts'],
    only: 'pays an operator its credit once'
  },
  {
    name: 'fund-closed',
    file: BASE,
    find: 'if (word & ChannelWord.CLOSED != 0) revert EscrowChannelClosed(id);',
    replace: '',
    tests: ['test/contracts/close.test.ts'],
    only: 'ends the channel for ever'
  },
  {
    name: 'fund-overflow',
    file: BASE,
    find: 'if (amountWei > ChannelWord.MAX_WEI - depositWei) revert EscrowDepositTooLarge();',
    replace: '',
    tests: ['test/adversary/chain.test.ts'],
    only: 'at the edge of what fits'
  },
  {
    name: 'fund-fee',
    file: BASE,
    find: 'if (movedWei != amountWei) revert EscrowTransferInexact(amountWei, movedWei);',
    replace: '',
    tests: ['test/contracts/hostile-token.test.ts'],
    only: 'keeps a part of it'
  },
  {
    name: 'pay-refused',
    file: BASE,
    find: 'if (!Money.pay(token, to, amountWei, gasleft())) revert EscrowPaymentRefused(token, to);',
    replace: 'Money.pay(token, to, amountWei, gasleft());',
    tests: ['test/adversary/chain.test.ts'],
    only: 'says no without reverting'
  },
  {
    name: 'permit-front-run',
    file: FUNDING,
    find: ') {} catch {}',
    replace: ') {} catch { revert EscrowAmountZero(); }',
    tests: ['test/contracts/funding.test.ts'],
    only: 'even when the permit ran ahead'
  },
  {
    name: 'order-nonce',
    file: FUNDING,
    find: 'if (bits & bit != 0) revert EscrowNonceUsed(nonce);',
    replace: '',
    tests: ['test/contracts/funding.test.ts'],
    only: 'refuses an order by another'
  },
  {
    name: 'order-signature',
    file: FUNDING,
    find: 'if (!_isSigned(_hashTypedDataV4(structHash), order.r, order.vs, payer)) {',
    replace: 'if (structHash == bytes32(0)) {',
    tests: ['test/contracts/funding.test.ts'],
    only: 'refuses an order by another'
  },
  {
    name: 'authorization-bound',
    file: FUNDING,
    find: 'return keccak256(abi.encode(id, amountWei, salt));',
    replace: 'return keccak256(abi.encode(uint256(0), amountWei, salt));',
    tests: ['test/contracts/funding.test.ts'],
    only: 'fits one channel and one amount'
  },
  {
    name: 'vault-balance',
    file: FUNDING,
    find: 'if (amountWei > balanceWei) revert EscrowVaultTooLow(amountWei, balanceWei);',
    replace: 'if (amountWei > balanceWei) balanceWei = amountWei;',
    tests: ['test/contracts/funding.test.ts'],
    only: 'one vault funds many channels'
  },
  {
    name: 'withdraw-delay',
    file: ESCROW,
    find: 'if (block.timestamp < pending.readyAt) revert EscrowWithdrawEarly(pending.readyAt);',
    replace: '',
    tests: ['test/contracts/escrow.test.ts'],
    only: 'unclaimed deposit after the delay'
  },
  {
    name: 'withdraw-claimed',
    file: ESCROW,
    find: 'amountWei = pending.amount < available ? pending.amount : available;',
    replace: 'amountWei = available < 0 ? available : pending.amount;',
    tests: ['test/adversary/chain.test.ts'],
    only: 'in the last second of the delay'
  },
  {
    name: 'withdraw-payer',
    file: ESCROW,
    find: 'if (msg.sender != terms.payer) revert EscrowNotPayer(msg.sender);',
    replace: '',
    tests: ['test/adversary/chain.test.ts'],
    only: 'neither delay nor call off a withdrawal'
  },
  {
    name: 'close-signer',
    file: ESCROW,
    find: 'if (!_isSigned(_hashTypedDataV4(structHash), r, vs, row.terms.receiptSigner)) {',
    replace:
      'if (!_isSigned(_hashTypedDataV4(structHash), r, vs, row.terms.receiptSigner) && structHash == bytes32(0)) {',
    tests: ['test/contracts/close.test.ts'],
    only: 'refuses to close by anyone'
  },
  {
    name: 'royalty-pool-only',
    file: ESCROW,
    find: 'if (msg.sender != rewardPool) revert EscrowNotRewardPool(msg.sender);',
    replace: '',
    tests: ['test/contracts/pool.test.ts'],
    only: 'gives royalties to nobody but the pool'
  },
  {
    name: 'drop-above-credit',
    file: DROPS,
    find: 'if (totalWei > state.credited) revert PoolTotalAboveCredited(totalWei, state.credited);',
    replace: '',
    tests: ['test/contracts/pool.test.ts'],
    only: 'refuses a drop above what was collected'
  },
  {
    name: 'drop-replaced',
    file: DROPS,
    find: 'if (state.pendingReadyAt != 0) revert PoolDropPending(state.pendingReadyAt);',
    replace: '',
    tests: ['test/contracts/pool.test.ts'],
    only: 'while a new one is pending, and replaces none'
  },
  {
    name: 'drop-veto-quorum',
    file: DROPS,
    find: 'if (count < threshold) revert PoolApprovalsMissing(count, threshold);',
    replace: 'if (count < threshold && count > 32) revert PoolApprovalsMissing(count, threshold);',
    tests: ['test/contracts/pool.test.ts'],
    only: 'ends a pending drop by the veto'
  },
  {
    name: 'drop-not-shrunk',
    file: DROPS,
    find: 'if (pendingAccount != account || pendingWei >= beforeWei) revert PoolNotRefuted();',
    replace: 'if (pendingAccount != account) revert PoolNotRefuted();',
    tests: ['test/contracts/drops.test.ts'],
    only: 'nobody ends a drop that takes nothing'
  },
  {
    name: 'share-twice',
    file: SHARES,
    find: '        share.claimed = cumulativeWei;\n        emit RewardClaimed',
    replace: '        emit RewardClaimed',
    tests: ['test/contracts/pool.test.ts'],
    only: 'refuses to claim twice'
  },
  {
    name: 'share-overdrawn',
    file: SHARES,
    find: 'if (claimedWei > totalWei) revert PoolOverdrawn(claimedWei, totalWei);',
    replace: '',
    tests: ['test/contracts/pool.test.ts'],
    only: 'pays out no more than the total'
  },
  {
    name: 'share-unassigned',
    file: SHARES,
    find: 'if (account == address(0)) revert PoolAccountUnassigned();',
    replace: '',
    tests: ['test/contracts/pool.test.ts'],
    only: 'lets nobody claim what is unassigned'
  },
  {
    name: 'share-inside-another',
    file: SHARES,
    find: 'if (_reentrancyGuardEntered()) revert ReentrancyGuardReentrantCall();',
    replace: '',
    tests: ['test/contracts/hostile-token.test.ts'],
    only: 'no share is claimed from inside a batch'
  },
  {
    name: 'bond-one-leaf',
    file: BOND,
    find: 'if (proof.channelId == bytes32(0) || proof.leafA == proof.leafB) revert BondNotEquivocal();',
    replace: '',
    tests: ['test/contracts/bond.test.ts'],
    only: 'nothing but two different receipts'
  },
  {
    name: 'bond-signature',
    file: BOND,
    find: 'if (failure != ECDSA.RecoverError.NoError || signer != receiptSigner) {',
    replace: 'if (failure != ECDSA.RecoverError.NoError || signer == address(0)) {',
    tests: ['test/contracts/bond.test.ts'],
    only: 'nothing but two different receipts'
  },
  {
    name: 'bond-group-path',
    file: BOND,
    find: 'bytes32 root = MerkleProof.processProofCalldata(path, structHash);',
    replace: 'bytes32 root = MerkleProof.processProofCalldata(path[:1], structHash);',
    tests: ['test/contracts/bond.test.ts'],
    only: 'signed in a group'
  },
  {
    name: 'curator-counted-twice',
    file: REGISTRY,
    find: 'if (seat == 0 || seen & (1 << seat) != 0) continue;',
    replace: 'if (seat == 0) continue;',
    tests: ['test/contracts/registry.test.ts'],
    only: 'strangers and repeated approvals'
  }
]
