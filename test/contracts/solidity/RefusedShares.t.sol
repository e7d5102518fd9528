// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IRewardPool} from "../../../protocol/contracts/interfaces/IRewardPool.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Refusals} from "./Refusals.sol";
import {SumTree} from "./SumTree.sol";

/// @notice Shares that are not paid, alone and in a batch that goes on without them.
contract RefusedSharesTest is Refusals {
    using SumTree for SumTree.Tree;

    address private constant FIRST = address(0xE1);

    function test_noShareIsPaidWithoutADropOrAProofOrAnAccount() public {
        _collected(COINS, 300);
        SumTree.Tree memory tree = _tree(100, 50, 150);
        bytes memory leaf = tree.leaf(0);
        _refuses(COINS, leaf, IRewardPool.PoolNoDrop.selector);
        _refuses(COINS, "", IRewardPool.PoolAccountUnassigned.selector);
        tree.accounts[0] = address(0);
        _final(COINS, tree);
        _refuses(COINS, leaf, IRewardPool.PoolProofInvalid.selector);
        _refuses(COINS, tree.leaf(0), IRewardPool.PoolAccountUnassigned.selector);
        leaf = tree.leaf(1);
        _refuses(COINS, bytes.concat(leaf, hex"00"), IRewardPool.PoolProofInvalid.selector);
        _refuses(COINS, bytes.concat(leaf, leaf), IRewardPool.PoolProofInvalid.selector);
        _refuses(COINS, _cut(leaf, 36), IRewardPool.PoolProofInvalid.selector);
        for (uint256 i = 0; i < leaf.length; ++i) {
            bytes memory bent = bytes.concat(leaf);
            bent[i] ^= 0x01;
            // Sides beyond the last step say nothing.
            if (i < 32 || i > 34) _refuses(COINS, bent, IRewardPool.PoolProofInvalid.selector);
        }
        equal(pool.claim(_key(COINS), leaf), 50, "as it is");
    }

    function test_aShareIsPaidOnce() public {
        _collected(COINS, 300);
        SumTree.Tree memory tree = _tree(100, 200, 0);
        _final(COINS, tree);
        pool.claim(_key(COINS), tree.leaf(0));
        _refuses(COINS, tree.leaf(0), IRewardPool.PoolNothingToClaim.selector);
        IRewardPool.SkipReason[] memory why = new IRewardPool.SkipReason[](1);
        why[0] = IRewardPool.SkipReason.NothingNew;
        _skips(COINS, tree, why);
        equal(pool.claimedOf(pool.poolId(operator, auditor, COINS), address(0xE2)), 200, "the other was paid");
    }

    function test_noDropPaysMoreThanItsTotal() public {
        _collected(COINS, 300);
        SumTree.Tree memory tree = _tree(200, 100, 0);
        _final(COINS, tree);
        pool.claim(_key(COINS), tree.leaf(0));
        // Nobody looked: what the first has already goes to the second.
        tree = _tree(50, 250, 0);
        _final(COINS, tree);
        _refuses(COINS, tree.leaf(1), IRewardPool.PoolOverdrawn.selector);
        IRewardPool.SkipReason[] memory why = new IRewardPool.SkipReason[](2);
        (why[0], why[1]) = (IRewardPool.SkipReason.NothingNew, IRewardPool.SkipReason.Overdrawn);
        _skips(COINS, tree, why);
    }

    function test_anAccountThatCannotBePaidKeepsItsShare() public {
        _collected(address(hostile), 300);
        SumTree.Tree memory tree = _tree(100, 200, 0);
        _final(address(hostile), tree);
        hostile.freeze(FIRST);
        _refuses(address(hostile), tree.leaf(0), IRewardPool.PoolPaymentRefused.selector);
        IRewardPool.SkipReason[] memory why = new IRewardPool.SkipReason[](1);
        why[0] = IRewardPool.SkipReason.PaymentRefused;
        _skips(address(hostile), tree, why);
        equal(hostile.balanceOf(address(0xE2)), 200, "the other was paid");
        hostile.setFrozen(FIRST, false);
        equal(pool.claim(_key(address(hostile)), tree.leaf(0)), 100, "later");
    }

    function test_aBatchGoesOnPastWhatIsNoLeaf() public {
        _collected(COINS, 300);
        SumTree.Tree memory tree = _tree(100, 50, 150);
        tree.accounts[0] = address(0);
        _final(COINS, tree);
        IRewardPool.SkipReason[] memory why = new IRewardPool.SkipReason[](1);
        why[0] = IRewardPool.SkipReason.NotInDrop;
        _skips(COINS, tree, why);
        tree = _tree(100, 51, 149);
        why = new IRewardPool.SkipReason[](3);
        for (uint256 i = 0; i < 3; ++i) {
            why[i] = IRewardPool.SkipReason.NotInDrop;
        }
        _skips(COINS, tree, why);
    }

    function test_noShareIsPaidInTheMiddleOfABatch() public {
        _collected(address(hostile), 300);
        SumTree.Tree memory tree = _tree(100, 200, 0);
        _final(address(hostile), tree);
        hostile.arm(address(pool), abi.encodeCall(pool.claim, (_key(address(hostile)), tree.leaf(1))));
        IRewardPool.PoolClaims[] memory claims = new IRewardPool.PoolClaims[](1);
        claims[0] = IRewardPool.PoolClaims(_key(address(hostile)), new bytes[](1));
        claims[0].leaves[0] = tree.leaf(0);
        pool.claimMany(claims);
        isTrue(!hostile.reached(), "a claim came in the middle");
        equal(pool.pool(pool.poolId(operator, auditor, address(hostile))).claimedWei, 100, "one share");
    }

    function _refuses(address token, bytes memory leaf, bytes4 why) private {
        vm.expectPartialRevert(why);
        pool.claim(_key(token), leaf);
    }

    /// A batch of all leaves skips as many as there are reasons, the first ones.
    function _skips(address token, SumTree.Tree memory tree, IRewardPool.SkipReason[] memory why) private {
        IRewardPool.PoolClaims[] memory claims = new IRewardPool.PoolClaims[](1);
        claims[0] = IRewardPool.PoolClaims(_key(token), new bytes[](tree.accounts.length));
        for (uint256 i = 0; i < tree.accounts.length; ++i) {
            claims[0].leaves[i] = tree.leaf(i);
        }
        bytes32 id = pool.poolId(operator, auditor, token);
        for (uint256 i = 0; i < why.length; ++i) {
            vm.expectEmit(address(pool));
            emit IRewardPool.RewardSkipped(id, tree.accounts[i], why[i]);
        }
        pool.claimMany(claims);
    }

    function _cut(bytes memory data, uint256 by) private pure returns (bytes memory out) {
        out = new bytes(data.length - by);
        for (uint256 i = 0; i < out.length; ++i) {
            out[i] = data[i];
        }
    }
}
