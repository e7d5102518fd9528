// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IChannelEscrow} from "../../../protocol/contracts/interfaces/IChannelEscrow.sol";
import {Refusals} from "./Refusals.sol";

/// @notice Orders that fund nothing, and vaults that pay nothing.
contract RefusedOrdersTest is Refusals {
    uint64 private constant LATER = type(uint64).max;

    function test_anOrderThatIsLateForgedOrUsedIsRefused() public {
        IChannelEscrow.Terms memory terms = _terms(address(honest));
        IChannelEscrow.Permit memory permit;
        IChannelEscrow.Order memory order = _seventh(terms, payerKeys[0], uint64(block.timestamp - 1));
        vm.expectPartialRevert(IChannelEscrow.EscrowDeadlinePassed.selector);
        escrow.fundWithPermit(terms, 10, order, permit);
        order = _seventh(terms, SESSION_KEY, LATER);
        vm.expectPartialRevert(IChannelEscrow.EscrowSignatureInvalid.selector);
        escrow.fundWithPermit(terms, 10, order, permit);
        order.vs = bytes32(type(uint256).max);
        vm.expectPartialRevert(IChannelEscrow.EscrowSignatureInvalid.selector);
        escrow.fundWithPermit(terms, 10, order, permit);
        order = _seventh(terms, payerKeys[0], LATER);
        escrow.fundWithPermit(terms, 10, order, permit);
        isTrue(escrow.isNonceUsed(payer, 7) && !escrow.isNonceUsed(payer, 8), "one nonce was used");
        vm.expectPartialRevert(IChannelEscrow.EscrowNonceUsed.selector);
        escrow.fundWithPermit(terms, 10, order, permit);
    }

    function test_aPermitIsShownToTheToken() public {
        honest.drip(vm.addr(payerKeys[1]));
        IChannelEscrow.Terms memory terms = _terms(address(honest));
        terms.payer = vm.addr(payerKeys[1]);
        bytes32 id = escrow.channelId(terms);
        IChannelEscrow.Order memory order = _order(escrow.FUND_TYPEHASH(), id, payerKeys[1], 10, 1, LATER);
        IChannelEscrow.Permit memory permit;
        vm.expectPartialRevert(bytes4(keccak256("ERC20InsufficientAllowance(address,uint256,uint256)")));
        escrow.fundWithPermit(terms, 10, order, permit);
        (permit.valueWei, permit.deadline) = (10, LATER);
        (permit.v, permit.r, permit.s) = vm.sign(payerKeys[1], _permitDigest(terms.payer));
        escrow.fundWithPermit(terms, 10, order, permit);
    }

    function test_aCancelledNonceIsUsed() public {
        (IChannelEscrow.Terms memory terms, bytes32 id) = _opened(COINS);
        escrow.vaultDeposit{value: 10}(payer, COINS, 10);
        IChannelEscrow.Order memory order = _order(escrow.VAULT_FUND_TYPEHASH(), id, payerKeys[0], 10, 7, LATER);
        vm.prank(payer);
        escrow.cancelOrder(7);
        vm.expectPartialRevert(IChannelEscrow.EscrowNonceUsed.selector);
        escrow.fundFromVault(terms, 10, order);
        vm.expectPartialRevert(IChannelEscrow.EscrowNonceUsed.selector);
        vm.prank(payer);
        escrow.cancelOrder(7);
    }

    function test_aVaultGivesNoMoreThanItHolds() public {
        (IChannelEscrow.Terms memory terms, bytes32 id) = _opened(COINS);
        escrow.vaultDeposit{value: 10}(payer, COINS, 10);
        bytes32 kind = escrow.VAULT_FUND_TYPEHASH();
        IChannelEscrow.Order memory order = _order(kind, id, payerKeys[0], 11, 7, LATER);
        vm.expectPartialRevert(IChannelEscrow.EscrowVaultTooLow.selector);
        escrow.fundFromVault(terms, 11, order);
        order = _order(kind, id, payerKeys[0], 10, 7, LATER);
        escrow.fundFromVault(terms, 10, order);
    }

    function test_aVaultTakesNothingForNobodyAndNoMoreThan104Bits() public {
        vm.expectPartialRevert(IChannelEscrow.EscrowTermsInvalid.selector);
        escrow.vaultDeposit{value: 1}(address(0), COINS, 1);
        vm.expectPartialRevert(IChannelEscrow.EscrowAmountZero.selector);
        escrow.vaultDeposit(payer, COINS, 0);
        uint256 most = type(uint104).max;
        vm.expectPartialRevert(IChannelEscrow.EscrowDepositTooLarge.selector);
        escrow.vaultDeposit{value: most + 1}(payer, COINS, most + 1);
        escrow.vaultDeposit{value: most}(payer, COINS, most);
        vm.expectPartialRevert(IChannelEscrow.EscrowDepositTooLarge.selector);
        escrow.vaultDeposit{value: 1}(payer, COINS, 1);
    }

    function test_aVaultPaysAfterItsDelayWhatIsLeft() public {
        (IChannelEscrow.Terms memory terms, bytes32 id) = _opened(COINS);
        vm.expectPartialRevert(IChannelEscrow.EscrowVaultWithdrawMissing.selector);
        escrow.vaultFinishWithdraw(payer, COINS);
        escrow.vaultDeposit{value: 10}(payer, COINS, 10);
        vm.expectPartialRevert(IChannelEscrow.EscrowAmountZero.selector);
        vm.prank(payer);
        escrow.vaultStartWithdraw(COINS, 0);
        vm.expectPartialRevert(IChannelEscrow.EscrowWithdrawTooLarge.selector);
        vm.prank(payer);
        escrow.vaultStartWithdraw(COINS, 11);
        vm.prank(payer);
        escrow.vaultStartWithdraw(COINS, 8);
        vm.warp(block.timestamp + VAULT_DELAY_S - 1);
        vm.expectPartialRevert(IChannelEscrow.EscrowWithdrawEarly.selector);
        escrow.vaultFinishWithdraw(payer, COINS);
        escrow.fundFromVault(terms, 5, _order(escrow.VAULT_FUND_TYPEHASH(), id, payerKeys[0], 5, 7, LATER));
        vm.warp(block.timestamp + 1);
        equal(escrow.vaultFinishWithdraw(payer, COINS), 5, "what is left of what was asked for");
        escrow.vaultDeposit{value: 10}(payer, COINS, 10);
        vm.prank(payer);
        escrow.vaultStartWithdraw(COINS, 8);
        vm.warp(block.timestamp + VAULT_DELAY_S);
        equal(escrow.vaultFinishWithdraw(payer, COINS), 8, "what was asked for");
        (uint256 balance, uint256 withdrawing, uint64 readyAt) = escrow.vaultOf(payer, COINS);
        equal(balance + withdrawing + readyAt, 2, "the rest stays");
    }

    /// An order to fund with 10, its nonce 7.
    function _seventh(IChannelEscrow.Terms memory terms, uint256 key, uint64 deadline)
        private
        view
        returns (IChannelEscrow.Order memory)
    {
        return _order(escrow.FUND_TYPEHASH(), escrow.channelId(terms), key, 10, 7, deadline);
    }

    function _permitDigest(address owner) private view returns (bytes32) {
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, owner, address(escrow), 10, 0, LATER));
        return typed(honest.DOMAIN_SEPARATOR(), structHash);
    }
}
