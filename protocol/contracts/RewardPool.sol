// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IChannelEscrow} from "./interfaces/IChannelEscrow.sol";
import {IDatanetRegistry} from "./interfaces/IDatanetRegistry.sol";
import {IRewardPool} from "./interfaces/IRewardPool.sol";
import {Money} from "./parts/Money.sol";
import {PoolBase} from "./parts/PoolBase.sol";
import {PoolDrops} from "./parts/PoolDrops.sol";
import {PoolShares} from "./parts/PoolShares.sol";

/// @notice Described in interfaces/IRewardPool.sol.
contract RewardPool is PoolDrops, PoolShares {
    IChannelEscrow public immutable escrow;

    constructor(IDatanetRegistry registry_, IChannelEscrow escrow_, uint64 delayS_)
        EIP712("datanet.RewardPool", "1")
        PoolBase(registry_, delayS_)
    {
        escrow = escrow_;
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
        State storage state = _pools[id].state;
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
    function pool(bytes32 id) external view returns (Pool memory) {
        State memory state = _pools[id].state;
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

    function _held(address token) private view returns (uint256) {
        return token == Money.NATIVE ? address(this).balance : IERC20(token).balanceOf(address(this));
    }
}
