// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IChannelEscrow} from "../../../protocol/contracts/interfaces/IChannelEscrow.sol";
import {Refusals} from "./Refusals.sol";
import {ShyReceiver} from "./ShyReceiver.sol";

/// @notice Vouchers that bring nothing, and channels that do not end.
contract RefusedClaimsTest is Refusals {
    uint64 private constant LATER = type(uint64).max;

    function test_aVoucherThatIsOldForgedOrWithoutDepositBringsNothing() public {
        (IChannelEscrow.Terms memory terms, bytes32 id) = _opened(COINS);
        IChannelEscrow.ClaimRow memory row = _row(terms, 100, 40);
        row.voucher.r = bytes32(uint256(1));
        _skips(row, id, IChannelEscrow.SkipReason.BadSignature);
        row.voucher.vs = bytes32(type(uint256).max);
        _skips(row, id, IChannelEscrow.SkipReason.BadSignature);
        row = _row(terms, 100, 40);
        _claimOne(row);
        _skips(row, id, IChannelEscrow.SkipReason.NothingNew);
        _claimOne(_row(terms, DEPOSIT + 1, 0));
        _skips(_row(terms, DEPOSIT + 2, 0), id, IChannelEscrow.SkipReason.DepositExhausted);
        (, uint256 claimed, uint256 royalty,) = escrow.channel(id);
        equal(claimed, DEPOSIT, "no more than the deposit");
        equal(royalty, 40, "a lower royalty takes nothing back");
    }

    function test_royaltyIsAtMostWhatIsNewlyClaimed() public {
        (IChannelEscrow.Terms memory terms,) = _opened(COINS);
        _claimOne(_row(terms, 100, 0));
        equal(escrow.royaltyOf(operator, auditor, COINS), 0, "no royalty");
        _claimOne(_row(terms, 130, 900));
        equal(escrow.royaltyOf(operator, auditor, COINS), 30, "all that is new");
        equal(escrow.creditOf(operator, COINS), 100, "nothing else");
    }

    function test_aGroupWithOneBadRowBringsTheOthers() public {
        (IChannelEscrow.Terms memory terms, bytes32 id) = _opened(COINS);
        IChannelEscrow.ClaimRow memory row = _row(terms, 100, 40);
        IChannelEscrow.ClaimGroup[] memory groups = new IChannelEscrow.ClaimGroup[](1);
        groups[0] = IChannelEscrow.ClaimGroup(
            operator, operator, auditor, COINS, terms.withdrawDelayS, new IChannelEscrow.GroupRow[](2)
        );
        groups[0].rows[0] = IChannelEscrow.GroupRow(payer, STRANGER, terms.salt, row.voucher);
        groups[0].rows[1] = IChannelEscrow.GroupRow(payer, payer, terms.salt, row.voucher);
        escrow.claimGroups(groups);
        (, uint256 claimed,,) = escrow.channel(id);
        equal(claimed, 100, "the good row");
    }

    function test_nothingIsPulledWhereNothingIsAndFromNobodyWhoRefuses() public {
        vm.expectPartialRevert(IChannelEscrow.EscrowNothingToPull.selector);
        escrow.pull(operator, COINS);
        ShyReceiver shy = new ShyReceiver();
        shy.setMood(ShyReceiver.Mood.Refusing);
        IChannelEscrow.Terms memory terms = _terms(COINS);
        terms.operator = address(shy);
        escrow.fund{value: 100}(terms, 100);
        _claimOne(_row(terms, 100, 0));
        vm.expectPartialRevert(IChannelEscrow.EscrowPaymentRefused.selector);
        escrow.pull(address(shy), COINS);
        shy.setMood(ShyReceiver.Mood.Willing);
        equal(escrow.pull(address(shy), COINS), 100, "all of it");
    }

    function test_aTokenThatSaysNoOrGoneTokensPayNothing() public {
        (IChannelEscrow.Terms memory terms,) = _opened(address(hostile));
        _claimOne(_row(terms, 100, 0));
        hostile.setLying(true);
        vm.expectPartialRevert(IChannelEscrow.EscrowPaymentRefused.selector);
        escrow.pull(operator, address(hostile));
        hostile.setLying(false);
        hostile.freeze(operator);
        vm.expectPartialRevert(IChannelEscrow.EscrowPaymentRefused.selector);
        escrow.pull(operator, address(hostile));
    }

    function test_onlyThePoolTakesRoyalties() public {
        vm.expectPartialRevert(IChannelEscrow.EscrowNotRewardPool.selector);
        escrow.collectRoyalty(operator, auditor, COINS);
        vm.prank(address(pool));
        equal(escrow.collectRoyalty(operator, auditor, COINS), 0, "of nothing, nothing");
    }

    function test_aChannelEndsByItsReceiptSignerInTimeAndOnce() public {
        (IChannelEscrow.Terms memory terms, bytes32 id) = _opened(COINS);
        IChannelEscrow.ClaimRow memory row = _row(terms, 100, 40);
        _refusesToClose(row, operatorKeys[1], LATER, IChannelEscrow.EscrowSignatureInvalid.selector);
        uint64 past = uint64(block.timestamp - 1);
        _refusesToClose(row, operatorKeys[0], past, IChannelEscrow.EscrowDeadlinePassed.selector);
        row.voucher.r = bytes32(uint256(1));
        _refusesToClose(row, operatorKeys[0], LATER, IChannelEscrow.EscrowSignatureInvalid.selector);
        row.terms.salt = bytes32(uint256(1));
        _refusesToClose(row, operatorKeys[0], LATER, IChannelEscrow.EscrowChannelUnknown.selector);
        // The row's terms are these.
        terms.salt = 0;
        row = _row(terms, 100, 40);
        (bytes32 r, bytes32 vs) = _close(id, operatorKeys[0], row.voucher, LATER);
        equal(escrow.close(row, LATER, r, vs), DEPOSIT - 100, "the rest goes back");
        _refusesToClose(row, operatorKeys[0], LATER, IChannelEscrow.EscrowChannelClosed.selector);
        _skips(_row(terms, 200, 0), id, IChannelEscrow.SkipReason.ChannelClosed);
        vm.expectPartialRevert(IChannelEscrow.EscrowChannelClosed.selector);
        escrow.fund{value: 1}(terms, 1);
    }

    function test_aChannelEndsWithoutAVoucherThatBringsSomething() public {
        (IChannelEscrow.Terms memory terms, bytes32 id) = _opened(COINS);
        _claimOne(_row(terms, 100, 0));
        IChannelEscrow.ClaimRow memory row = _row(terms, 100, 0);
        row.voucher.r = bytes32(uint256(1));
        (bytes32 r, bytes32 vs) = _close(id, operatorKeys[0], row.voucher, LATER);
        equal(escrow.close(row, LATER, r, vs), DEPOSIT - 100, "the rest goes back");

        terms.salt = bytes32(uint256(1));
        escrow.fund{value: 50}(terms, 50);
        _claimOne(_row(terms, 50, 0));
        row = _row(terms, 90, 0);
        (r, vs) = _close(escrow.channelId(terms), operatorKeys[0], row.voucher, LATER);
        equal(escrow.close(row, LATER, r, vs), 0, "nothing is left");
    }

    function _refusesToClose(IChannelEscrow.ClaimRow memory row, uint256 key, uint64 deadline, bytes4 why) private {
        (bytes32 r, bytes32 vs) = _close(escrow.channelId(row.terms), key, row.voucher, deadline);
        vm.expectPartialRevert(why);
        escrow.close(row, deadline, r, vs);
    }

    function _skips(IChannelEscrow.ClaimRow memory row, bytes32 id, IChannelEscrow.SkipReason why) private {
        vm.expectEmit(address(escrow));
        emit IChannelEscrow.ClaimSkipped(id, why);
        _claimOne(row);
    }
}
