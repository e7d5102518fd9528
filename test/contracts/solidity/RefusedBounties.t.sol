// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IBountyEscrow} from "../../../protocol/contracts/interfaces/IBountyEscrow.sol";
import {IChannelEscrow} from "../../../protocol/contracts/interfaces/IChannelEscrow.sol";
import {IDatanetRegistry} from "../../../protocol/contracts/interfaces/IDatanetRegistry.sol";
import {BountyWorld} from "./BountyWorld.sol";
import {Refusals} from "./Refusals.sol";

/// @notice Money that is not locked, not paid out, and not given back.
contract RefusedBountiesTest is Refusals, BountyWorld {
    address private constant AUTHOR = address(0xA07);

    uint64 private _end;

    function setUp() public override {
        super.setUp();
        _anchorTwo();
        _end = uint64(block.timestamp) + LIFE_S;
    }

    function test_nothingIsLockedForNothingNoQuestionAndNobody() public {
        IBountyEscrow.Terms memory terms = _bounty(1, COINS, _end);
        _notLocked(terms, 0, IBountyEscrow.BountyAmountZero.selector);
        terms.question = 0;
        _notLocked(terms, 1, IBountyEscrow.BountyTermsInvalid.selector);
        terms = _bounty(1, COINS, _end);
        terms.datanet = 0;
        _notLocked(terms, 1, IBountyEscrow.BountyTermsInvalid.selector);
        terms = _bounty(1, COINS, _end);
        bounties.fund{value: 1}(terms, 1);
        vm.deal(address(this), type(uint136).max);
        _notLocked(terms, type(uint128).max, IBountyEscrow.BountyTooLarge.selector);
    }

    function test_moneyIsLockedForAWhileAndNeitherForeverNorForThePast() public {
        _notLocked(_bounty(1, COINS, uint64(block.timestamp)), 1, IBountyEscrow.BountyExpired.selector);
        uint64 most = uint64(block.timestamp) + bounties.MAX_LIFE_S();
        _notLocked(_bounty(1, COINS, most + 1), 1, IBountyEscrow.BountyLifeTooLong.selector);
        bounties.fund{value: 1}(_bounty(1, COINS, most), 1);
    }

    function test_whatIsLockedIsWhatArrives() public {
        vm.expectPartialRevert(IBountyEscrow.BountyTransferInexact.selector);
        bounties.fund{value: 2}(_bounty(1, COINS, _end), 1);
        vm.expectPartialRevert(IBountyEscrow.BountyValueUnexpected.selector);
        bounties.fund{value: 1}(_bounty(1, address(honest), _end), 1);
        hostile.setFee(1);
        vm.expectPartialRevert(IBountyEscrow.BountyTransferInexact.selector);
        vm.prank(payer);
        bounties.fund(_bounty(1, address(hostile), _end), 10);
    }

    function test_aSignatureFundsWhatItNamesAndNoCoins() public {
        IChannelEscrow.Permit memory permit;
        vm.expectPartialRevert(IBountyEscrow.BountyTokenUnsupported.selector);
        bounties.fundWithPermit(_bounty(1, COINS, _end), 1, permit);
        IChannelEscrow.Authorization memory authorization;
        vm.expectPartialRevert(IBountyEscrow.BountyTokenUnsupported.selector);
        bounties.fundWithAuthorization(_bounty(1, COINS, _end), 1, authorization);

        IBountyEscrow.Terms memory terms = _bounty(1, address(authorized), _end);
        bytes32 nonce = bounties.authorizationNonce(bounties.bountyId(terms), 7, "salt");
        authorization.from = payer;
        (authorization.validBefore, authorization.salt) = (type(uint256).max, "salt");
        bytes32 digest = authorized.digestOf(payer, address(bounties), 7, 0, type(uint256).max, nonce);
        (authorization.v, authorization.r, authorization.s) = vm.sign(payerKeys[0], digest);
        // Whoever copies it can fund neither another bounty nor another amount.
        vm.expectPartialRevert(bytes4(keccak256("AuthorizationInvalid()")));
        bounties.fundWithAuthorization(_bounty(2, address(authorized), _end), 7, authorization);
        vm.expectPartialRevert(bytes4(keccak256("AuthorizationInvalid()")));
        bounties.fundWithAuthorization(terms, 8, authorization);
        vm.prank(STRANGER);
        bytes32 id = bounties.fundWithAuthorization(terms, 7, authorization);
        equal(bounties.fundedBy(id, payer), 7, "who signed is who funded");
    }

    function test_aPermitThatWasShownBeforeStillFunds() public {
        IBountyEscrow.Terms memory terms = _bounty(1, address(honest), _end);
        IChannelEscrow.Permit memory permit;
        // The allowance is there; the permit is none.
        vm.prank(payer);
        bytes32 id = bounties.fundWithPermit(terms, 9, permit);
        (uint256 locked, bool isFilled) = bounties.bountyOf(id);
        isTrue(locked == 9 && !isFilled, "it is locked");
    }

    function test_aBountyIsFilledByAQuorumForAnAnchoredContributionAndOnce() public {
        IBountyEscrow.Terms memory terms = _bounty(1, COINS, _end);
        _notFilled(terms, FIRST, AUTHOR, _place(0), 2, IBountyEscrow.BountyEmpty.selector);
        bounties.fund{value: 100}(terms, 100);
        _notFilled(terms, FIRST, address(0), _place(0), 2, IBountyEscrow.BountyAccountMissing.selector);
        _notFilled(terms, FIRST, AUTHOR, _place(0), 1, IBountyEscrow.BountyApprovalsMissing.selector);
        bytes4 unproven = IBountyEscrow.BountyContributionUnproven.selector;
        _notFilled(terms, SECOND, AUTHOR, _place(0), 2, unproven);
        _notFilled(terms, FIRST, AUTHOR, _place(1), 2, unproven);
        IBountyEscrow.Place memory place = _place(0);
        place.anchored.revision = "another";
        _notFilled(terms, FIRST, AUTHOR, place, 2, unproven);
        // What was signed is for this bounty, this contribution and this account.
        IDatanetRegistry.Signature[] memory approvals = _approvals(_fillDigest(terms, FIRST, AUTHOR), 2);
        _notFilledBy(terms, FIRST, STRANGER, approvals, IBountyEscrow.BountyApprovalsMissing.selector);
        _notFilledBy(terms, SECOND, AUTHOR, approvals, IBountyEscrow.BountyApprovalsMissing.selector);
        IBountyEscrow.Terms memory other = _bounty(2, COINS, _end);
        bounties.fund{value: 1}(other, 1);
        _notFilledBy(other, FIRST, AUTHOR, approvals, IBountyEscrow.BountyApprovalsMissing.selector);

        vm.prank(STRANGER);
        equal(bounties.fill(terms, FIRST, AUTHOR, _place(0), approvals), 100, "all of it");
        equal(bounties.creditOf(AUTHOR, COINS), 100, "is the author's");
        _notFilledBy(terms, FIRST, AUTHOR, approvals, IBountyEscrow.BountyAlreadyFilled.selector);
        _notLocked(terms, 1, IBountyEscrow.BountyAlreadyFilled.selector);
        vm.warp(_end);
        _notRefunded(terms, address(this), IBountyEscrow.BountyAlreadyFilled.selector);
    }

    function test_aRevisionThatCameLaterHidesNothing() public {
        IBountyEscrow.Terms memory terms = _bounty(1, COINS, _end);
        bounties.fund{value: 100}(terms, 100);
        _anchorNext(anchored, 2, "revision 2", "root");
        _notFilled(terms, FIRST, AUTHOR, _place(0), 2, IBountyEscrow.BountyContributionUnproven.selector);
        later.push(IDatanetRegistry.Link("revision 2", "root"));
        bounties.fill(terms, FIRST, AUTHOR, _place(0), _approvals(_fillDigest(terms, FIRST, AUTHOR), 2));
    }

    function test_nobodyApprovesAPaymentToThemselves() public {
        IBountyEscrow.Terms memory terms = _bounty(1, COINS, _end);
        bounties.fund{value: 100}(terms, 100);
        address curator = vm.addr(curatorKeys[0]);
        _notFilled(terms, FIRST, curator, _place(0), 3, IBountyEscrow.BountySelfApproved.selector);
        // The others may pay one of them for what they contributed.
        IDatanetRegistry.Signature[] memory all = _approvals(_fillDigest(terms, FIRST, curator), 3);
        IDatanetRegistry.Signature[] memory others = new IDatanetRegistry.Signature[](2);
        (others[0], others[1]) = (all[1], all[2]);
        bounties.fill(terms, FIRST, curator, _place(0), others);
    }

    function test_anExpiredBountyIsRefundedAndNotFilled() public {
        IBountyEscrow.Terms memory terms = _bounty(1, COINS, _end);
        bytes32 id = bounties.fund{value: 100}(terms, 100);
        vm.prank(payer);
        bounties.fund{value: 11}(terms, 11);
        vm.warp(_end - 1);
        _notRefunded(terms, payer, IBountyEscrow.BountyNotExpired.selector);
        vm.warp(_end);
        _notFilled(terms, FIRST, AUTHOR, _place(0), 2, IBountyEscrow.BountyExpired.selector);
        _notRefunded(terms, STRANGER, IBountyEscrow.BountyEmpty.selector);
        vm.prank(STRANGER);
        equal(bounties.refund(terms, payer), 11, "what it gave");
        _notRefunded(terms, payer, IBountyEscrow.BountyEmpty.selector);
        (uint256 locked,) = bounties.bountyOf(id);
        equal(locked, 100, "the others' stays");
        equal(bounties.refund(terms, address(this)), 100, "what was given here");
    }

    function test_whoCannotBePaidKeepsWhatIsTheirs() public {
        IBountyEscrow.Terms memory terms = _bounty(1, address(hostile), _end);
        vm.prank(payer);
        bounties.fund(terms, 10);
        IBountyEscrow.Terms memory other = _bounty(2, address(hostile), _end);
        vm.prank(payer);
        bounties.fund(other, 5);
        hostile.freeze(AUTHOR);
        bounties.fill(terms, FIRST, AUTHOR, _place(0), _approvals(_fillDigest(terms, FIRST, AUTHOR), 2));
        vm.expectPartialRevert(IBountyEscrow.BountyPaymentRefused.selector);
        bounties.claim(AUTHOR, address(hostile));
        hostile.setFrozen(AUTHOR, false);
        equal(bounties.claim(AUTHOR, address(hostile)), 10, "paid once it can be");
        vm.expectPartialRevert(IBountyEscrow.BountyNothingCredited.selector);
        bounties.claim(AUTHOR, address(hostile));
        hostile.freeze(payer);
        vm.warp(_end);
        _notRefunded(other, payer, IBountyEscrow.BountyPaymentRefused.selector);
    }

    function test_aTokenThatCallsBackGetsNothingTwice() public {
        IBountyEscrow.Terms memory terms = _bounty(1, address(hostile), _end);
        vm.prank(payer);
        bounties.fund(terms, 10);
        vm.prank(payer);
        bounties.fund(_bounty(2, address(hostile), _end), 10);
        vm.warp(_end);
        hostile.arm(address(bounties), abi.encodeCall(bounties.refund, (_bounty(2, address(hostile), _end), payer)));
        bounties.refund(terms, payer);
        isTrue(!hostile.reached(), "no way in while money moves");
        equal(hostile.balanceOf(address(bounties)), 10, "the other bounty's");
    }

    function _notLocked(IBountyEscrow.Terms memory terms, uint256 amount, bytes4 why) private {
        vm.expectPartialRevert(why);
        bounties.fund{value: terms.token == COINS ? amount : 0}(terms, amount);
    }

    function _notFilled(
        IBountyEscrow.Terms memory terms,
        bytes32 contribution,
        address account,
        IBountyEscrow.Place memory place,
        uint256 count,
        bytes4 why
    ) private {
        IDatanetRegistry.Signature[] memory approvals = _approvals(_fillDigest(terms, contribution, account), count);
        vm.expectPartialRevert(why);
        bounties.fill(terms, contribution, account, place, approvals);
    }

    function _notFilledBy(
        IBountyEscrow.Terms memory terms,
        bytes32 contribution,
        address account,
        IDatanetRegistry.Signature[] memory approvals,
        bytes4 why
    ) private {
        IBountyEscrow.Place memory place = _place(contribution == FIRST ? 0 : 1);
        vm.expectPartialRevert(why);
        bounties.fill(terms, contribution, account, place, approvals);
    }

    function _notRefunded(IBountyEscrow.Terms memory terms, address funder, bytes4 why) private {
        vm.expectPartialRevert(why);
        bounties.refund(terms, funder);
    }
}
