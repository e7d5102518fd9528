// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IChannelEscrow} from "../../../protocol/contracts/interfaces/IChannelEscrow.sol";
import {IRewardPool} from "../../../protocol/contracts/interfaces/IRewardPool.sol";
import {Base} from "./Base.sol";
import {FundingActors} from "./FundingActors.sol";
import {RewardActors} from "./RewardActors.sol";

/// @notice The actors as one contract to call at random.
contract Actors is RewardActors {
    constructor() {
        _open();
        _openPools();
    }

    receive() external payable {}
}

/// @notice The laws of the money corridor after every action of whatever sequence.
contract CorridorTest is Base {
    Actors private _actors;
    mapping(bytes32 id => uint256) private _claimed;
    mapping(bytes32 id => uint256) private _royalty;
    mapping(bytes32 account => uint256) private _got;

    function setUp() public {
        _actors = new Actors();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_actors);
    }

    /// All laws in one campaign: what costs time is the sequences.
    function invariant_corridor() public {
        _channels();
        _escrowHoldsWhatItOwes();
        _pools();
        _bonds();
    }

    /// Laws 2, 3, 4, 5 and 8 of channels, and what the vault holds.
    function _channels() private {
        uint256 count = _actors.idCount();
        for (uint256 i = 0; i < count; ++i) {
            bytes32 id = _actors.ids(i);
            FundingActors.Seen memory seen = _actors.channelSeen(id);
            (uint256 deposit, uint256 claimed, uint256 royalty, bool isClosed) = _actors.escrow().channel(id);
            equal(deposit, seen.funded - seen.refunded, "a deposit is what was funded less what was refunded");
            equal(claimed, seen.claimed, "claimed is what the vouchers authorised");
            equal(royalty, seen.royalty, "royalty is what the vouchers set aside");
            atMost(royalty, claimed, "royalty <= claimed");
            atMost(claimed, deposit, "claimed <= deposit");
            atMost(seen.refunded + claimed, seen.funded, "refunds <= deposit - claimed");
            atMost(_claimed[id], claimed, "claimed never falls");
            atMost(_royalty[id], royalty, "royalty never falls");
            isTrue(isClosed == seen.closed, "closed stays closed");
            if (isClosed) equal(deposit, claimed, "nothing is left in a closed channel");
            (_claimed[id], _royalty[id]) = (claimed, royalty);
        }
    }

    /// Law 1: each token in the escrow is owed to somebody, and nothing more than that.
    function _escrowHoldsWhatItOwes() private view {
        for (uint256 t = 0; t < 4; ++t) {
            address token = _actors.tokens(t);
            uint256 owed = _actors.vaulted(token);
            uint256 count = _actors.idCount();
            for (uint256 i = 0; i < count; ++i) {
                bytes32 id = _actors.ids(i);
                if (_actors.channelSeen(id).terms.token != token) continue;
                (uint256 deposit, uint256 claimed,,) = _actors.escrow().channel(id);
                owed += deposit - claimed;
            }
            for (uint256 o = 0; o < 2; ++o) {
                address operator = _operator(o);
                uint256 credit = _actors.escrow().creditOf(operator, token);
                uint256 royalty = _actors.escrow().royaltyOf(operator, _actors.auditor(), token);
                equal(credit + _actors.pulled(operator, token), _actors.earned(operator, token), "credits are earned");
                equal(
                    royalty + _actors.collected(operator, token),
                    _actors.royalties(operator, token),
                    "the parts of a claim sum to it"
                );
                owed += credit + royalty;
            }
            uint256 held = _held(token, address(_actors.escrow()));
            equal(held, owed, "the escrow holds what it owes");
            equal(held, _actors.moneyIn(token) - _actors.moneyOut(token), "in = out + held");
        }
    }

    /// Laws 6 and 7: claimed <= total <= credited, and no account's sum falls.
    function _pools() private {
        for (uint256 t = 0; t < 4; ++t) {
            address token = _actors.tokens(t);
            uint256 owed = 0;
            for (uint256 o = 0; o < 2; ++o) {
                bytes32 id = _actors.pool().poolId(_operator(o), _actors.auditor(), token);
                IRewardPool.Pool memory state = _actors.pool().pool(id);
                atMost(state.claimedWei, state.totalWei, "a pool pays what its drop gives");
                atMost(state.totalWei, state.creditedWei, "a drop gives what was collected");
                equal(state.creditedWei, _actors.collected(_operator(o), token), "credited is what was collected");
                isTrue((state.silentAt == 0) == (state.totalWei == state.creditedWei), "the clock runs while credit waits");
                owed += state.creditedWei - state.claimedWei;
                uint256 got = 0;
                for (uint256 e = 0; e < 4; ++e) {
                    uint256 now_ = _actors.pool().claimedOf(id, _actors.earners(e));
                    bytes32 key = keccak256(abi.encode(id, e));
                    atMost(_got[key], now_, "an account's sum never falls");
                    _got[key] = now_;
                    got += now_;
                }
                equal(got, state.claimedWei, "what a pool paid is what accounts got");
            }
            equal(_held(token, address(_actors.pool())), owed, "the pool holds what it owes");
        }
    }

    function _bonds() private view {
        equal(address(_actors.bond()).balance, _actors.staked(address(0)), "the bond holds what is staked");
    }

    /// A campaign that is refused everything keeps every law as well.
    function test_sequencesGetSomewhere() public {
        Actors a = _actors;
        uint256 seed = 0;
        a.fund(seed, 1e6, 2);
        a.spend(seed, 900, 600, 7);
        a.claim(0, 1, true);
        a.collect(seed);
        a.post(seed, 0x10203040, 0);
        a.pass(999);
        a.pass(999);
        a.claimShares(seed, 1, false);
        a.claimShares(seed, 1 + (1 << 8), true);
        a.pull(seed);
        a.spend(seed, 1_000, 700, 7);
        a.claim(1, 1, false);
        a.collect(seed);
        a.post(seed, 0x10203041, 2);
        a.refute(seed, 0);
        equal(a.done("refute"), 1, "an account is left out and the drop falls");
        a.post(seed, 0x10203041, 0);
        a.refute(seed, 0);
        equal(a.done("refute"), 1, "an honest drop does not fall");
        a.veto(seed, 2);
        equal(a.done("veto"), 1, "curators veto");
        a.close(1, 3);
        equal(a.done("close"), 1, "a channel closes");
        invariant_corridor();
    }

    function _operator(uint256 o) private pure returns (address) {
        return vm.addr(0xB1 + o);
    }

    function _held(address token, address account) private view returns (uint256) {
        return token == address(0) ? account.balance : IERC20(token).balanceOf(account);
    }
}
