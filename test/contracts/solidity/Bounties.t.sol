// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IBountyEscrow} from "../../../protocol/contracts/interfaces/IBountyEscrow.sol";
import {Base} from "./Base.sol";
import {BountyActors} from "./BountyActors.sol";

/// @notice The actors as one contract to call at random.
contract Bounties is BountyActors {
    constructor() {
        _openBounties();
    }
}

/// @notice The laws of bounties after every action of whatever sequence.
contract BountiesTest is Base {
    Bounties private _actors;
    IBountyEscrow private _escrow;
    mapping(bytes32 id => bool) private _filled;

    function setUp() public {
        _actors = new Bounties();
        _escrow = _actors.bounties();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_actors);
    }

    /// All laws in one campaign: what costs time is the sequences.
    function invariant_bounties() public {
        uint256[3] memory locked = _each();
        for (uint256 t = 0; t < 3; ++t) {
            address token = _actors.tokens(t);
            uint256 owed = locked[t];
            for (uint256 a = 0; a < 2; ++a) {
                owed += _escrow.creditOf(_actors.authors(a), token);
            }
            equal(owed - locked[t], _actors.credited(token), "credits are what was filled and not claimed");
            uint256 held = token == address(0) ? address(_escrow).balance : IERC20(token).balanceOf(address(_escrow));
            equal(held, owed, "what is locked or credited is what is there");
            equal(held, _actors.moneyIn(token) - _actors.moneyOut(token), "in = out + held");
        }
    }

    function _each() private returns (uint256[3] memory locked) {
        BountyActors.Seen[] memory all = _actors.all();
        for (uint256 i = 0; i < all.length; ++i) {
            BountyActors.Seen memory one = all[i];
            (uint256 lockedWei, bool isFilled) = _escrow.bountyOf(one.id);
            equal(one.funded, lockedWei + one.refunded + one.paid, "locked is what was given and did not leave");
            atMost(one.fills, 1, "a bounty pays once");
            isTrue(one.paid == 0 || one.refunded == 0, "a bounty is filled or refunded");
            isTrue(isFilled == (one.fills == 1), "filled is what was filled");
            isTrue(!_filled[one.id] || isFilled, "filled stays filled");
            isTrue(!one.wasEarly, "refunds come after the end only");
            _filled[one.id] = isFilled;
            uint256 given = 0;
            for (uint256 f = 0; f < 2; ++f) {
                uint256 by = _escrow.fundedBy(one.id, _actors.funders(f));
                equal(by, _actors.given(one.id, _actors.funders(f)), "each funder's part is kept");
                given += by;
            }
            equal(given, one.funded - one.refunded, "the parts sum to the whole");
            for (uint256 t = 0; t < 3; ++t) {
                if (one.token == _actors.tokens(t)) locked[t] += lockedWei;
            }
        }
    }

    /// A campaign that is refused everything keeps every law as well.
    function test_bountiesGetSomewhere() public {
        Bounties a = _actors;
        uint256 soon = 1 << 24;
        a.fund(soon, 1e5, true);
        a.fund(soon | (1 << 16), 1e4, true);
        a.fill(soon, 1, 2);
        equal(a.done("fill"), 1, "a bounty is filled");
        a.fund(soon, 1, true);
        a.fill(soon, 1, 2);
        equal(a.done("fund"), 2, "a filled one is not funded again");
        a.claim(1 << 8);
        equal(a.done("claim"), 1, "its author is paid");
        a.fund(soon | 1, 70, true);
        a.refund(soon | 1);
        equal(a.done("refund"), 0, "too early");
        for (uint256 i = 0; i < 4; ++i) {
            a.pass(2_499);
        }
        a.refund(0x101);
        equal(a.done("refund"), 1, "what nobody filled comes back");
        a.fill(0x101, 1, 2);
        equal(a.done("fill"), 1, "and is filled no more");
        invariant_bounties();
    }
}
