// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IProviderBond} from "../../../protocol/contracts/interfaces/IProviderBond.sol";
import {IRewardPool} from "../../../protocol/contracts/interfaces/IRewardPool.sol";
import {ChannelActors} from "./ChannelActors.sol";
import {SumTree} from "./SumTree.sol";

/// @notice All that anyone does to pools and bonds: drops that are honest, shrink, leave out, stand out of
/// order or add up to something else; vetoes, refutations, claims by old and new drops.
abstract contract RewardActors is ChannelActors {
    using SumTree for SumTree.Tree;

    enum Cheat {
        None,
        Shrinks,
        LeavesOut,
        Unordered,
        OtherTotal
    }

    address[4] public earners;
    SumTree.Tree[] private _trees;
    Cheat[] private _cheats;
    mapping(bytes32 root => uint256) private _treeOf;
    /// Two pools may have one root, a cheat in one of them only.
    mapping(bytes32 id => mapping(uint256 seq => uint256)) private _postedAs;
    mapping(address token => uint256) public staked;

    function _openPools() internal {
        for (uint160 i = 0; i < 4; ++i) {
            earners[i] = address(0xE0000 + i * 0x1000);
        }
    }

    function collect(uint256 seed) external {
        (address operator, address token) = _poolOf(seed);
        try pool.collect(operator, auditor, token) returns (uint256 amount) {
            gains[operator][token].collected += amount;
            moneyOut[token] += amount;
            done["collect"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function post(uint256 seed, uint256 shares, uint256 cheat) external {
        (address operator, address token) = _poolOf(seed);
        IRewardPool.Pool memory state = pool.pool(pool.poolId(operator, auditor, token));
        if (state.creditedWei == 0) return;
        (SumTree.Tree memory tree, Cheat kind) = _next(state, shares, Cheat(cheat % 12 > 4 ? 0 : cheat % 12));
        if (tree.accounts.length == 0) return;
        (bytes32 root, uint256 total) = tree.root();
        if (kind == Cheat.OtherTotal) total = state.creditedWei;
        if (cheat % 16 == 15) total = state.creditedWei + 1;
        uint64 seq = state.dropSeq + 1;
        if (state.silentAt != 0 && block.timestamp >= state.silentAt && seed % 2 == 0) {
            bytes32 structHash = keccak256(
                abi.encode(pool.DROP_POST_TYPEHASH(), pool.poolId(operator, auditor, token), seq, root, total, bytes32(0))
            );
            IRewardPool.PoolKey memory key = IRewardPool.PoolKey(operator, auditor, token);
            try pool.postDropForSilent(key, root, total, 0, _approvals(typed(_poolSeparator(), structHash), 2)) {
                _keep(tree, root, kind, operator, token);
                done["post for silent"]++;
            } catch (bytes memory reason) {
                _refused(reason);
            }
            return;
        }
        vm.prank(operator);
        try pool.postDrop(auditor, token, root, total, 0) {
            isTrue(state.pendingReadyAt == 0, "a pending drop was replaced");
            isTrue(total <= state.creditedWei && total >= state.totalWei, "a drop beyond its bounds");
            _keep(tree, root, kind, operator, token);
            done["post"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function veto(uint256 seed, uint256 count) external {
        (address operator, address token) = _poolOf(seed);
        bytes32 id = pool.poolId(operator, auditor, token);
        IRewardPool.Pool memory state = pool.pool(id);
        bytes32 structHash = keccak256(
            abi.encode(pool.DROP_VETO_TYPEHASH(), id, state.dropSeq, state.pendingRoot)
        );
        count = bound(count, 0, 2);
        try pool.vetoDrop(operator, auditor, token, _approvals(typed(_poolSeparator(), structHash), count)) {
            isTrue(count == 2 && state.pendingReadyAt != 0, "a veto without its quorum, or of nothing");
            done["veto"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    /// Whoever looks at both drops refutes those that cheat, and cannot refute those that do not.
    function refute(uint256 seed, uint256 pick) external {
        (address operator, address token) = _poolOf(seed);
        bytes32 id = pool.poolId(operator, auditor, token);
        IRewardPool.Pool memory state = pool.pool(id);
        if (state.pendingReadyAt == 0) return;
        uint256 index = _postedAs[id][state.dropSeq] - 1;
        bool isRefuted = _tryRefute(IRewardPool.PoolKey(operator, auditor, token), state, index, pick);
        bool isWrong = _cheats[index] != Cheat.None;
        isTrue(isRefuted == isWrong, isWrong ? "a cheating drop stood" : "an honest drop fell");
        if (isRefuted) done["refute"]++;
    }

    function claimShares(uint256 seed, uint256 pick, bool isAlone) external {
        if (_trees.length == 0) return;
        (address operator, address token) = _poolOf(seed);
        IRewardPool.PoolKey memory key = IRewardPool.PoolKey(operator, auditor, token);
        IRewardPool.Pool memory state = pool.pool(pool.poolId(operator, auditor, token));
        uint256 index = _treeOf[state.root];
        // Mostly the final drop's leaves, sometimes those of any other.
        index = pick % 8 == 0 || index == 0 ? pick % _trees.length : index - 1;
        SumTree.Tree memory tree = _trees[index];
        if (isAlone) {
            for (uint256 i = 0; i < tree.accounts.length; ++i) {
                try pool.claim(key, tree.leaf((i + (pick >> 8) % 4) % tree.accounts.length)) {
                    done["claim share"]++;
                } catch (bytes memory reason) {
                    _refused(reason);
                }
            }
            return;
        }
        IRewardPool.PoolClaims[] memory claims = new IRewardPool.PoolClaims[](1);
        claims[0] = IRewardPool.PoolClaims(key, new bytes[](tree.accounts.length + 1));
        for (uint256 i = 0; i < tree.accounts.length; ++i) {
            claims[0].leaves[i] = tree.leaf(i);
        }
        // One row that nobody can be paid by.
        claims[0].leaves[tree.accounts.length] = abi.encodePacked(STRANGER, uint128(1));
        pool.claimMany(claims);
        done["claim shares"]++;
    }

    function stake(uint256 seed, uint256 amount) external {
        address operator = vm.addr(operatorKeys[seed % 2]);
        address owner = (seed >> 16) % 2 == 0 ? operator : STRANGER;
        vm.deal(owner, 1 << 90);
        amount = bound(amount, 0, 1e6);
        vm.prank(owner);
        try bond.stake{value: amount}(operator, COINS, amount) {
            staked[COINS] += amount;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function unstake(uint256 seed, uint256 amount, bool isStart) external {
        address operator = vm.addr(operatorKeys[seed % 2]);
        address owner = (seed >> 16) % 2 == 0 ? operator : STRANGER;
        if (isStart) {
            vm.prank(owner);
            try bond.startWithdraw(operator, COINS, bound(amount, 0, 2e6)) {} catch (bytes memory reason) {
                _refused(reason);
            }
            return;
        }
        (uint256 before,,) = bond.bondOf(owner, operator, COINS);
        try bond.finishWithdraw(owner, operator, COINS) returns (uint256 paid) {
            atMost(paid, before, "a bond paid more than its stake");
            staked[COINS] -= paid;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    /// Only what the signer itself signed twice takes a bond, and only its own.
    function slash(uint256 seed, uint256 cheat) external {
        uint256 key = operatorKeys[seed % 2];
        address operator = vm.addr(key);
        address owner = (seed >> 16) % 2 == 0 ? operator : STRANGER;
        IProviderBond.Equivocation memory proof;
        proof.channelId = cheat % 4 == 0 ? bytes32(0) : bytes32(seed % 4);
        proof.seq = uint64(cheat);
        proof.leafA = bytes32(uint256(1));
        proof.leafB = cheat % 4 == 1 ? proof.leafA : bytes32(uint256(2));
        uint256 signer = cheat % 4 == 2 ? operatorKeys[1 - seed % 2] : key;
        (proof.rA, proof.vsA) = compact(signer, _receipt(proof.channelId, proof.seq, proof.leafA));
        (proof.rB, proof.vsB) = compact(key, _receipt(proof.channelId, proof.seq, proof.leafB));
        // The campaign would be without bonds soon if every pair of receipts convicted somebody.
        if (cheat % 4 == 3 && cheat % 64 > 3) return;
        (uint256 stakeBefore,,) = bond.bondOf(owner, operator, COINS);
        try bond.slash(owner, operator, COINS, address(0x4E90), proof) returns (uint256 reward) {
            isTrue(cheat % 4 == 3 && proof.channelId != bytes32(0), "slashed without an equivocation");
            equal(reward, stakeBefore / 10, "a reporter gets a tenth");
            staked[COINS] -= stakeBefore;
            done["slash"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function _receipt(bytes32 channelId, uint64 seq, bytes32 leaf) private view returns (bytes32) {
        return typed(escrow.DOMAIN_SEPARATOR(), keccak256(abi.encode(bond.RECEIPT_TYPEHASH(), channelId, seq, leaf)));
    }

    function _keep(SumTree.Tree memory tree, bytes32 root, Cheat kind, address operator, address token) private {
        _trees.push(tree);
        _cheats.push(kind);
        _treeOf[root] = _trees.length;
        bytes32 id = pool.poolId(operator, auditor, token);
        _postedAs[id][pool.pool(id).dropSeq] = _trees.length;
    }

    /// A drop after the final one, and how it really cheats: not every wish comes true.
    function _next(IRewardPool.Pool memory state, uint256 shares, Cheat wish)
        private
        view
        returns (SumTree.Tree memory tree, Cheat kind)
    {
        uint256[4] memory amounts;
        uint256 index = _treeOf[state.root];
        uint256 left = state.creditedWei;
        if (index != 0) {
            SumTree.Tree storage last = _trees[index - 1];
            for (uint256 i = 0; i < last.accounts.length; ++i) {
                for (uint256 j = 0; j < 4; ++j) {
                    if (last.accounts[i] == earners[j]) amounts[j] = last.amounts[i];
                }
            }
            for (uint256 j = 0; j < 4; ++j) {
                if (amounts[j] > left) return (tree, kind);
                left -= amounts[j];
            }
        }
        // An assignment between arrays in memory would be another name, not a copy.
        uint256[4] memory before;
        for (uint256 j = 0; j < 4; ++j) {
            before[j] = amounts[j];
        }
        for (uint256 j = 0; j < 4 && left > 0; ++j) {
            uint256 more = (shares >> (8 * j)) % (left + 1);
            // An account that has nothing yet may stay out.
            if (more == 0) continue;
            amounts[j] += more;
            left -= more;
        }
        uint256 victim = shares % 4;
        if (wish == Cheat.Shrinks && before[victim] > 1) {
            amounts[(victim + 1) % 4] += before[victim] - 1;
            amounts[victim] = 1;
            kind = wish;
        }
        if (wish == Cheat.LeavesOut && before[victim] > 0) {
            amounts[(victim + 1) % 4] += amounts[victim];
            amounts[victim] = 0;
            kind = wish;
        }
        tree = _treeFrom(amounts, wish == Cheat.OtherTotal ? 0 : left);
        uint256 size = tree.accounts.length;
        if (wish == Cheat.Unordered && size > 1) {
            uint256 place = shares % (size - 1);
            (tree.accounts[place], tree.accounts[place + 1]) = (tree.accounts[place + 1], tree.accounts[place]);
            (tree.amounts[place], tree.amounts[place + 1]) = (tree.amounts[place + 1], tree.amounts[place]);
            kind = wish;
        }
        if (wish == Cheat.OtherTotal && left > 0 && size > 0) kind = wish;
        // A total is at least the final one, or the drop does not come to be.
    }

    /// Ascending, without zeros, with what is left in the unassigned leaf.
    function _treeFrom(uint256[4] memory amounts, uint256 left) private view returns (SumTree.Tree memory tree) {
        uint256 size = left > 0 ? 1 : 0;
        for (uint256 j = 0; j < 4; ++j) {
            if (amounts[j] > 0) ++size;
        }
        tree = SumTree.Tree(new address[](size), new uint256[](size));
        uint256 next = 0;
        if (left > 0) tree.amounts[next++] = left;
        for (uint256 j = 0; j < 4; ++j) {
            if (amounts[j] == 0) continue;
            tree.accounts[next] = earners[j];
            tree.amounts[next++] = amounts[j];
        }
    }

    function _tryRefute(
        IRewardPool.PoolKey memory key,
        IRewardPool.Pool memory state,
        uint256 index,
        uint256 pick
    ) private returns (bool) {
        SumTree.Tree memory pending = _trees[index];
        uint256 size = pending.accounts.length;
        try pool.refuteTotal(key, pending.leaf(pick % size)) {
            return true;
        } catch (bytes memory reason) {
            _refused(reason);
        }
        for (uint256 i = 1; i < size; ++i) {
            try pool.refuteUnordered(key, pending.gap(i)) {
                return true;
            } catch (bytes memory reason) {
                _refused(reason);
            }
        }
        if (_treeOf[state.root] == 0) return false;
        SumTree.Tree memory last = _trees[_treeOf[state.root] - 1];
        for (uint256 i = 0; i < last.accounts.length; ++i) {
            bytes memory before = last.leaf(i);
            for (uint256 j = 0; j < size; ++j) {
                try pool.refuteShrunk(key, before, pending.leaf(j)) {
                    return true;
                } catch (bytes memory reason) {
                    _refused(reason);
                }
            }
            for (uint256 j = 0; j <= size; ++j) {
                try pool.refuteAbsent(key, before, pending.gap(j)) {
                    return true;
                } catch (bytes memory reason) {
                    _refused(reason);
                }
            }
        }
        return false;
    }
}
