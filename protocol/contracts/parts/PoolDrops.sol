// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IDatanetRegistry} from "../interfaces/IDatanetRegistry.sol";
import {IRewardPool} from "../interfaces/IRewardPool.sol";
import {PoolBase} from "./PoolBase.sol";
import {SumProof} from "./SumProof.sol";

/// @notice How drops come to be pending, and by what they end before they are final.
abstract contract PoolDrops is PoolBase {
    bytes32 public constant DROP_VETO_TYPEHASH = keccak256("DropVeto(bytes32 pool,uint64 dropSeq,bytes32 root)");
    bytes32 public constant DROP_POST_TYPEHASH =
        keccak256("DropPost(bytes32 pool,uint64 dropSeq,bytes32 root,uint256 totalWei,bytes32 drop)");

    /// Credit without a drop for so long lets the auditor's curators post.
    uint256 internal constant SILENCE_S = 30 days;

    /// @inheritdoc IRewardPool
    function postDrop(bytes32 auditor, address token, bytes32 root, uint256 totalWei, bytes32 drop)
        external
        nonReentrant
        returns (uint64 dropSeq)
    {
        bytes32 id = poolId(msg.sender, auditor, token);
        State storage state = _pools[id].state;
        _settle(id, state);
        if (state.pendingReadyAt != 0) revert PoolDropPending(state.pendingReadyAt);
        return _post(id, state, root, totalWei, drop);
    }

    /// @inheritdoc IRewardPool
    function postDropForSilent(
        PoolKey calldata key,
        bytes32 root,
        uint256 totalWei,
        bytes32 drop,
        IDatanetRegistry.Signature[] calldata approvals
    ) external nonReentrant returns (uint64 dropSeq) {
        (bytes32 id,) = _idOf(key);
        State storage state = _pools[id].state;
        _settle(id, state);
        uint256 since = state.behindSince;
        if (since == 0 || block.timestamp < since + SILENCE_S) {
            revert PoolNotSilent(since == 0 ? 0 : uint64(since + SILENCE_S));
        }
        bytes32 structHash = keccak256(
            abi.encode(DROP_POST_TYPEHASH, id, uint64(state.dropSeq) + 1, root, totalWei, drop)
        );
        _demandQuorum(key.auditor, structHash, approvals);
        // They could have vetoed it: an operator that posts again and again must not keep them out.
        if (state.pendingReadyAt != 0) {
            emit DropVetoed(id, state.dropSeq, state.pendingRoot);
            _clearPending(state);
        }
        return _post(id, state, root, totalWei, drop);
    }

    /// @inheritdoc IRewardPool
    function vetoDrop(
        address operator,
        bytes32 auditor,
        address token,
        IDatanetRegistry.Signature[] calldata approvals
    ) external nonReentrant {
        bytes32 id = poolId(operator, auditor, token);
        State storage state = _pending(id);
        bytes32 root = state.pendingRoot;
        uint64 dropSeq = state.dropSeq;
        _demandQuorum(auditor, keccak256(abi.encode(DROP_VETO_TYPEHASH, id, dropSeq, root)), approvals);
        _clearPending(state);
        emit DropVetoed(id, dropSeq, root);
    }

    /// @inheritdoc IRewardPool
    function refuteShrunk(PoolKey calldata key, bytes calldata before, bytes calldata pending) external nonReentrant {
        (bytes32 id, State storage state) = _refutable(key, before);
        (address account, uint256 beforeWei) = SumProof.read(before);
        (address pendingAccount, uint256 pendingWei) = SumProof.read(pending);
        (bytes32 hash, uint256 sumWei) = SumProof.top(pendingAccount, pendingWei, pending);
        if (hash != state.pendingRoot || sumWei != state.pendingTotal) revert PoolProofInvalid();
        if (pendingAccount != account || pendingWei >= beforeWei) revert PoolNotRefuted();
        _refute(id, state, account);
    }

    /// @inheritdoc IRewardPool
    function refuteAbsent(PoolKey calldata key, bytes calldata before, Gap calldata gap) external nonReentrant {
        (bytes32 id, State storage state) = _refutable(key, before);
        _demandGap(gap, state);
        (address account,) = SumProof.read(before);
        bool isPast = gap.hasLeft && gap.leftAccount >= account;
        bool isShort = gap.hasRight && gap.rightAccount <= account;
        if (isPast || isShort) revert PoolNotRefuted();
        _refute(id, state, account);
    }

    /// @inheritdoc IRewardPool
    function refuteUnordered(PoolKey calldata key, Gap calldata gap) external nonReentrant {
        (bytes32 id,) = _idOf(key);
        State storage state = _pending(id);
        _demandGap(gap, state);
        if (!gap.hasLeft || !gap.hasRight || gap.leftAccount < gap.rightAccount) revert PoolNotRefuted();
        _refute(id, state, gap.rightAccount);
    }

    /// @inheritdoc IRewardPool
    function refuteTotal(PoolKey calldata key, bytes calldata pending) external nonReentrant {
        (bytes32 id,) = _idOf(key);
        State storage state = _pending(id);
        (address account, uint256 pendingWei) = SumProof.read(pending);
        (bytes32 hash, uint256 sumWei) = SumProof.top(account, pendingWei, pending);
        if (hash != state.pendingRoot) revert PoolProofInvalid();
        if (sumWei == state.pendingTotal) revert PoolNotRefuted();
        _refute(id, state, account);
    }

    function _post(bytes32 id, State storage state, bytes32 root, uint256 totalWei, bytes32 drop)
        private
        returns (uint64 dropSeq)
    {
        if (root == bytes32(0)) revert PoolRootMissing();
        if (totalWei > state.credited) revert PoolTotalAboveCredited(totalWei, state.credited);
        if (totalWei < state.total) revert PoolTotalShrinks(totalWei, state.total);
        dropSeq = state.dropSeq + 1;
        uint64 readyAt = uint64(block.timestamp) + delayS;
        state.pendingRoot = root;
        state.pendingTotal = uint96(totalWei);
        state.pendingReadyAt = uint32(readyAt);
        state.dropSeq = uint24(dropSeq);
        state.pendingCovers = totalWei == state.credited;
        emit DropPosted(id, dropSeq, root, totalWei, drop, readyAt);
    }

    function _refute(bytes32 id, State storage state, address account) private {
        emit DropRefuted(id, state.dropSeq, state.pendingRoot, account);
        _clearPending(state);
    }

    function _demandQuorum(
        bytes32 auditor,
        bytes32 structHash,
        IDatanetRegistry.Signature[] calldata approvals
    ) private view {
        (uint256 count, uint8 threshold) =
            registry.countApprovals(auditor, _hashTypedDataV4(structHash), approvals);
        if (count < threshold) revert PoolApprovalsMissing(count, threshold);
    }

    function _pending(bytes32 id) private view returns (State storage state) {
        state = _pools[id].state;
        if (block.timestamp >= state.pendingReadyAt) revert PoolNothingPending();
    }

    /// The pool's pending drop, and `before` as a leaf of its final one. What is unassigned may shrink.
    function _refutable(PoolKey calldata key, bytes calldata before)
        private
        view
        returns (bytes32 id, State storage state)
    {
        (id,) = _idOf(key);
        state = _pending(id);
        (address account, uint256 beforeWei) = SumProof.read(before);
        if (account == address(0)) revert PoolAccountUnassigned();
        (bytes32 hash, uint256 sumWei) = SumProof.top(account, beforeWei, before);
        if (hash != state.root || sumWei != state.total) revert PoolProofInvalid();
    }

    /// Two leaves stand side by side when, below the node where their paths meet, the left one has only
    /// siblings on its left and the right one only siblings on its right, whatever the tree looks like.
    function _demandGap(Gap calldata gap, State storage state) private view {
        bytes32 hash;
        uint256 sumWei;
        if (gap.hasLeft) {
            (hash, sumWei) = SumProof.climb(SumProof.leafHash(gap.leftAccount, gap.leftWei), gap.leftWei, type(uint256).max, gap.leftProof);
        }
        if (gap.hasRight) {
            (bytes32 rightHash, uint256 rightWei) =
                SumProof.climb(SumProof.leafHash(gap.rightAccount, gap.rightWei), gap.rightWei, 0, gap.rightProof);
            if (gap.hasLeft) {
                (hash, sumWei) = SumProof.parent(hash, sumWei, rightHash, rightWei);
                (hash, sumWei) = SumProof.climb(hash, sumWei, gap.lefts, gap.proof);
            } else {
                (hash, sumWei) = (rightHash, rightWei);
            }
        }
        if (hash == bytes32(0) || hash != state.pendingRoot || sumWei != state.pendingTotal) revert PoolProofInvalid();
    }
}
