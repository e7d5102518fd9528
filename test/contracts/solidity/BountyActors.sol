// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IBountyEscrow} from "../../../protocol/contracts/interfaces/IBountyEscrow.sol";
import {IDatanetRegistry} from "../../../protocol/contracts/interfaces/IDatanetRegistry.sol";
import {BountyWorld} from "./BountyWorld.sol";

/// @notice All that anyone does to bounties, over so few questions, tokens and ends that ids are used again
/// and again: before, after they were filled, and after they expired. Keeps books of its own.
abstract contract BountyActors is BountyWorld {
    /// What was ever seen of a bounty.
    struct Seen {
        bytes32 id;
        address token;
        uint64 expiresAt;
        uint256 funded;
        uint256 refunded;
        uint256 paid;
        uint256 fills;
        bool wasEarly;
    }

    address[3] public tokens;
    address[2] public funders = [address(0xF1), address(0xF2)];
    address[2] public authors = [address(0xA1), address(0xA2)];
    bytes32[] internal ids;
    mapping(bytes32 id => Seen) internal seen;
    mapping(bytes32 id => mapping(address funder => uint256)) public given;
    mapping(address token => uint256) public moneyIn;
    mapping(address token => uint256) public moneyOut;
    mapping(address token => uint256) public credited;
    /// How often an action did what it was for: a campaign that is only refused shows nothing.
    mapping(bytes32 action => uint256) public done;
    uint64 private _start;

    function _openBounties() internal {
        _build();
        _anchorTwo();
        _start = uint64(block.timestamp);
        tokens = [COINS, address(honest), address(hostile)];
        for (uint256 i = 0; i < 2; ++i) {
            vm.deal(funders[i], 1 << 100);
            for (uint256 n = 0; n < 3; ++n) {
                honest.drip(funders[i]);
            }
            hostile.mint(funders[i], 1 << 100);
            for (uint256 t = 1; t < 3; ++t) {
                vm.prank(funders[i]);
                IERC20(tokens[t]).approve(address(bounties), type(uint256).max);
            }
        }
    }

    function fund(uint256 seed, uint256 amount, bool fits) external {
        IBountyEscrow.Terms memory terms = _terms(seed);
        address funder = funders[(seed >> 16) % 2];
        amount = seed % 61 == 0 ? type(uint128).max : bound(amount, 0, 1e6);
        uint256 value = terms.token == COINS ? (fits ? amount : amount + 1) : (fits ? 0 : 1);
        vm.prank(funder);
        try bounties.fund{value: value}(terms, amount) returns (bytes32 id) {
            isTrue(fits, "coins that do not fit were taken");
            isTrue(block.timestamp < terms.expiresAt, "an expired bounty was funded");
            Seen storage state = seen[id];
            equal(state.fills, 0, "a filled bounty was funded");
            if (state.funded == 0) {
                ids.push(id);
                (state.id, state.token, state.expiresAt) = (id, terms.token, terms.expiresAt);
            }
            state.funded += amount;
            given[id][funder] += amount;
            moneyIn[terms.token] += amount;
            done["fund"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function fill(uint256 seed, uint256 who, uint256 count) external {
        IBountyEscrow.Terms memory terms = _terms(seed);
        // Sometimes the account is a curator, who may have signed.
        address account = who % 8 == 0 ? vm.addr(curatorKeys[0]) : authors[who % 2];
        bytes32 contribution = who % 3 == 0 ? SECOND : FIRST;
        IBountyEscrow.Place memory place = _place(who % 5 == 0 ? 1 : 0);
        bool isProven = (contribution == FIRST) == (place.row == 0);
        count = count % 4;
        IDatanetRegistry.Signature[] memory approvals = _approvals(_fillDigest(terms, contribution, account), count);
        try bounties.fill(terms, contribution, account, place, approvals) returns (uint256 amount) {
            isTrue(isProven, "what no revision holds filled a bounty");
            isTrue(count > 1, "too few curators filled a bounty");
            isTrue(account != vm.addr(curatorKeys[0]), "a curator paid themselves");
            isTrue(block.timestamp < terms.expiresAt, "an expired bounty was filled");
            Seen storage state = seen[bounties.bountyId(terms)];
            state.fills += 1;
            state.paid += amount;
            credited[terms.token] += amount;
            done["fill"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function refund(uint256 seed) external {
        IBountyEscrow.Terms memory terms = _terms(seed);
        address funder = funders[(seed >> 16) % 2];
        bytes32 id = bounties.bountyId(terms);
        try bounties.refund(terms, funder) returns (uint256 amount) {
            equal(amount, given[id][funder], "a funder gets back what it gave");
            if (block.timestamp < terms.expiresAt) seen[id].wasEarly = true;
            given[id][funder] = 0;
            seen[id].refunded += amount;
            moneyOut[terms.token] += amount;
            done["refund"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function claim(uint256 seed) external {
        address token = tokens[seed % 3];
        try bounties.claim(authors[(seed >> 8) % 2], token) returns (uint256 amount) {
            credited[token] -= amount;
            moneyOut[token] += amount;
            done["claim"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    /// The hostile token keeps a fee, freezes, lies and calls back into the contract.
    function misbehave(uint256 seed) external {
        hostile.setFee(seed % 4 == 0 ? 1 : 0);
        hostile.setFrozen(authors[0], seed % 8 == 1);
        hostile.setFrozen(funders[0], seed % 8 == 2);
        hostile.setLying(seed % 16 == 3);
        if (seed % 4 == 1) {
            IBountyEscrow.Terms memory terms = _terms(seed >> 8);
            hostile.arm(address(bounties), abi.encodeCall(bounties.refund, (terms, funders[seed % 2])));
        }
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, LIFE_S / 4));
    }

    function all() external view returns (Seen[] memory list) {
        list = new Seen[](ids.length);
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = seen[ids[i]];
        }
    }

    /// One of twelve at a time: of two questions, in three tokens, at one of two ends.
    function _terms(uint256 seed) internal view returns (IBountyEscrow.Terms memory) {
        // Ends move on with time, so that there is always one that has not come.
        uint64 period = (uint64(block.timestamp) - _start) / LIFE_S;
        return _bounty(1 + seed % 2, tokens[(seed >> 8) % 3], _start + LIFE_S * (period + uint64(seed >> 24) % 2));
    }

    /// A refusal has a name. A panic is a hole.
    function _refused(bytes memory reason) internal pure {
        isTrue(reason.length < 4 || bytes4(reason) != 0x4e487b71, "a contract panicked");
    }
}
