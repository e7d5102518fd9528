// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IDatanetRegistry} from "../interfaces/IDatanetRegistry.sol";
import {IRewardPool} from "../interfaces/IRewardPool.sol";

/// @notice What the parts of the pool share: the pools, and how a drop becomes final.
abstract contract PoolBase is IRewardPool, EIP712, ReentrancyGuardTransient {
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

    /// What an account got in all.
    struct Share {
        uint256 claimed;
    }

    struct Kept {
        State state;
        mapping(address account => Share) shares;
    }

    IDatanetRegistry public immutable registry;
    /// @inheritdoc IRewardPool
    uint64 public immutable delayS;

    mapping(bytes32 id => Kept) internal _pools;

    constructor(IDatanetRegistry registry_, uint64 delayS_) {
        registry = registry_;
        delayS = delayS_;
    }

    /// @inheritdoc IRewardPool
    function poolId(address operator, bytes32 auditor, address token) public pure returns (bytes32) {
        return keccak256(abi.encode(operator, auditor, token));
    }

    /// Nothing runs by itself on a chain: whoever comes first after the delay makes the drop final.
    function _settle(bytes32 id, State storage state) internal {
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
    function _behindAfter(State memory state) internal view returns (uint32) {
        if (!state.pendingCovers) return state.behindSince;
        return state.credited > state.pendingTotal ? uint32(state.pendingReadyAt - delayS) : 0;
    }

    function _clearPending(State storage state) internal {
        state.pendingRoot = bytes32(0);
        state.pendingTotal = 0;
        state.pendingReadyAt = 0;
    }

    function _isDue(uint256 readyAt) internal view returns (bool) {
        return readyAt != 0 && block.timestamp >= readyAt;
    }

    /// As `poolId`, of a key as it lies in calldata. Words that hold more than an account name no pool.
    function _idOf(PoolKey calldata key) internal pure returns (bytes32 id, address token) {
        assembly ("memory-safe") {
            let words := mload(0x40)
            calldatacopy(words, key, 96)
            token := mload(add(words, 64))
            if shr(160, or(mload(words), token)) { revert(0, 0) }
            id := keccak256(words, 96)
        }
    }
}
