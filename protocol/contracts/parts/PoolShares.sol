// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IRewardPool} from "../interfaces/IRewardPool.sol";
import {Money} from "./Money.sol";
import {PoolBase} from "./PoolBase.sol";
import {SumProof} from "./SumProof.sol";

/// @notice What final drops pay to accounts.
abstract contract PoolShares is PoolBase {
    /// What one payment of a batch may use, so that no receiver can use up the gas of the others.
    uint256 private constant BATCH_TOKEN_GAS = 200_000;
    uint256 private constant BATCH_COIN_GAS = 50_000;

    /// @inheritdoc IRewardPool
    function claim(PoolKey calldata key, bytes calldata leaf) external returns (uint256 amountWei) {
        // Nothing of this is left to do once it pays, so that it shuts out no call from there; but it must
        // not come in the middle of another one.
        if (_reentrancyGuardEntered()) revert ReentrancyGuardReentrantCall();
        (bytes32 id, address token) = _idOf(key);
        Kept storage kept = _pools[id];
        (address account, uint256 cumulativeWei) = SumProof.read(leaf);
        if (account == address(0)) revert PoolAccountUnassigned();
        (bytes32 hash, uint256 sumWei) = SumProof.top(account, cumulativeWei, leaf);
        uint256 outlay = _outlayWith(id, kept.state, hash, sumWei);
        Share storage share = kept.shares[account];
        uint256 before = share.claimed;
        if (cumulativeWei <= before) revert PoolNothingToClaim(cumulativeWei, before);
        unchecked {
            amountWei = cumulativeWei - before;
            // A later drop may take from one account what it already got and give it to another: the
            // total bounds what leaves the pool whatever the trees say. Both are of 96 bits.
            (uint256 claimedWei, uint256 totalWei) = (uint96(outlay) + amountWei, uint96(outlay >> 96));
            if (claimedWei > totalWei) revert PoolOverdrawn(claimedWei, totalWei);
            _writeOutlay(kept.state, outlay + amountWei);
        }
        share.claimed = cumulativeWei;
        emit RewardClaimed(id, account, amountWei);
        if (!Money.pay(token, account, amountWei, gasleft())) revert PoolPaymentRefused(account);
    }

    /// @inheritdoc IRewardPool
    function claimMany(PoolClaims[] calldata claims) external nonReentrant {
        for (uint256 i = 0; i < claims.length; ++i) {
            _claimAll(claims[i].key, claims[i].leaves);
        }
    }

    /// @inheritdoc IRewardPool
    function claimedOf(bytes32 id, address account) external view returns (uint256) {
        return _pools[id].shares[account].claimed;
    }

    /// Rows of one pool: what they have in common is read and written once.
    function _claimAll(PoolKey calldata key, bytes[] calldata leaves) private {
        (bytes32 id, address token) = _idOf(key);
        State storage state = _pools[id].state;
        _settle(id, state);
        bytes32 root = state.root;
        uint256 outlay = _readOutlay(state);
        (uint256 claimedWei, uint256 totalWei) = (uint96(outlay), uint96(outlay >> 96));
        uint256 paidWei = 0;
        for (uint256 i = 0; i < leaves.length; ++i) {
            bytes calldata leaf = leaves[i];
            (address account, uint256 cumulativeWei) = SumProof.read(leaf);
            (bytes32 hash, uint256 sumWei) = SumProof.top(account, cumulativeWei, leaf);
            if (account == address(0) || hash != root || sumWei != totalWei) {
                emit RewardSkipped(id, account, SkipReason.NotInDrop);
                continue;
            }
            paidWei += _payShare(id, token, account, cumulativeWei, totalWei - claimedWei - paidWei);
        }
        _writeOutlay(state, outlay + paidWei);
    }

    /// What `account` got of at most `leftWei`; nothing, and an event that says why, where it cannot be.
    function _payShare(bytes32 id, address token, address account, uint256 cumulativeWei, uint256 leftWei)
        private
        returns (uint256 amountWei)
    {
        Share storage share = _pools[id].shares[account];
        uint256 before = share.claimed;
        if (cumulativeWei <= before) {
            emit RewardSkipped(id, account, SkipReason.NothingNew);
            return 0;
        }
        unchecked {
            amountWei = cumulativeWei - before;
        }
        if (amountWei > leftWei) {
            emit RewardSkipped(id, account, SkipReason.Overdrawn);
            return 0;
        }
        // Before the payment, and taken back should it fail: nobody sees a payment that is not booked.
        share.claimed = cumulativeWei;
        if (!Money.pay(token, account, amountWei, token == Money.NATIVE ? BATCH_COIN_GAS : BATCH_TOKEN_GAS)) {
            share.claimed = before;
            emit RewardSkipped(id, account, SkipReason.PaymentRefused);
            return 0;
        }
        emit RewardClaimed(id, account, amountWei);
    }

    /// What the final drop gives out, whose root is `hash` with `sumWei` below it. A claim that fits the final drop does not
    /// look at the pending one, which may have become final meanwhile: it only pays what that one pays
    /// as well.
    function _outlayWith(bytes32 id, State storage state, bytes32 hash, uint256 sumWei)
        private
        returns (uint256 outlay)
    {
        outlay = _readOutlay(state);
        if (hash != state.root || sumWei != uint96(outlay >> 96)) {
            _settle(id, state);
            if (state.root == bytes32(0)) revert PoolNoDrop();
            outlay = _readOutlay(state);
            if (hash != state.root || sumWei != uint96(outlay >> 96)) revert PoolProofInvalid();
        }
    }

    /// The first slot, which a claim reads and writes once: what is claimed is its lowest field, the total
    /// the next. Within the total it cannot run over.
    function _readOutlay(State storage state) private view returns (uint256 outlay) {
        assembly ("memory-safe") {
            outlay := sload(state.slot)
        }
    }

    function _writeOutlay(State storage state, uint256 outlay) private {
        assembly ("memory-safe") {
            sstore(state.slot, outlay)
        }
    }
}
