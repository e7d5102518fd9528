// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IChannelEscrow} from "../../../protocol/contracts/interfaces/IChannelEscrow.sol";
import {FundingActors} from "./FundingActors.sol";

/// @notice All that anyone does with what channels hold, honest or not: vouchers, claims, withdrawals and
/// closings, pulls, and a token that changes its mind. Keeps its own books to compare the contract's with.
abstract contract ChannelActors is FundingActors {
    struct Kept {
        IChannelEscrow.Terms terms;
        IChannelEscrow.Voucher voucher;
        bool isSigned;
    }

    /// What claims brought an operator and its pool, and what was paid of it.
    struct Gains {
        uint256 earned;
        uint256 pulled;
        uint256 royalties;
        uint256 collected;
    }

    Kept[] internal kept;

    mapping(address operator => mapping(address token => Gains)) internal gains;

    function gainsOf(address operator, address token) external view returns (Gains memory) {
        return gains[operator][token];
    }

    /// Signs a voucher, honestly or not, and keeps it for whoever claims.
    function spend(uint256 seed, uint256 cumulative, uint256 royalty, uint256 cheat) external {
        IChannelEscrow.Terms memory terms = _terms(seed);
        cumulative = cheat % 32 == 9 ? type(uint128).max : bound(cumulative, 0, 3e6);
        royalty = bound(royalty, 0, 3e6);
        bool isSigned = cheat % 8 > 1;
        bytes32 id = escrow.channelId(cheat % 8 == 1 ? _terms(seed ^ (1 << 24)) : terms);
        uint256 key = cheat % 8 == 0 ? 0xBAD : _signerKey(terms);
        Kept memory row = Kept(terms, _voucher(escrow.DOMAIN_SEPARATOR(), id, key, cumulative, royalty, cheat), isSigned);
        if (kept.length < 32) kept.push(row);
        else kept[seed % 32] = row;
    }

    /// Claims some of the kept vouchers, and holds the result to its own sum.
    function claim(uint256 picks, uint256 count, bool isGrouped) external {
        if (kept.length == 0) return;
        count = bound(count, 1, 6);
        IChannelEscrow.ClaimRow[] memory rows = new IChannelEscrow.ClaimRow[](count);
        for (uint256 i = 0; i < count; ++i) {
            Kept storage row = kept[(picks >> (8 * i)) % kept.length];
            rows[i] = IChannelEscrow.ClaimRow(row.terms, row.voucher);
            _expect(row);
        }
        if (isGrouped) escrow.claimGroups(_groups(rows));
        else escrow.claim(rows);
        for (uint256 i = 0; i < count; ++i) {
            bytes32 id = escrow.channelId(rows[i].terms);
            (, uint256 claimed, uint256 royalty,) = escrow.channel(id);
            equal(claimed, seen[id].claimed, "a batch claims what its rows claim");
            equal(royalty, seen[id].royalty, "a batch captures what its rows capture");
        }
    }

    function close(uint256 pick, uint256 cheat) external {
        if (kept.length == 0) return;
        Kept storage row = kept[pick % kept.length];
        bytes32 id = escrow.channelId(row.terms);
        (uint256 deposit, uint256 claimed,,) = escrow.channel(id);
        uint256 key = cheat % 4 == 0 ? _payerKey(row.terms.payer) : _operatorKey(row.terms.operator);
        uint64 deadline = uint64(cheat % 8 == 1 ? block.timestamp - 1 : block.timestamp);
        (bytes32 r, bytes32 vs) = _close(id, key, row.voucher, deadline);
        try escrow.close(IChannelEscrow.ClaimRow(row.terms, row.voucher), deadline, r, vs) returns (uint256 refund) {
            isTrue(cheat % 4 != 0 && cheat % 8 != 1, "closed without the receipt signer, or too late");
            isTrue(row.isSigned || row.voucher.cumulativeWei <= claimed || claimed == deposit, "closed by a forged voucher");
            if (row.voucher.cumulativeWei > claimed) _expect(row);
            Seen storage state = seen[id];
            state.closed = true;
            state.refunded += refund;
            moneyOut[row.terms.token] += refund;
            done["close"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function startWithdraw(uint256 seed, uint256 amount, uint256 cheat) external {
        IChannelEscrow.Terms memory terms = _terms(seed);
        vm.prank(cheat % 8 == 0 ? STRANGER : terms.payer);
        try escrow.startWithdraw(terms, bound(amount, 0, 2e6)) {
            isTrue(cheat % 8 != 0, "a stranger started a withdrawal");
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function cancelWithdraw(uint256 seed) external {
        IChannelEscrow.Terms memory terms = _terms(seed);
        vm.prank(terms.payer);
        try escrow.cancelWithdraw(terms) {} catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function finishWithdraw(uint256 seed) external {
        IChannelEscrow.Terms memory terms = _terms(seed);
        bytes32 id = escrow.channelId(terms);
        (, uint64 readyAt) = escrow.withdrawal(id);
        try escrow.finishWithdraw(terms) returns (uint256 paid) {
            isTrue(block.timestamp >= readyAt && readyAt != 0, "a withdrawal finished early");
            seen[id].refunded += paid;
            moneyOut[terms.token] += paid;
            done["withdraw"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function pull(uint256 seed) external {
        (address operator, address token) = _poolOf(seed);
        try escrow.pull(operator, token) returns (uint256 paid) {
            gains[operator][token].pulled += paid;
            moneyOut[token] += paid;
            done["pull"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 2 * DROP_DELAY_S));
    }

    /// The hostile token changes its mind: a fee, frozen accounts, calls into the contracts as it moves.
    function turn(uint256 mood, uint256 seed) external {
        hostile.setFee(mood % 4 == 0 ? 1 : 0);
        hostile.setFrozen(vm.addr(operatorKeys[0]), mood % 8 == 1);
        hostile.setFrozen(vm.addr(payerKeys[0]), mood % 8 == 2);
        hostile.setLying(mood % 8 == 3);
        IChannelEscrow.Terms memory terms = _terms(seed);
        terms.token = address(hostile);
        bytes memory data = mood % 3 == 0
            ? abi.encodeCall(escrow.pull, (terms.operator, terms.token))
            : mood % 3 == 1
                ? abi.encodeCall(escrow.finishWithdraw, (terms))
                : abi.encodeCall(escrow.vaultFinishWithdraw, (terms.payer, terms.token));
        hostile.arm(address(escrow), data);
        address operator = vm.addr(operatorKeys[(seed >> 9) % 2]);
        try escrow.pull(operator, address(hostile)) returns (uint256 paid) {
            gains[operator][address(hostile)].pulled += paid;
            moneyOut[address(hostile)] += paid;
        } catch (bytes memory reason) {
            _refused(reason);
        }
        isTrue(!hostile.reached(), "a token got back in while it moved");
        hostile.arm(address(0), "");
    }

    function _operatorKey(address operator) internal view returns (uint256) {
        return vm.addr(operatorKeys[0]) == operator ? operatorKeys[0] : operatorKeys[1];
    }

    function _signerKey(IChannelEscrow.Terms memory terms) private view returns (uint256) {
        return terms.salt == bytes32(0) ? _payerKey(terms.payer) : SESSION_KEY;
    }

    /// The claim of one voucher by the page: specs/07 §Claim.
    function _expect(Kept storage row) private {
        bytes32 id = escrow.channelId(row.terms);
        Seen storage state = seen[id];
        uint256 deposit = state.funded - state.refunded;
        if (state.closed || !row.isSigned || row.voucher.cumulativeWei <= state.claimed) return;
        uint256 claimed = row.voucher.cumulativeWei < deposit ? row.voucher.cumulativeWei : deposit;
        uint256 delta = claimed - state.claimed;
        uint256 royalty = row.voucher.royaltyWei > state.royalty ? row.voucher.royaltyWei - state.royalty : 0;
        if (royalty > delta) royalty = delta;
        state.claimed = claimed;
        state.royalty += royalty;
        Gains storage gain = gains[row.terms.operator][row.terms.token];
        gain.earned += delta - royalty;
        gain.royalties += royalty;
        if (delta > 0) done["claim"]++;
    }

    /// Rows of one group side by side go into one; no order is changed.
    function _groups(IChannelEscrow.ClaimRow[] memory rows)
        private
        pure
        returns (IChannelEscrow.ClaimGroup[] memory groups)
    {
        groups = new IChannelEscrow.ClaimGroup[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            IChannelEscrow.Terms memory terms = rows[i].terms;
            groups[i] = IChannelEscrow.ClaimGroup(
                terms.operator,
                terms.receiptSigner,
                terms.auditor,
                terms.token,
                terms.withdrawDelayS,
                new IChannelEscrow.GroupRow[](1)
            );
            groups[i].rows[0] = IChannelEscrow.GroupRow(terms.payer, terms.signer, terms.salt, rows[i].voucher);
            if (i == 0 || groups[i - 1].rows.length != 1) continue;
            IChannelEscrow.Terms memory last = rows[i - 1].terms;
            if (last.operator != terms.operator || last.token != terms.token) continue;
            IChannelEscrow.GroupRow[] memory two = new IChannelEscrow.GroupRow[](2);
            (two[0], two[1]) = (groups[i - 1].rows[0], groups[i].rows[0]);
            groups[i - 1].rows = new IChannelEscrow.GroupRow[](0);
            groups[i].rows = two;
        }
    }
}
