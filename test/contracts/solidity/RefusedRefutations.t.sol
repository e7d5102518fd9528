// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IRewardPool} from "../../../protocol/contracts/interfaces/IRewardPool.sol";
import {Refusals} from "./Refusals.sol";
import {SumTree} from "./SumTree.sol";

/// @notice What ends no drop, beside what does.
contract RefusedRefutationsTest is Refusals {
    using SumTree for SumTree.Tree;

    SumTree.Tree private _old;

    function setUp() public override {
        super.setUp();
        _collected(COINS, 900);
        _old = _tree(100, 200, 300);
        _final(COINS, _old);
    }

    function test_nothingIsRefutedWhileNothingIsPending() public {
        bytes memory leaf = _old.leaf(0);
        IRewardPool.Gap memory gap = _old.gap(1);
        vm.expectPartialRevert(IRewardPool.PoolNothingPending.selector);
        pool.refuteTotal(_key(COINS), leaf);
        vm.expectPartialRevert(IRewardPool.PoolNothingPending.selector);
        pool.refuteUnordered(_key(COINS), gap);
        vm.expectPartialRevert(IRewardPool.PoolNothingPending.selector);
        pool.refuteShrunk(_key(COINS), leaf, leaf);
        vm.expectPartialRevert(IRewardPool.PoolNothingPending.selector);
        pool.refuteAbsent(_key(COINS), leaf, gap);
    }

    function test_aDropThatTakesNothingStands() public {
        SumTree.Tree memory next = _tree(100, 250, 300);
        _post(COINS, next);
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory before = _old.leaf(i);
            bytes memory pending = next.leaf(i);
            bytes memory other = next.leaf((i + 1) % 3);
            _isNoShrink(before, pending, IRewardPool.PoolNotRefuted.selector);
            _isNoShrink(before, other, IRewardPool.PoolNotRefuted.selector);
            _isNoShrink(before, before, IRewardPool.PoolProofInvalid.selector);
            _isNoShrink(pending, pending, i == 0 ? bytes4(0) : IRewardPool.PoolProofInvalid.selector);
            _isNoTotal(pending, IRewardPool.PoolNotRefuted.selector);
            _isNoTotal(before, IRewardPool.PoolProofInvalid.selector);
            for (uint256 j = 0; j <= 3; ++j) {
                _isNoGap(before, next.gap(j), IRewardPool.PoolNotRefuted.selector);
                _isNoDisorder(next.gap(j), IRewardPool.PoolNotRefuted.selector);
            }
        }
    }

    function test_aGapThatLeadsElsewhereIsNone() public {
        SumTree.Tree memory next = _tree(100, 250, 300);
        _post(COINS, next);
        bytes memory before = _old.leaf(0);
        IRewardPool.Gap memory gap;
        _isNoGap(before, gap, IRewardPool.PoolProofInvalid.selector);
        for (uint256 j = 0; j <= 3; ++j) {
            _isNoGap(before, _old.gap(j), IRewardPool.PoolProofInvalid.selector);
            gap = next.gap(j);
            gap.leftProof = bytes.concat(gap.leftProof, hex"00");
            gap.rightProof = bytes.concat(gap.rightProof, hex"00");
            _isNoGap(before, gap, IRewardPool.PoolProofInvalid.selector);
            gap = next.gap(j);
            (gap.leftWei, gap.rightWei) = (1 << 96, 1 << 96);
            _isNoGap(before, gap, IRewardPool.PoolProofInvalid.selector);
        }
    }

    function test_whatIsUnassignedMayShrink() public {
        _old.accounts[0] = address(0);
        _post(COINS, _old);
        vm.warp(block.timestamp + DROP_DELAY_S);
        SumTree.Tree memory next = _tree(1, 500, 300);
        next.accounts[0] = address(0);
        _post(COINS, next);
        _isNoShrink(_old.leaf(0), next.leaf(0), IRewardPool.PoolAccountUnassigned.selector);
    }

    function test_aSmallerLeafEndsADrop() public {
        SumTree.Tree memory next = _tree(100, 199, 301);
        _post(COINS, next);
        pool.refuteShrunk(_key(COINS), _old.leaf(1), next.leaf(1));
        _isGone();
    }

    function test_aMissingLeafEndsADropWhereverItWouldStand() public {
        for (uint256 i = 0; i < 3; ++i) {
            SumTree.Tree memory next = _tree(i == 0 ? 0 : 300, i == 1 ? 0 : 300, i == 2 ? 0 : 300);
            _post(COINS, next);
            pool.refuteAbsent(_key(COINS), _old.leaf(i), next.gap(i));
            _isGone();
        }
    }

    function test_leavesOutOfOrderEndADrop() public {
        SumTree.Tree memory next = _tree(100, 200, 300);
        next.accounts[0] = address(0xE9);
        _post(COINS, next);
        pool.refuteUnordered(_key(COINS), next.gap(1));
        _isGone();
    }

    function test_anotherTotalEndsADrop() public {
        SumTree.Tree memory next = _tree(100, 200, 300);
        (bytes32 root,) = next.root();
        vm.prank(operator);
        pool.postDrop(auditor, COINS, root, 700, 0);
        pool.refuteTotal(_key(COINS), next.leaf(2));
        _isGone();
    }

    function test_aKeyWithMoreThanAnAccountNamesNoPool() public {
        bytes memory data = abi.encodeCall(pool.refuteTotal, (_key(COINS), _old.leaf(0)));
        data[4] = 0x01;
        (bool done,) = address(pool).call(data);
        isTrue(!done, "a dirty key was taken");
    }

    function _isGone() private view {
        isTrue(pool.pool(pool.poolId(operator, auditor, COINS)).pendingRoot == 0, "a cheating drop stood");
    }

    function _isNoShrink(bytes memory before, bytes memory pending, bytes4 why) private {
        if (why == 0) return;
        vm.expectPartialRevert(why);
        pool.refuteShrunk(_key(COINS), before, pending);
    }

    function _isNoTotal(bytes memory pending, bytes4 why) private {
        vm.expectPartialRevert(why);
        pool.refuteTotal(_key(COINS), pending);
    }

    function _isNoGap(bytes memory before, IRewardPool.Gap memory gap, bytes4 why) private {
        vm.expectPartialRevert(why);
        pool.refuteAbsent(_key(COINS), before, gap);
    }

    function _isNoDisorder(IRewardPool.Gap memory gap, bytes4 why) private {
        vm.expectPartialRevert(why);
        pool.refuteUnordered(_key(COINS), gap);
    }
}
