// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {ChannelEscrow} from "../../../protocol/contracts/ChannelEscrow.sol";
import {IChannelEscrow} from "../../../protocol/contracts/interfaces/IChannelEscrow.sol";
import {World} from "./World.sol";

/// @notice Laws of vouchers that hold for any of them, one example at a time.
contract VouchersTest is World {
    uint256 private constant ROWS = 4;

    /// Kept in storage: a compiler may read the chain's id again where a variable of it is used.
    uint256 private _here;

    struct State {
        uint256 claimed;
        uint256 royalty;
        uint256 credit;
        uint256 pooled;
    }

    function setUp() public {
        _build();
        vm.deal(address(this), 1 << 90);
    }

    /// Law 9: no signature is valid under another id, chain or contract.
    function testFuzz_aVoucherIsForOneChannelOfOneEscrowOnOneChain(uint256 salt, uint256 cumulative, uint256 chain)
        public
    {
        cumulative = bound(cumulative, 1, 1e6);
        chain = bound(chain, 1, type(uint64).max);
        IChannelEscrow.Terms memory terms = _terms(salt);
        IChannelEscrow.Terms memory other = _terms(uint256(keccak256(abi.encode(salt))));
        ChannelEscrow twin = new ChannelEscrow(registry, DROP_DELAY_S, VAULT_DELAY_S);
        escrow.fund{value: 1e6}(terms, 1e6);
        escrow.fund{value: 1e6}(other, 1e6);
        twin.fund{value: 1e6}(terms, 1e6);
        IChannelEscrow.Voucher memory voucher =
            _voucher(escrow.DOMAIN_SEPARATOR(), escrow.channelId(terms), payerKeys[0], cumulative, 0, 1);

        _claimAlone(escrow, other, voucher);
        _claimAlone(twin, terms, voucher);
        equal(_stateOf(escrow, other).claimed + _stateOf(twin, terms).claimed, 0, "claimed elsewhere");

        // The id holds the chain's id as well: after a fork the channel itself is another one.
        _here = block.chainid;
        bytes32 id = escrow.channelId(terms);
        if (chain != _here) {
            vm.chainId(chain);
            isTrue(escrow.channelId(terms) != id, "one channel on two chains");
            _claimAlone(escrow, terms, voucher);
            vm.chainId(_here);
            equal(_stateOf(escrow, terms).claimed, 0, "claimed on another chain");
        }
        _claimAlone(escrow, terms, voucher);
        equal(_stateOf(escrow, terms).claimed, cumulative, "claimed where it belongs");
    }

    /// Law 10: vouchers within the deposit whose totals do not fall come to the same state in any order,
    /// split and grouping.
    function testFuzz_orderAndSplitOfABatchDoNotMatter(uint256 salt, uint256 steps, uint256 order, uint256 split)
        public
    {
        IChannelEscrow.Terms memory terms = _terms(salt);
        escrow.fund{value: 1e6}(terms, 1e6);
        ChannelEscrow twin = new ChannelEscrow(registry, DROP_DELAY_S, VAULT_DELAY_S);
        twin.fund{value: 1e6}(terms, 1e6);
        IChannelEscrow.Voucher[] memory straight = _vouchers(escrow, terms, steps);
        IChannelEscrow.Voucher[] memory turned = _vouchers(twin, terms, steps);
        for (uint256 i = ROWS - 1; i > 0; --i) {
            uint256 j = (order >> (8 * i)) % (i + 1);
            (turned[i], turned[j]) = (turned[j], turned[i]);
        }
        escrow.claim(_rows(terms, straight, 0, ROWS));
        uint256 cut = split % (ROWS + 1);
        twin.claim(_rows(terms, turned, 0, cut));
        twin.claimGroups(_group(terms, turned, cut, ROWS));
        _same(_stateOf(escrow, terms), _stateOf(twin, terms), "order or split changed the state");
    }

    /// Law 11: whatever stands in one row, the others come to the same.
    function testFuzz_aBadRowChangesNothingElse(uint256 salt, uint256 steps, uint256 place, bytes32 r, bytes32 vs)
        public
    {
        IChannelEscrow.Terms memory terms = _terms(salt);
        escrow.fund{value: 1e6}(terms, 1e6);
        ChannelEscrow twin = new ChannelEscrow(registry, DROP_DELAY_S, VAULT_DELAY_S);
        twin.fund{value: 1e6}(terms, 1e6);
        escrow.claim(_rows(terms, _vouchers(escrow, terms, steps), 0, ROWS));

        IChannelEscrow.Voucher[] memory vouchers = _vouchers(twin, terms, steps);
        IChannelEscrow.Voucher[] memory poisoned = new IChannelEscrow.Voucher[](ROWS + 1);
        uint256 bad = place % (ROWS + 1);
        for (uint256 i = 0; i <= ROWS; ++i) {
            if (i != bad) poisoned[i] = vouchers[i < bad ? i : i - 1];
        }
        poisoned[bad] = IChannelEscrow.Voucher(type(uint128).max, uint128(steps), 1, r, r, vs);
        twin.claimGroups(_group(terms, poisoned, 0, ROWS + 1));
        _same(_stateOf(escrow, terms), _stateOf(twin, terms), "a bad row changed the state");
    }

    /// What a withdrawal and two vouchers come to does not depend on which comes first, but for what the
    /// withdrawal may leave: the payer gets no more than was not claimed, the operator no less than was
    /// claimed in time.
    function testFuzz_claimsAndWithdrawalsShareTheDeposit(uint256 low, uint256 high, uint256 back, uint256 order) public {
        IChannelEscrow.Terms memory terms = _terms(1);
        terms.payer = address(this);
        terms.signer = vm.addr(payerKeys[0]);
        low = bound(low, 1, 1e6);
        high = bound(high, low, 2e6);
        back = bound(back, 1, 1e6);
        escrow.fund{value: 1e6}(terms, 1e6);
        escrow.startWithdraw(terms, back);
        vm.warp(block.timestamp + terms.withdrawDelayS);
        uint256 before = address(this).balance;
        uint256 turn = [0x012, 0x021, 0x102, 0x120, 0x201, 0x210][order % 6];
        for (uint256 i = 0; i < 3; ++i) {
            _step(turn >> (4 * i) & 15, terms, low, high);
        }
        (uint256 deposit, uint256 claimed,,) = escrow.channel(escrow.channelId(terms));
        uint256 refund = address(this).balance - before;
        equal(deposit + refund, 1e6, "deposit and refund");
        atMost(claimed, deposit, "claimed <= deposit");
        atMost(refund, back, "no more than was asked for");
        uint256 cap = 1e6 - refund;
        equal(claimed, high < cap ? high : cap, "the highest voucher up to what is left");
    }

    receive() external payable {}

    function _step(uint256 step, IChannelEscrow.Terms memory terms, uint256 low, uint256 high) private {
        if (step == 2) {
            escrow.finishWithdraw(terms);
            return;
        }
        bytes32 id = escrow.channelId(terms);
        uint256 total = step == 0 ? low : high;
        _claimAlone(escrow, terms, _voucher(escrow.DOMAIN_SEPARATOR(), id, payerKeys[0], total, 0, step));
    }

    function _terms(uint256 salt) private view returns (IChannelEscrow.Terms memory terms) {
        terms.payer = vm.addr(payerKeys[0]);
        terms.signer = terms.payer;
        terms.operator = vm.addr(operatorKeys[0]);
        terms.receiptSigner = terms.operator;
        terms.auditor = auditor;
        terms.token = COINS;
        terms.withdrawDelayS = 400;
        terms.salt = bytes32(salt);
    }

    /// Totals that grow in both their parts, within the deposit.
    function _vouchers(ChannelEscrow where, IChannelEscrow.Terms memory terms, uint256 steps)
        private
        view
        returns (IChannelEscrow.Voucher[] memory vouchers)
    {
        vouchers = new IChannelEscrow.Voucher[](ROWS);
        (bytes32 separator, bytes32 id) = (where.DOMAIN_SEPARATOR(), where.channelId(terms));
        uint256 own = 0;
        uint256 royalty = 0;
        for (uint256 i = 0; i < ROWS; ++i) {
            own += (steps >> (16 * i)) % 1e5;
            royalty += (steps >> (16 * i + 64)) % 1e5;
            vouchers[i] = _voucher(separator, id, payerKeys[0], own + royalty, royalty, i + 1);
        }
    }

    function _rows(
        IChannelEscrow.Terms memory terms,
        IChannelEscrow.Voucher[] memory vouchers,
        uint256 from,
        uint256 to
    ) private pure returns (IChannelEscrow.ClaimRow[] memory rows) {
        rows = new IChannelEscrow.ClaimRow[](to - from);
        for (uint256 i = from; i < to; ++i) {
            rows[i - from] = IChannelEscrow.ClaimRow(terms, vouchers[i]);
        }
    }

    function _group(
        IChannelEscrow.Terms memory terms,
        IChannelEscrow.Voucher[] memory vouchers,
        uint256 from,
        uint256 to
    ) private pure returns (IChannelEscrow.ClaimGroup[] memory groups) {
        groups = new IChannelEscrow.ClaimGroup[](1);
        groups[0] = IChannelEscrow.ClaimGroup(
            terms.operator,
            terms.receiptSigner,
            terms.auditor,
            terms.token,
            terms.withdrawDelayS,
            new IChannelEscrow.GroupRow[](to - from)
        );
        for (uint256 i = from; i < to; ++i) {
            groups[0].rows[i - from] = IChannelEscrow.GroupRow(terms.payer, terms.signer, terms.salt, vouchers[i]);
        }
    }

    function _claimAlone(ChannelEscrow where, IChannelEscrow.Terms memory terms, IChannelEscrow.Voucher memory voucher)
        private
    {
        IChannelEscrow.ClaimRow[] memory rows = new IChannelEscrow.ClaimRow[](1);
        rows[0] = IChannelEscrow.ClaimRow(terms, voucher);
        where.claim(rows);
    }

    function _stateOf(ChannelEscrow where, IChannelEscrow.Terms memory terms) private view returns (State memory state) {
        (, state.claimed, state.royalty,) = where.channel(where.channelId(terms));
        state.credit = where.creditOf(terms.operator, terms.token);
        state.pooled = where.royaltyOf(terms.operator, terms.auditor, terms.token);
    }

    function _same(State memory a, State memory b, string memory law) private pure {
        equal(a.claimed, b.claimed, law);
        equal(a.royalty, b.royalty, law);
        equal(a.credit, b.credit, law);
        equal(a.pooled, b.pooled, law);
    }
}
