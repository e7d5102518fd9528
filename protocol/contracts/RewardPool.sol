// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IChannelEscrow} from "./interfaces/IChannelEscrow.sol";
import {IDatanetRegistry} from "./interfaces/IDatanetRegistry.sol";
import {IRewardPool} from "./interfaces/IRewardPool.sol";
import {Money} from "./parts/Money.sol";
import {SumProof} from "./parts/SumProof.sol";

/// @notice Described in interfaces/IRewardPool.sol.
contract RewardPool is IRewardPool, EIP712, ReentrancyGuardTransient {
    bytes32 public constant DROP_VETO_TYPEHASH = keccak256("DropVeto(bytes32 pool,uint64 dropSeq,bytes32 root)");
    bytes32 public constant DROP_POST_TYPEHASH =
        keccak256("DropPost(bytes32 pool,uint64 dropSeq,bytes32 root,uint256 totalWei,bytes32 drop)");

    /// Credit without a drop for so long lets the auditor's curators post.
    uint256 private constant SILENCE_S = 30 days;
    /// What one payment of a batch may use, so that no receiver can use up the gas of the others.
    uint256 private constant BATCH_TOKEN_GAS = 200_000;
    uint256 private constant BATCH_COIN_GAS = 50_000;

    /// Four slots: a claim touches the first and the root, a drop the second and the pending root.
    /// `behindSince` is zero exactly when the final drop gives out all that was collected,
    /// `pendingReadyAt` when no drop is pending. Seconds in 32 bits last until 2106.
    struct State {
        uint96 claimed;
        uint96 total;
        uint32 behindSince;
        uint24 finalSeq;
        uint96 credited;
        uint96 pendingTotal;
        uint32 pendingReadyAt;
        uint24 dropSeq;
        bool pendingCovers;
        bytes32 root;
        bytes32 pendingRoot;
    }

    IDatanetRegistry public immutable registry;
    IChannelEscrow public immutable escrow;
    /// @inheritdoc IRewardPool
    uint64 public immutable delayS;

    mapping(bytes32 id => State) private _pools;
    mapping(bytes32 id => mapping(address account => uint256)) private _claimed;

    constructor(IDatanetRegistry registry_, IChannelEscrow escrow_, uint64 delayS_)
        EIP712("datanet.RewardPool", "1")
    {
        registry = registry_;
        escrow = escrow_;
        delayS = delayS_;
    }

    /// @notice Coins come from the escrow alone, in `collect`.
    receive() external payable {
        if (msg.sender != address(escrow)) revert PoolCoinsUnexpected(msg.sender);
    }

    /// @inheritdoc IRewardPool
    function collect(address operator, bytes32 auditor, address token)
        external
        nonReentrant
        returns (uint256 amountWei)
    {
        bytes32 id = poolId(operator, auditor, token);
        State storage state = _pools[id];
        _settle(id, state);
        // What counts is what arrived.
        uint256 before = _held(token);
        amountWei = escrow.collectRoyalty(operator, auditor, token);
        if (amountWei == 0) revert PoolNothingToCollect();
        uint256 moved = _held(token) - before;
        if (moved != amountWei) revert PoolTransferInexact(amountWei, moved);
        uint256 creditedWei = state.credited + amountWei;
        if (creditedWei > type(uint96).max) revert PoolCreditTooLarge();
        state.credited = uint96(creditedWei);
        if (state.behindSince == 0) state.behindSince = uint32(block.timestamp);
        emit RoyaltyCollected(id, amountWei, creditedWei);
    }

    /// @inheritdoc IRewardPool
    function postDrop(bytes32 auditor, address token, bytes32 root, uint256 totalWei, bytes32 drop)
        external
        nonReentrant
        returns (uint64 dropSeq)
    {
        bytes32 id = poolId(msg.sender, auditor, token);
        State storage state = _pools[id];
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
        bytes32 id = poolId(key.operator, key.auditor, key.token);
        State storage state = _pools[id];
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
    function refuteShrunk(PoolKey calldata key, Leaf calldata before, Leaf calldata pending) external nonReentrant {
        (bytes32 id, State storage state) = _refutable(key, before);
        if (!_isIn(pending, state.pendingRoot, state.pendingTotal)) revert PoolProofInvalid();
        if (pending.account != before.account || pending.cumulativeWei >= before.cumulativeWei) {
            revert PoolNotRefuted();
        }
        _refute(id, state, before.account);
    }

    /// @inheritdoc IRewardPool
    function refuteAbsent(PoolKey calldata key, Leaf calldata before, Gap calldata gap) external nonReentrant {
        (bytes32 id, State storage state) = _refutable(key, before);
        _demandGap(gap, state);
        bool isPast = gap.hasLeft && gap.leftAccount >= before.account;
        bool isShort = gap.hasRight && gap.rightAccount <= before.account;
        if (isPast || isShort) revert PoolNotRefuted();
        _refute(id, state, before.account);
    }

    /// @inheritdoc IRewardPool
    function refuteUnordered(PoolKey calldata key, Gap calldata gap) external nonReentrant {
        bytes32 id = poolId(key.operator, key.auditor, key.token);
        State storage state = _pending(id);
        _demandGap(gap, state);
        if (!gap.hasLeft || !gap.hasRight || gap.leftAccount < gap.rightAccount) revert PoolNotRefuted();
        _refute(id, state, gap.rightAccount);
    }

    /// @inheritdoc IRewardPool
    function refuteTotal(PoolKey calldata key, Leaf calldata pending) external nonReentrant {
        bytes32 id = poolId(key.operator, key.auditor, key.token);
        State storage state = _pending(id);
        (bytes32 hash, uint256 sumWei) = _top(pending);
        if (hash != state.pendingRoot) revert PoolProofInvalid();
        if (sumWei == state.pendingTotal) revert PoolNotRefuted();
        _refute(id, state, pending.account);
    }

    /// @inheritdoc IRewardPool
    function claim(PoolKey calldata key, Leaf calldata leaf) external nonReentrant returns (uint256 amountWei) {
        bytes32 id = poolId(key.operator, key.auditor, key.token);
        State storage state = _pools[id];
        if (leaf.account == address(0)) revert PoolAccountUnassigned();
        if (!_isInFinal(id, state, leaf)) revert PoolProofInvalid();
        uint256 before = _claimed[id][leaf.account];
        if (leaf.cumulativeWei <= before) revert PoolNothingToClaim(leaf.cumulativeWei, before);
        amountWei = leaf.cumulativeWei - before;
        // A later drop may take from one account what it already got and give it to another: the
        // total bounds what leaves the pool whatever the trees say.
        uint256 claimedWei = state.claimed + amountWei;
        if (claimedWei > state.total) revert PoolOverdrawn(claimedWei, state.total);

        state.claimed = uint96(claimedWei);
        _claimed[id][leaf.account] = leaf.cumulativeWei;
        emit RewardClaimed(id, leaf.account, amountWei);
        if (!Money.pay(key.token, leaf.account, amountWei, gasleft())) revert PoolPaymentRefused(leaf.account);
    }

    /// @inheritdoc IRewardPool
    function claimMany(PoolClaims[] calldata claims) external nonReentrant {
        for (uint256 i = 0; i < claims.length; ++i) {
            _claimAll(claims[i].key, claims[i].leaves);
        }
    }

    /// @inheritdoc IRewardPool
    function poolId(address operator, bytes32 auditor, address token) public pure returns (bytes32) {
        return keccak256(abi.encode(operator, auditor, token));
    }

    /// @inheritdoc IRewardPool
    function pool(bytes32 id) external view returns (Pool memory) {
        State memory state = _pools[id];
        if (_isDue(state.pendingReadyAt)) {
            state.behindSince = _behindAfter(state);
            state.finalSeq = state.dropSeq;
            state.root = state.pendingRoot;
            state.total = state.pendingTotal;
            (state.pendingRoot, state.pendingTotal, state.pendingReadyAt) = (bytes32(0), 0, 0);
        }
        return Pool({
            creditedWei: state.credited,
            claimedWei: state.claimed,
            root: state.root,
            totalWei: state.total,
            finalSeq: state.finalSeq,
            dropSeq: state.dropSeq,
            pendingRoot: state.pendingRoot,
            pendingTotalWei: state.pendingTotal,
            pendingReadyAt: state.pendingReadyAt,
            silentAt: state.behindSince == 0 ? 0 : uint64(state.behindSince + SILENCE_S)
        });
    }

    /// @inheritdoc IRewardPool
    function claimedOf(bytes32 id, address account) external view returns (uint256) {
        return _claimed[id][account];
    }

    /// Rows of one pool: what they have in common is read and written once.
    function _claimAll(PoolKey calldata key, Leaf[] calldata leaves) private {
        bytes32 id = poolId(key.operator, key.auditor, key.token);
        State storage state = _pools[id];
        _settle(id, state);
        bytes32 root = state.root;
        uint256 totalWei = state.total;
        uint256 claimedWei = state.claimed;
        uint256 gasLimit = key.token == Money.NATIVE ? BATCH_COIN_GAS : BATCH_TOKEN_GAS;
        for (uint256 i = 0; i < leaves.length; ++i) {
            Leaf calldata leaf = leaves[i];
            if (leaf.account == address(0) || !_isIn(leaf, root, totalWei)) {
                emit RewardSkipped(id, leaf.account, SkipReason.NotInDrop);
                continue;
            }
            uint256 before = _claimed[id][leaf.account];
            if (leaf.cumulativeWei <= before) {
                emit RewardSkipped(id, leaf.account, SkipReason.NothingNew);
                continue;
            }
            uint256 amountWei = leaf.cumulativeWei - before;
            if (amountWei > totalWei - claimedWei) {
                emit RewardSkipped(id, leaf.account, SkipReason.Overdrawn);
                continue;
            }
            // Before the payment, and taken back should it fail: nobody sees a payment that is not booked.
            _claimed[id][leaf.account] = leaf.cumulativeWei;
            if (!Money.pay(key.token, leaf.account, amountWei, gasLimit)) {
                _claimed[id][leaf.account] = before;
                emit RewardSkipped(id, leaf.account, SkipReason.PaymentRefused);
                continue;
            }
            claimedWei += amountWei;
            emit RewardClaimed(id, leaf.account, amountWei);
        }
        state.claimed = uint96(claimedWei);
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

    /// Nothing runs by itself on a chain: whoever comes first after the delay makes the drop final.
    function _settle(bytes32 id, State storage state) private {
        if (!_isDue(state.pendingReadyAt)) return;
        state.behindSince = _behindAfter(state);
        state.finalSeq = state.dropSeq;
        state.root = state.pendingRoot;
        state.total = state.pendingTotal;
        _clearPending(state);
        emit DropFinalised(id, state.dropSeq, state.root);
    }

    /// A drop that gave out all there was when it was posted leaves only what came later; any other
    /// drop leaves the clock as it is, or posting dust would wind it back for ever.
    function _behindAfter(State memory state) private view returns (uint32) {
        if (!state.pendingCovers) return state.behindSince;
        return state.credited > state.pendingTotal ? uint32(state.pendingReadyAt - delayS) : 0;
    }

    function _clearPending(State storage state) private {
        state.pendingRoot = bytes32(0);
        state.pendingTotal = 0;
        state.pendingReadyAt = 0;
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
        state = _pools[id];
        if (block.timestamp >= state.pendingReadyAt) revert PoolNothingPending();
    }

    /// The pool's pending drop, and `before` as a leaf of its final one. What is unassigned may shrink.
    function _refutable(PoolKey calldata key, Leaf calldata before)
        private
        view
        returns (bytes32 id, State storage state)
    {
        id = poolId(key.operator, key.auditor, key.token);
        state = _pending(id);
        if (before.account == address(0)) revert PoolAccountUnassigned();
        if (!_isIn(before, state.root, state.total)) revert PoolProofInvalid();
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
                hash = keccak256(abi.encode(hash, sumWei, rightHash, rightWei));
                sumWei += rightWei;
                (hash, sumWei) = SumProof.climb(hash, sumWei, gap.lefts, gap.proof);
            } else {
                (hash, sumWei) = (rightHash, rightWei);
            }
        }
        if (hash == bytes32(0) || hash != state.pendingRoot || sumWei != state.pendingTotal) revert PoolProofInvalid();
    }

    /// A claim that fits the final drop does not look at the pending one, which may have become final
    /// meanwhile: it only pays what that one pays as well.
    function _isInFinal(bytes32 id, State storage state, Leaf calldata leaf) private returns (bool) {
        (bytes32 hash, uint256 sumWei) = _top(leaf);
        if (hash == state.root && sumWei == state.total) return hash != bytes32(0);
        _settle(id, state);
        if (state.root == bytes32(0)) revert PoolNoDrop();
        return hash == state.root && sumWei == state.total;
    }

    function _isIn(Leaf calldata leaf, bytes32 root, uint256 totalWei) private pure returns (bool) {
        (bytes32 hash, uint256 sumWei) = _top(leaf);
        return hash == root && sumWei == totalWei && root != bytes32(0);
    }

    function _top(Leaf calldata leaf) private pure returns (bytes32, uint256) {
        return SumProof.climb(SumProof.leafHash(leaf.account, leaf.cumulativeWei), leaf.cumulativeWei, leaf.lefts, leaf.proof);
    }

    function _isDue(uint256 readyAt) private view returns (bool) {
        return readyAt != 0 && block.timestamp >= readyAt;
    }

    function _held(address token) private view returns (uint256) {
        return token == Money.NATIVE ? address(this).balance : IERC20(token).balanceOf(address(this));
    }
}
