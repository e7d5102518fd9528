// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IProviderBond} from "../../../protocol/contracts/interfaces/IProviderBond.sol";
import {Refusals} from "./Refusals.sol";

/// @notice Stakes that are not taken, not given back, and not slashed.
contract RefusedBondsTest is Refusals {
    address private constant REPORTER = address(0x4E90);

    function test_nothingOnNobodyAndNoMoreThan104BitsIsStaked() public {
        vm.expectPartialRevert(IProviderBond.BondSignerMissing.selector);
        bond.stake{value: 1}(address(0), COINS, 1);
        vm.expectPartialRevert(IProviderBond.BondAmountZero.selector);
        bond.stake(operator, COINS, 0);
        uint256 most = type(uint104).max;
        vm.expectPartialRevert(IProviderBond.BondTooLarge.selector);
        bond.stake{value: most + 1}(operator, COINS, most + 1);
    }

    function test_whatIsStakedIsWhatArrives() public {
        vm.expectPartialRevert(IProviderBond.BondTransferInexact.selector);
        bond.stake{value: 2}(operator, COINS, 1);
        vm.expectPartialRevert(IProviderBond.BondValueUnexpected.selector);
        bond.stake{value: 1}(operator, address(honest), 1);
        hostile.setFee(1);
        vm.expectPartialRevert(IProviderBond.BondTransferInexact.selector);
        vm.prank(payer);
        bond.stake(operator, address(hostile), 10);
    }

    function test_aStakeComesBackAfterItsDelay() public {
        vm.expectPartialRevert(IProviderBond.BondWithdrawMissing.selector);
        bond.finishWithdraw(address(this), operator, COINS);
        bond.stake{value: 10}(operator, COINS, 10);
        vm.expectPartialRevert(IProviderBond.BondAmountZero.selector);
        bond.startWithdraw(operator, COINS, 0);
        vm.expectPartialRevert(IProviderBond.BondWithdrawTooLarge.selector);
        bond.startWithdraw(operator, COINS, 11);
        bond.startWithdraw(operator, COINS, 4);
        vm.warp(block.timestamp + BOND_DELAY_S - 1);
        vm.expectPartialRevert(IProviderBond.BondWithdrawEarly.selector);
        bond.finishWithdraw(address(this), operator, COINS);
        vm.warp(block.timestamp + 1);
        equal(bond.finishWithdraw(address(this), operator, COINS), 4, "what was asked for");
        (uint256 stake, uint256 withdrawing, uint64 readyAt) = bond.bondOf(address(this), operator, COINS);
        equal(stake + withdrawing + readyAt, 6, "the rest stays");
    }

    function test_anOwnerThatCannotBePaidKeepsItsStake() public {
        vm.prank(payer);
        bond.stake(operator, address(hostile), 10);
        vm.prank(payer);
        bond.startWithdraw(operator, address(hostile), 10);
        vm.warp(block.timestamp + BOND_DELAY_S);
        hostile.freeze(payer);
        vm.expectPartialRevert(IProviderBond.BondPaymentRefused.selector);
        bond.finishWithdraw(payer, operator, address(hostile));
    }

    function test_onlyTwoReceiptsOfTheSignerForOnePlaceTakeABond() public {
        IProviderBond.Equivocation memory proof = _proof(operatorKeys[0], operatorKeys[0]);
        _stands(proof, IProviderBond.BondMissing.selector);
        bond.stake{value: 100}(operator, COINS, 100);
        proof.leafB = proof.leafA;
        _stands(proof, IProviderBond.BondNotEquivocal.selector);
        proof = _proof(operatorKeys[0], operatorKeys[0]);
        proof.channelId = 0;
        _stands(proof, IProviderBond.BondNotEquivocal.selector);
        _stands(_proof(operatorKeys[1], operatorKeys[0]), IProviderBond.BondSignatureInvalid.selector);
        _stands(_proof(operatorKeys[0], operatorKeys[1]), IProviderBond.BondSignatureInvalid.selector);
        proof = _proof(operatorKeys[0], operatorKeys[0]);
        proof.vsB = bytes32(type(uint256).max);
        _stands(proof, IProviderBond.BondSignatureInvalid.selector);
        proof = _proof(operatorKeys[0], operatorKeys[0]);
        equal(bond.slash(address(this), operator, COINS, REPORTER, proof), 10, "a tenth");
        isTrue(bond.isConvicted(operator), "it is known");
        vm.expectPartialRevert(IProviderBond.BondSignerConvicted.selector);
        bond.stake{value: 1}(operator, COINS, 1);
    }

    function test_aReceiptOfAGroupCountsByItsOwnPath() public {
        bond.stake{value: 100}(operator, COINS, 100);
        IProviderBond.Equivocation memory proof = _proof(operatorKeys[0], operatorKeys[0]);
        bytes32 sibling = keccak256("another receipt");
        proof.pathB = new bytes32[](1);
        proof.pathB[0] = sibling;
        // Signed alone, and shown with a path.
        _stands(proof, IProviderBond.BondSignatureInvalid.selector);
        (proof.rB, proof.vsB) = compact(operatorKeys[0], _groupDigest(proof.leafB, sibling));
        proof.pathB[0] = keccak256("a third");
        _stands(proof, IProviderBond.BondSignatureInvalid.selector);
        proof.pathB = new bytes32[](0);
        _stands(proof, IProviderBond.BondSignatureInvalid.selector);
        // A node of the tree in place of a receipt's leaf.
        proof.leafB = sibling;
        _stands(proof, IProviderBond.BondSignatureInvalid.selector);
        proof.leafB = "b";
        proof.pathB = new bytes32[](1);
        proof.pathB[0] = sibling;
        equal(bond.slash(address(this), operator, COINS, REPORTER, proof), 10, "a tenth");
    }

    function test_aReporterThatCannotBePaidTakesNoBond() public {
        IProviderBond.Equivocation memory proof = _proof(operatorKeys[0], operatorKeys[0]);
        vm.prank(payer);
        bond.stake(operator, address(hostile), 100);
        hostile.freeze(REPORTER);
        vm.expectPartialRevert(IProviderBond.BondPaymentRefused.selector);
        bond.slash(payer, operator, address(hostile), REPORTER, proof);
        // What cannot be burnt stays where nobody can reach it.
        hostile.setFrozen(REPORTER, false);
        hostile.freeze(bond.BURN_ADDRESS());
        bond.slash(payer, operator, address(hostile), REPORTER, proof);
        equal(hostile.balanceOf(address(bond)), 90, "nine tenths");
    }

    function test_aTenthOfLittleIsNothing() public {
        bond.stake{value: 9}(operator, COINS, 9);
        IProviderBond.Equivocation memory proof = _proof(operatorKeys[0], operatorKeys[0]);
        equal(bond.slash(address(this), operator, COINS, REPORTER, proof), 0, "nothing");
        equal(bond.BURN_ADDRESS().balance, 9, "all is burnt");
    }

    function _stands(IProviderBond.Equivocation memory proof, bytes4 why) private {
        vm.expectPartialRevert(why);
        bond.slash(address(this), operator, COINS, REPORTER, proof);
    }

    function _proof(uint256 keyA, uint256 keyB) private view returns (IProviderBond.Equivocation memory proof) {
        (proof.channelId, proof.seq) = ("channel", 7);
        (proof.leafA, proof.leafB) = ("a", "b");
        (proof.rA, proof.vsA) = compact(keyA, _digest(proof.leafA));
        (proof.rB, proof.vsB) = compact(keyB, _digest(proof.leafB));
    }

    function _digest(bytes32 leaf) private view returns (bytes32) {
        return typed(escrow.DOMAIN_SEPARATOR(), _receipt(leaf));
    }

    function _groupDigest(bytes32 leaf, bytes32 sibling) private view returns (bytes32) {
        bytes32 node = _receipt(leaf);
        bytes32 root = node < sibling ? keccak256(abi.encode(node, sibling)) : keccak256(abi.encode(sibling, node));
        return typed(escrow.DOMAIN_SEPARATOR(), keccak256(abi.encode(bond.RECEIPT_GROUP_TYPEHASH(), root)));
    }

    function _receipt(bytes32 leaf) private view returns (bytes32) {
        return keccak256(abi.encode(bond.RECEIPT_TYPEHASH(), bytes32("channel"), uint64(7), leaf));
    }
}
