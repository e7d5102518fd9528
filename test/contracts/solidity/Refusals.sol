// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IChannelEscrow} from "../../../protocol/contracts/interfaces/IChannelEscrow.sol";
import {IRewardPool} from "../../../protocol/contracts/interfaces/IRewardPool.sol";
import {SumTree} from "./SumTree.sol";
import {World} from "./World.sol";

/// @notice What the tests of refusals share: one payer with money in every token, one operator, one pool.
abstract contract Refusals is World {
    using SumTree for SumTree.Tree;

    address internal payer;
    address internal operator;
    address internal constant STRANGER = address(0x57A6);
    uint256 internal constant DEPOSIT = 1_000;

    function setUp() public virtual {
        _build();
        payer = vm.addr(payerKeys[0]);
        operator = vm.addr(operatorKeys[0]);
        vm.deal(payer, 1 << 100);
        vm.deal(address(this), 1 << 110);
        honest.drip(payer);
        authorized.mint(payer, 1 << 120);
        hostile.mint(payer, 1 << 120);
        _approve(address(honest));
        _approve(address(hostile));
    }

    receive() external payable {}

    function _approve(address token) private {
        vm.prank(payer);
        IERC20(token).approve(address(escrow), type(uint256).max);
        vm.prank(payer);
        IERC20(token).approve(address(bond), type(uint256).max);
        vm.prank(payer);
        IERC20(token).approve(address(bounties), type(uint256).max);
    }

    function _terms(address token) internal view returns (IChannelEscrow.Terms memory terms) {
        terms.payer = payer;
        terms.signer = payer;
        terms.operator = operator;
        terms.receiptSigner = operator;
        terms.auditor = auditor;
        terms.token = token;
        terms.withdrawDelayS = 400;
    }

    /// A channel with DEPOSIT in it, and its id.
    function _opened(address token) internal returns (IChannelEscrow.Terms memory terms, bytes32 id) {
        terms = _terms(token);
        vm.prank(payer);
        id = escrow.fund{value: token == COINS ? DEPOSIT : 0}(terms, DEPOSIT);
    }

    function _row(IChannelEscrow.Terms memory terms, uint256 cumulative, uint256 royalty)
        internal
        view
        returns (IChannelEscrow.ClaimRow memory)
    {
        bytes32 id = escrow.channelId(terms);
        return IChannelEscrow.ClaimRow(
            terms, _voucher(escrow.DOMAIN_SEPARATOR(), id, payerKeys[0], cumulative, royalty, 1)
        );
    }

    function _claimOne(IChannelEscrow.ClaimRow memory row) internal {
        IChannelEscrow.ClaimRow[] memory rows = new IChannelEscrow.ClaimRow[](1);
        rows[0] = row;
        escrow.claim(rows);
    }

    function _key(address token) internal view returns (IRewardPool.PoolKey memory) {
        return IRewardPool.PoolKey(operator, auditor, token);
    }

    /// A pool that collected `wei_` of royalty.
    function _collected(address token, uint256 wei_) internal {
        (IChannelEscrow.Terms memory terms,) = _opened(token);
        _claimOne(_row(terms, wei_, wei_));
        pool.collect(operator, auditor, token);
    }

    function _post(address token, SumTree.Tree memory tree) internal returns (bytes32 root, uint256 total) {
        (root, total) = tree.root();
        vm.prank(operator);
        pool.postDrop(auditor, token, root, total, 0);
    }

    /// Posted, and past its delay.
    function _final(address token, SumTree.Tree memory tree) internal {
        _post(token, tree);
        vm.warp(block.timestamp + DROP_DELAY_S);
    }

    /// Accounts 0xE1, 0xE2, … with these amounts; none for a zero.
    function _tree(uint256 a, uint256 b, uint256 c) internal pure returns (SumTree.Tree memory tree) {
        uint256[3] memory amounts = [a, b, c];
        uint256 size = 0;
        for (uint256 i = 0; i < 3; ++i) {
            if (amounts[i] > 0) ++size;
        }
        tree = SumTree.Tree(new address[](size), new uint256[](size));
        uint256 place = 0;
        for (uint160 i = 0; i < 3; ++i) {
            if (amounts[i] == 0) continue;
            (tree.accounts[place], tree.amounts[place]) = (address(0xE1 + i), amounts[i]);
            ++place;
        }
    }
}
