// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IChannelEscrow} from "../../../protocol/contracts/interfaces/IChannelEscrow.sol";
import {Refusals} from "./Refusals.sol";
import {SilentToken} from "./SilentToken.sol";

/// @notice What no channel takes money for.
contract RefusedFundingTest is Refusals {
    function test_termsWithoutSomebodyOrOutOfBoundsAreRefused() public {
        for (uint256 i = 0; i < 5; ++i) {
            IChannelEscrow.Terms memory terms = _terms(COINS);
            if (i == 0) terms.payer = address(0);
            if (i == 1) terms.signer = address(0);
            if (i == 2) terms.operator = address(0);
            if (i == 3) terms.withdrawDelayS = 0;
            if (i == 4) terms.withdrawDelayS = 30 days + 1;
            vm.expectPartialRevert(IChannelEscrow.EscrowTermsInvalid.selector);
            escrow.fund{value: 1}(terms, 1);
        }
        IChannelEscrow.Terms memory longest = _terms(COINS);
        longest.withdrawDelayS = 30 days;
        escrow.fund{value: 1}(longest, 1);
    }

    function test_wordsWithMoreThanTheirFieldHoldsAreNobodysTerms() public {
        IChannelEscrow.Terms memory terms = _terms(COINS);
        for (uint256 field = 0; field < 7; ++field) {
            // The auditor is a whole word.
            if (field == 4) continue;
            bytes memory data = abi.encodeCall(escrow.fund, (terms, 1));
            data[4 + 32 * field] = 0x01;
            (bool taken,) = address(escrow).call{value: 1}(data);
            isTrue(!taken, "dirty terms were taken");
        }
    }

    function test_nothingIsNoDeposit() public {
        vm.expectPartialRevert(IChannelEscrow.EscrowAmountZero.selector);
        escrow.fund(_terms(COINS), 0);
    }

    function test_aDepositBeyond80BitsIsRefused() public {
        (IChannelEscrow.Terms memory terms,) = _opened(COINS);
        uint256 most = type(uint80).max - DEPOSIT;
        vm.expectPartialRevert(IChannelEscrow.EscrowDepositTooLarge.selector);
        escrow.fund{value: most + 1}(terms, most + 1);
        escrow.fund{value: most}(terms, most);
    }

    function test_coinsThatAreNotTheAmountAreRefused() public {
        IChannelEscrow.Terms memory terms = _terms(COINS);
        vm.expectPartialRevert(IChannelEscrow.EscrowTransferInexact.selector);
        escrow.fund{value: 2}(terms, 1);
        terms.token = address(honest);
        vm.expectPartialRevert(IChannelEscrow.EscrowValueUnexpected.selector);
        escrow.fund{value: 1}(terms, 1);
    }

    function test_aTokenThatKeepsAPartOrLiesOrIsNoneIsRefused() public {
        IChannelEscrow.Terms memory terms = _terms(address(hostile));
        hostile.setFee(1);
        vm.expectPartialRevert(IChannelEscrow.EscrowTransferInexact.selector);
        vm.prank(payer);
        escrow.fund(terms, 10);
        hostile.setFee(0);
        hostile.setLying(true);
        vm.expectPartialRevert(SafeERC20.SafeERC20FailedOperation.selector);
        vm.prank(payer);
        escrow.fund(terms, 10);
        hostile.setLying(false);
        terms.token = STRANGER;
        vm.expectPartialRevert(SafeERC20.SafeERC20FailedOperation.selector);
        escrow.fund(terms, 10);
    }

    function test_aTokenThatSaysNothingIsTakenByWhatArrives() public {
        SilentToken silent = new SilentToken();
        silent.mint(payer, 100);
        IChannelEscrow.Terms memory terms = _terms(address(silent));
        vm.prank(payer);
        escrow.fund(terms, 100);
        _claimOne(_row(terms, 60, 0));
        equal(escrow.pull(operator, address(silent)), 60, "and pays without a word");
        equal(silent.balanceOf(operator), 60, "what arrives");
    }

    function test_whatTheTokenRefusesIsRefusedInItsWords() public {
        vm.expectPartialRevert(bytes4(keccak256("ERC20InsufficientAllowance(address,uint256,uint256)")));
        escrow.fund(_terms(address(honest)), 10);
    }

    function test_coinsKnowNeitherPermitsNorAuthorizations() public {
        IChannelEscrow.Authorization memory authorization;
        vm.expectPartialRevert(IChannelEscrow.EscrowTokenUnsupported.selector);
        escrow.fundWithAuthorization(_terms(COINS), 1, authorization);
        IChannelEscrow.Order memory order;
        IChannelEscrow.Permit memory permit;
        vm.expectPartialRevert(IChannelEscrow.EscrowTokenUnsupported.selector);
        escrow.fundWithPermit(_terms(COINS), 1, order, permit);
    }

    function test_anAuthorizationFundsByItsAmountInItsChannelOnce() public {
        IChannelEscrow.Terms memory terms = _terms(address(authorized));
        bytes32 id = escrow.channelId(terms);
        IChannelEscrow.Authorization memory authorization;
        authorization.from = payer;
        authorization.validBefore = type(uint256).max;
        bytes32 digest = authorized.digestOf(
            payer, address(escrow), 10, 0, type(uint256).max, escrow.authorizationNonce(id, 10, 0)
        );
        (authorization.v, authorization.r, authorization.s) = vm.sign(payerKeys[0], digest);
        vm.expectPartialRevert(bytes4(keccak256("AuthorizationInvalid()")));
        escrow.fundWithAuthorization(terms, 11, authorization);
        escrow.fundWithAuthorization(terms, 10, authorization);
        vm.expectPartialRevert(bytes4(keccak256("AuthorizationInvalid()")));
        escrow.fundWithAuthorization(terms, 10, authorization);
        (uint256 deposit,,,) = escrow.channel(id);
        equal(deposit, 10, "an authorization funded once");
    }
}
