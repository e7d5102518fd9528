// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IChannelEscrow} from "./interfaces/IChannelEscrow.sol";
import {IDatanetRegistry} from "./interfaces/IDatanetRegistry.sol";
import {IRewardPool} from "./interfaces/IRewardPool.sol";

/// @notice Described in interfaces/IRewardPool.sol.
contract RewardPool is IRewardPool, EIP712 {
    using SafeERC20 for IERC20;

    bytes32 public constant DROP_VETO_TYPEHASH = keccak256("DropVeto(bytes32 pool,uint64 dropSeq,bytes32 root)");

    IDatanetRegistry public immutable registry;
    IChannelEscrow public immutable escrow;
    /// @inheritdoc IRewardPool
    uint64 public immutable delayS;

    mapping(bytes32 id => Pool) private _pools;
    mapping(bytes32 id => mapping(address account => uint256)) private _claimed;

    constructor(IDatanetRegistry registry_, IChannelEscrow escrow_, uint64 delayS_)
        EIP712("datanet.RewardPool", "1")
    {
        registry = registry_;
        escrow = escrow_;
        delayS = delayS_;
    }

    /// @inheritdoc IRewardPool
    function collect(address operator, bytes32 auditor, address token) external returns (uint256 amountWei) {
        // What counts is what arrived: the exact check also refuses whoever re-enters from a token.
        uint256 before = IERC20(token).balanceOf(address(this));
        amountWei = escrow.collectRoyalty(operator, auditor, token);
        if (amountWei == 0) revert PoolNothingToCollect();
        uint256 moved = IERC20(token).balanceOf(address(this)) - before;
        if (moved != amountWei) revert PoolTransferInexact(amountWei, moved);
        bytes32 id = poolId(operator, auditor, token);
        uint256 creditedWei = _pools[id].creditedWei + amountWei;
        if (creditedWei > type(uint128).max) revert PoolCreditTooLarge();
        _pools[id].creditedWei = uint128(creditedWei);
        emit RoyaltyCollected(id, amountWei, creditedWei);
    }

    /// @inheritdoc IRewardPool
    function postDrop(bytes32 auditor, address token, bytes32 root, uint256 totalWei, bytes32 drop)
        external
        returns (uint64 dropSeq)
    {
        bytes32 id = poolId(msg.sender, auditor, token);
        Pool storage state = _pools[id];
        _settle(id, state);
        if (root == bytes32(0)) revert PoolRootMissing();
        if (state.pendingRoot != bytes32(0)) revert PoolDropPending(state.pendingReadyAt);
        if (totalWei > state.creditedWei) revert PoolTotalAboveCredited(totalWei, state.creditedWei);
        if (totalWei < state.totalWei) revert PoolTotalShrinks(totalWei, state.totalWei);

        dropSeq = ++state.dropSeq;
        uint64 readyAt = uint64(block.timestamp) + delayS;
        state.pendingRoot = root;
        state.pendingTotalWei = uint128(totalWei);
        state.pendingDrop = drop;
        state.pendingReadyAt = readyAt;
        emit DropPosted(id, dropSeq, root, totalWei, drop, readyAt);
    }

    /// @inheritdoc IRewardPool
    function vetoDrop(
        address operator,
        bytes32 auditor,
        address token,
        IDatanetRegistry.Signature[] calldata approvals
    ) external {
        bytes32 id = poolId(operator, auditor, token);
        Pool storage state = _pools[id];
        bytes32 root = state.pendingRoot;
        if (root == bytes32(0) || block.timestamp >= state.pendingReadyAt) revert PoolNothingPending();
        uint64 dropSeq = state.dropSeq;
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(DROP_VETO_TYPEHASH, id, dropSeq, root)));
        (uint256 count, uint8 threshold) = registry.countApprovals(auditor, digest, approvals);
        if (count < threshold) revert PoolVetoRefused(count, threshold);
        _clearPending(state);
        emit DropVetoed(id, dropSeq, root);
    }

    /// @inheritdoc IRewardPool
    function claim(
        address operator,
        bytes32 auditor,
        address token,
        address account,
        uint256 cumulativeWei,
        SumNode[] calldata proof
    ) external returns (uint256 amountWei) {
        bytes32 id = poolId(operator, auditor, token);
        Pool storage state = _pools[id];
        _settle(id, state);
        if (state.root == bytes32(0)) revert PoolNoDrop();
        if (account == address(0)) revert PoolAccountUnassigned();
        (bytes32 root, uint256 sumWei) = _climb(account, cumulativeWei, proof);
        if (root != state.root || sumWei != state.totalWei) revert PoolProofInvalid();
        uint256 before = _claimed[id][account];
        if (cumulativeWei <= before) revert PoolNothingToClaim(cumulativeWei, before);
        amountWei = cumulativeWei - before;
        // A later drop may take from one account what it already got and give it to another: the
        // total bounds what leaves the pool whatever the trees say.
        uint256 claimedWei = state.claimedWei + amountWei;
        if (claimedWei > state.totalWei) revert PoolOverdrawn(claimedWei, state.totalWei);

        state.claimedWei = uint128(claimedWei);
        _claimed[id][account] = cumulativeWei;
        emit RewardClaimed(id, account, amountWei, cumulativeWei);
        IERC20(token).safeTransfer(account, amountWei);
    }

    /// @inheritdoc IRewardPool
    function poolId(address operator, bytes32 auditor, address token) public pure returns (bytes32) {
        return keccak256(abi.encode(operator, auditor, token));
    }

    /// @inheritdoc IRewardPool
    function pool(bytes32 id) external view returns (Pool memory state) {
        state = _pools[id];
        if (!_isDue(state.pendingRoot, state.pendingReadyAt)) return state;
        state.root = state.pendingRoot;
        state.totalWei = state.pendingTotalWei;
        state.drop = state.pendingDrop;
        state.pendingRoot = bytes32(0);
        state.pendingTotalWei = 0;
        state.pendingDrop = bytes32(0);
        state.pendingReadyAt = 0;
    }

    /// @inheritdoc IRewardPool
    function claimedOf(bytes32 id, address account) external view returns (uint256) {
        return _claimed[id][account];
    }

    /// Nothing runs by itself on a chain: whoever comes first after the delay makes the drop final.
    function _settle(bytes32 id, Pool storage state) private {
        if (!_isDue(state.pendingRoot, state.pendingReadyAt)) return;
        state.root = state.pendingRoot;
        state.totalWei = state.pendingTotalWei;
        state.drop = state.pendingDrop;
        _clearPending(state);
        emit DropFinalised(id, state.dropSeq, state.root);
    }

    function _clearPending(Pool storage state) private {
        state.pendingRoot = bytes32(0);
        state.pendingTotalWei = 0;
        state.pendingDrop = bytes32(0);
        state.pendingReadyAt = 0;
    }

    function _isDue(bytes32 pendingRoot, uint64 readyAt) private view returns (bool) {
        return pendingRoot != bytes32(0) && block.timestamp >= readyAt;
    }

    /// Every inner hash commits to both sums below it, so the sum at the root is that of all leaves.
    function _climb(address account, uint256 cumulativeWei, SumNode[] calldata proof)
        private
        pure
        returns (bytes32 hash, uint256 sumWei)
    {
        hash = keccak256(bytes.concat(keccak256(abi.encode(account, cumulativeWei))));
        sumWei = cumulativeWei;
        for (uint256 i = 0; i < proof.length; ++i) {
            SumNode calldata node = proof[i];
            hash = node.isLeft
                ? keccak256(abi.encode(node.hash, node.sumWei, hash, sumWei))
                : keccak256(abi.encode(hash, sumWei, node.hash, node.sumWei));
            // A sum beyond 256 bits belongs to no posted total; wrapping must not make it fit one.
            if (node.sumWei > type(uint256).max - sumWei) revert PoolProofInvalid();
            sumWei += node.sumWei;
        }
    }
}
