// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IChannelEscrow} from "../../../protocol/contracts/interfaces/IChannelEscrow.sol";
import {IRewardPool} from "../../../protocol/contracts/interfaces/IRewardPool.sol";
import {Base} from "./Base.sol";
import {ChannelActors} from "./ChannelActors.sol";
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
    IChannelEscrow private _escrow;
    IRewardPool private _pool;
    address[4] private _tokens;
    address[2] private _operators;
    address[4] private _earners;
    bytes32[2][4] private _poolIds;
    bytes32 private _auditor;
    mapping(bytes32 id => uint256) private _claimed;
    mapping(bytes32 id => uint256) private _royalty;
    mapping(bytes32 account => uint256) private _got;

    /// What does not change is asked once: the laws are looked at after every action.
    function setUp() public {
        _actors = new Actors();
        (_escrow, _pool, _auditor) = (_actors.escrow(), _actors.pool(), _actors.auditor());
        _operators = [vm.addr(0xB1), vm.addr(0xB2)];
        for (uint256 i = 0; i < 4; ++i) {
            (_tokens[i], _earners[i]) = (_actors.tokens(i), _actors.earners(i));
            for (uint256 o = 0; o < 2; ++o) {
                _poolIds[i][o] = _pool.poolId(_operators[o], _auditor, _tokens[i]);
            }
        }
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_actors);
    }

    /// All laws in one campaign: what costs time is the sequences.
    function invariant_corridor() public {
        uint256[4] memory locked = _channels();
        for (uint256 t = 0; t < 4; ++t) {
            _escrowHoldsWhatItOwes(t, locked[t]);
            _pools(t);
        }
        _bonds();
    }

    /// Laws 2, 3, 4, 5 and 8 of channels; returns what they hold of each token.
    function _channels() private returns (uint256[4] memory locked) {
        FundingActors.Seen[] memory channels = _actors.channels();
        for (uint256 i = 0; i < channels.length; ++i) {
            FundingActors.Seen memory seen = channels[i];
            bytes32 id = seen.id;
            (uint256 deposit, uint256 claimed, uint256 royalty, bool isClosed) = _escrow.channel(id);
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
            if (_claimed[id] != claimed) (_claimed[id], _royalty[id]) = (claimed, royalty);
            for (uint256 t = 0; t < 4; ++t) {
                if (seen.token == _tokens[t]) locked[t] += deposit - claimed;
            }
        }
    }

    /// Law 1: each token in the escrow is owed to somebody, and nothing more than that.
    function _escrowHoldsWhatItOwes(uint256 t, uint256 lockedWei) private view {
        address token = _tokens[t];
        FundingActors.Flow memory flow = _actors.flowOf(token);
        uint256 owed = lockedWei + flow.vaulted;
        for (uint256 o = 0; o < 2; ++o) {
            ChannelActors.Gains memory gains = _actors.gainsOf(_operators[o], token);
            uint256 credit = _escrow.creditOf(_operators[o], token);
            uint256 royalty = _escrow.royaltyOf(_operators[o], _auditor, token);
            equal(credit + gains.pulled, gains.earned, "credits are earned");
            equal(royalty + gains.collected, gains.royalties, "the parts of a claim sum to it");
            owed += credit + royalty;
        }
        uint256 held = _held(token, address(_escrow));
        equal(held, owed, "the escrow holds what it owes");
        equal(held, flow.moneyIn - flow.moneyOut, "in = out + held");
    }

    /// Laws 6 and 7: claimed <= total <= credited, and no account's sum falls.
    function _pools(uint256 t) private {
        uint256 owed = 0;
        for (uint256 o = 0; o < 2; ++o) {
            bytes32 id = _poolIds[t][o];
            IRewardPool.Pool memory state = _pool.pool(id);
            atMost(state.claimedWei, state.totalWei, "a pool pays what its drop gives");
            atMost(state.totalWei, state.creditedWei, "a drop gives what was collected");
            equal(state.creditedWei, _actors.gainsOf(_operators[o], _tokens[t]).collected, "credited is what was collected");
            isTrue((state.silentAt == 0) == (state.totalWei == state.creditedWei), "the clock runs while credit waits");
            owed += state.creditedWei - state.claimedWei;
            uint256 got = 0;
            for (uint256 e = 0; e < 4; ++e) {
                uint256 now_ = _pool.claimedOf(id, _earners[e]);
                bytes32 key = keccak256(abi.encode(id, e));
                atMost(_got[key], now_, "an account's sum never falls");
                if (_got[key] != now_) _got[key] = now_;
                got += now_;
            }
            equal(got, state.claimedWei, "what a pool paid is what accounts got");
        }
        equal(_held(_tokens[t], address(_pool)), owed, "the pool holds what it owes");
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

    function _held(address token, address account) private view returns (uint256) {
        return token == address(0) ? account.balance : IERC20(token).balanceOf(account);
    }
}
