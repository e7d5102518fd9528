// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IChannelEscrow} from "../../../protocol/contracts/interfaces/IChannelEscrow.sol";
import {Refusals} from "./Refusals.sol";

/// @notice Deposits that do not come back: not yet, not to strangers, not twice.
contract RefusedWithdrawalsTest is Refusals {
    function test_onlyThePayerStartsAndCancels() public {
        (IChannelEscrow.Terms memory terms,) = _opened(COINS);
        vm.expectPartialRevert(IChannelEscrow.EscrowNotPayer.selector);
        escrow.startWithdraw(terms, 1);
        vm.expectPartialRevert(IChannelEscrow.EscrowNotPayer.selector);
        escrow.cancelWithdraw(terms);
        vm.expectPartialRevert(IChannelEscrow.EscrowWithdrawMissing.selector);
        vm.prank(payer);
        escrow.cancelWithdraw(terms);
    }

    function test_nothingAndMoreThanIsUnclaimedIsRefused() public {
        (IChannelEscrow.Terms memory terms,) = _opened(COINS);
        _claimOne(_row(terms, 100, 0));
        vm.expectPartialRevert(IChannelEscrow.EscrowAmountZero.selector);
        vm.prank(payer);
        escrow.startWithdraw(terms, 0);
        vm.expectPartialRevert(IChannelEscrow.EscrowWithdrawTooLarge.selector);
        vm.prank(payer);
        escrow.startWithdraw(terms, DEPOSIT - 99);
    }

    function test_itComesAfterTheDelayAndNoMoreThanIsThenUnclaimed() public {
        (IChannelEscrow.Terms memory terms, bytes32 id) = _opened(COINS);
        vm.expectPartialRevert(IChannelEscrow.EscrowWithdrawMissing.selector);
        escrow.finishWithdraw(terms);
        vm.prank(payer);
        escrow.startWithdraw(terms, 300);
        vm.warp(block.timestamp + 399);
        vm.expectPartialRevert(IChannelEscrow.EscrowWithdrawEarly.selector);
        escrow.finishWithdraw(terms);
        vm.warp(block.timestamp + 1);
        equal(escrow.finishWithdraw(terms), 300, "what was asked for");
        vm.expectPartialRevert(IChannelEscrow.EscrowWithdrawMissing.selector);
        escrow.finishWithdraw(terms);

        vm.prank(payer);
        escrow.startWithdraw(terms, 700);
        _claimOne(_row(terms, 600, 0));
        vm.warp(block.timestamp + 400);
        equal(escrow.finishWithdraw(terms), 100, "what is left");
        (uint256 deposit, uint256 claimed,,) = escrow.channel(id);
        equal(deposit, claimed, "nothing else is left");
    }

    function test_oneThatWasCancelledDoesNotCome() public {
        (IChannelEscrow.Terms memory terms, bytes32 id) = _opened(COINS);
        vm.prank(payer);
        escrow.startWithdraw(terms, 300);
        (uint256 amount, uint64 readyAt) = escrow.withdrawal(id);
        equal(amount, 300, "pending");
        equal(readyAt, block.timestamp + 400, "from then on");
        vm.prank(payer);
        escrow.cancelWithdraw(terms);
        vm.warp(block.timestamp + 400);
        vm.expectPartialRevert(IChannelEscrow.EscrowWithdrawMissing.selector);
        escrow.finishWithdraw(terms);
    }
}
