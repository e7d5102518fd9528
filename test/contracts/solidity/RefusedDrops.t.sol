// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IChannelEscrow} from "../../../protocol/contracts/interfaces/IChannelEscrow.sol";
import {IDatanetRegistry} from "../../../protocol/contracts/interfaces/IDatanetRegistry.sol";
import {IRewardPool} from "../../../protocol/contracts/interfaces/IRewardPool.sol";
import {RewardPool} from "../../../protocol/contracts/RewardPool.sol";
import {Refusals} from "./Refusals.sol";
import {SumTree} from "./SumTree.sol";

/// @notice Royalty that no pool takes, and drops that do not come to be or are ended.
contract RefusedDropsTest is Refusals {
    using SumTree for SumTree.Tree;

    /// As an escrow does, for a pool of our own.
    uint256 private _released;
    /// Kept in storage: a compiler may read the clock again where a variable of it is used.
    uint256 private _posted;

    function collectRoyalty(address, bytes32, address token) external returns (uint256 amountWei) {
        amountWei = _released;
        if (token != COINS) return amountWei;
        (bool sent,) = msg.sender.call{value: amountWei}("");
        isTrue(sent, "a pool takes its escrow's coins");
    }

    function test_aPoolTakesCoinsFromItsEscrowAlone() public {
        vm.expectPartialRevert(IRewardPool.PoolCoinsUnexpected.selector);
        (bool sent,) = address(pool).call{value: 1}("");
        isTrue(sent, "expectRevert turns the answer round");
    }

    function test_nothingIsNotCollected() public {
        vm.expectPartialRevert(IRewardPool.PoolNothingToCollect.selector);
        pool.collect(operator, auditor, COINS);
    }

    function test_whatCountsIsWhatArrived() public {
        RewardPool own = new RewardPool(registry, IChannelEscrow(address(this)), 10);
        _released = 5;
        vm.expectPartialRevert(IRewardPool.PoolTransferInexact.selector);
        own.collect(operator, auditor, address(honest));
    }

    function test_aPoolHoldsNoMoreThan96Bits() public {
        RewardPool own = new RewardPool(registry, IChannelEscrow(address(this)), 10);
        _released = type(uint96).max;
        own.collect(operator, auditor, COINS);
        _released = 1;
        vm.expectPartialRevert(IRewardPool.PoolCreditTooLarge.selector);
        own.collect(operator, auditor, COINS);
    }

    function test_aDropHasARootAndATotalWithinItsBounds() public {
        _collected(COINS, 100);
        vm.expectPartialRevert(IRewardPool.PoolRootMissing.selector);
        vm.prank(operator);
        pool.postDrop(auditor, COINS, 0, 10, 0);
        vm.expectPartialRevert(IRewardPool.PoolTotalAboveCredited.selector);
        vm.prank(operator);
        pool.postDrop(auditor, COINS, bytes32(uint256(1)), 101, 0);
        _final(COINS, _tree(40, 50, 0));
        vm.expectPartialRevert(IRewardPool.PoolTotalShrinks.selector);
        vm.prank(operator);
        pool.postDrop(auditor, COINS, bytes32(uint256(1)), 89, 0);
        _post(COINS, _tree(40, 60, 0));
        vm.expectPartialRevert(IRewardPool.PoolDropPending.selector);
        vm.prank(operator);
        pool.postDrop(auditor, COINS, bytes32(uint256(1)), 100, 0);
    }

    function test_curatorsVetoAPendingDropByTheirQuorum() public {
        _collected(COINS, 100);
        IDatanetRegistry.Signature[] memory none = new IDatanetRegistry.Signature[](0);
        vm.expectPartialRevert(IRewardPool.PoolNothingPending.selector);
        pool.vetoDrop(operator, auditor, COINS, none);
        (bytes32 root,) = _post(COINS, _tree(100, 0, 0));
        bytes32 digest = _vetoed(root, 1);
        IDatanetRegistry.Signature[] memory one = _approvals(digest, 1);
        vm.expectPartialRevert(IRewardPool.PoolApprovalsMissing.selector);
        pool.vetoDrop(operator, auditor, COINS, one);
        pool.vetoDrop(operator, auditor, COINS, _approvals(digest, 2));
        isTrue(pool.pool(pool.poolId(operator, auditor, COINS)).pendingRoot == 0, "it is gone");
    }

    function test_aDropPastItsDelayIsNotPending() public {
        _collected(COINS, 100);
        (bytes32 root,) = _post(COINS, _tree(100, 0, 0));
        vm.warp(block.timestamp + DROP_DELAY_S);
        IDatanetRegistry.Signature[] memory two = _approvals(_vetoed(root, 1), 2);
        vm.expectPartialRevert(IRewardPool.PoolNothingPending.selector);
        pool.vetoDrop(operator, auditor, COINS, two);
    }

    function test_curatorsPostForWhoIsSilentForThirtyDays() public {
        IRewardPool.PoolKey memory key = _key(COINS);
        IDatanetRegistry.Signature[] memory none = new IDatanetRegistry.Signature[](0);
        vm.expectPartialRevert(IRewardPool.PoolNotSilent.selector);
        pool.postDropForSilent(key, bytes32(uint256(1)), 1, 0, none);
        _collected(COINS, 100);
        vm.warp(block.timestamp + 30 days - 1);
        vm.expectPartialRevert(IRewardPool.PoolNotSilent.selector);
        pool.postDropForSilent(key, bytes32(uint256(1)), 1, 0, none);
        vm.warp(block.timestamp + 1);
        vm.expectPartialRevert(IRewardPool.PoolApprovalsMissing.selector);
        pool.postDropForSilent(key, bytes32(uint256(1)), 1, 0, none);
        // One that is pending does not keep them out, and a part of the credit leaves the clock.
        _post(COINS, _tree(1, 0, 0));
        _postForSilent(key, 2);
        vm.warp(block.timestamp + DROP_DELAY_S);
        _postForSilent(key, 3);
    }

    function test_aDropThatGivesOutAllStopsTheClockUntilMoreIsCollected() public {
        bytes32 id = pool.poolId(operator, auditor, COINS);
        _collected(COINS, 100);
        equal(pool.pool(id).silentAt, block.timestamp + 30 days, "it runs");
        _final(COINS, _tree(100, 0, 0));
        equal(pool.pool(id).silentAt, 0, "it stands");
        IChannelEscrow.Terms memory terms = _terms(COINS);
        _claimOne(_row(terms, 200, 200));
        pool.collect(operator, auditor, COINS);
        equal(pool.pool(id).silentAt, block.timestamp + 30 days, "it runs again");
        _post(COINS, _tree(200, 0, 0));
        _posted = block.timestamp;
        _claimOne(_row(terms, 300, 300));
        pool.collect(operator, auditor, COINS);
        vm.warp(block.timestamp + DROP_DELAY_S);
        equal(pool.pool(id).silentAt, _posted + 30 days, "what came later waits since it was posted");
    }

    function _vetoed(bytes32 root, uint64 seq) private view returns (bytes32) {
        bytes32 id = pool.poolId(operator, auditor, COINS);
        return typed(_poolSeparator(), keccak256(abi.encode(pool.DROP_VETO_TYPEHASH(), id, seq, root)));
    }

    function _postForSilent(IRewardPool.PoolKey memory key, uint64 seq) private {
        bytes32 id = pool.poolId(operator, auditor, COINS);
        bytes32 root = bytes32(uint256(seq));
        bytes32 structHash = keccak256(abi.encode(pool.DROP_POST_TYPEHASH(), id, seq, root, seq, bytes32(0)));
        pool.postDropForSilent(key, root, seq, 0, _approvals(typed(_poolSeparator(), structHash), 2));
    }
}
