// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IChannelEscrow} from "./interfaces/IChannelEscrow.sol";
import {IProviderBond} from "./interfaces/IProviderBond.sol";
import {Money} from "./parts/Money.sol";

/// @notice Described in interfaces/IProviderBond.sol.
contract ProviderBond is IProviderBond, ReentrancyGuardTransient {
    bytes32 public constant RECEIPT_TYPEHASH = keccak256("Receipt(bytes32 channelId,uint64 seq,bytes32 leaf)");
    bytes32 public constant RECEIPT_GROUP_TYPEHASH = keccak256("ReceiptGroup(bytes32 root)");
    /// @inheritdoc IProviderBond
    address public constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;

    uint256 private constant BURN_GAS = 200_000;

    /// One slot.
    struct Bond {
        uint104 stake;
        uint104 withdrawing;
        uint40 readyAt;
    }

    /// @inheritdoc IProviderBond
    address public immutable escrow;
    /// @inheritdoc IProviderBond
    uint64 public immutable delayS;

    mapping(address owner => mapping(address receiptSigner => mapping(address token => Bond))) private _bonds;
    mapping(address receiptSigner => bool) private _convicted;

    constructor(address escrow_, uint64 delayS_) {
        escrow = escrow_;
        delayS = delayS_;
    }

    /// @inheritdoc IProviderBond
    function stake(address receiptSigner, address token, uint256 amountWei) external payable nonReentrant {
        if (receiptSigner == address(0)) revert BondSignerMissing();
        if (_convicted[receiptSigner]) revert BondSignerConvicted(receiptSigner);
        if (amountWei == 0) revert BondAmountZero();
        Bond storage bond = _bonds[msg.sender][receiptSigner][token];
        if (amountWei > type(uint104).max - bond.stake) revert BondTooLarge();
        bond.stake += uint104(amountWei);
        emit BondStaked(msg.sender, receiptSigner, token, amountWei, bond.stake);

        uint256 movedWei = msg.value;
        if (token != Money.NATIVE) {
            if (msg.value != 0) revert BondValueUnexpected(msg.value);
            movedWei = Money.take(token, msg.sender, amountWei);
        }
        if (movedWei != amountWei) revert BondTransferInexact(amountWei, movedWei);
    }

    /// @inheritdoc IProviderBond
    function startWithdraw(address receiptSigner, address token, uint256 amountWei) external nonReentrant {
        if (amountWei == 0) revert BondAmountZero();
        Bond storage bond = _bonds[msg.sender][receiptSigner][token];
        if (amountWei > bond.stake) revert BondWithdrawTooLarge(amountWei, bond.stake);
        uint64 readyAt = uint64(block.timestamp) + delayS;
        bond.withdrawing = uint104(amountWei);
        bond.readyAt = uint40(readyAt);
        emit BondWithdrawStarted(msg.sender, receiptSigner, token, amountWei, readyAt);
    }

    /// @inheritdoc IProviderBond
    function finishWithdraw(address owner, address receiptSigner, address token)
        external
        nonReentrant
        returns (uint256 amountWei)
    {
        Bond storage bond = _bonds[owner][receiptSigner][token];
        uint64 readyAt = bond.readyAt;
        if (readyAt == 0) revert BondWithdrawMissing();
        if (block.timestamp < readyAt) revert BondWithdrawEarly(readyAt);
        amountWei = bond.withdrawing;
        bond.stake -= uint104(amountWei);
        bond.withdrawing = 0;
        bond.readyAt = 0;
        emit BondWithdrawn(owner, receiptSigner, token, amountWei);
        if (!Money.pay(token, owner, amountWei, gasleft())) revert BondPaymentRefused(owner);
    }

    /// @inheritdoc IProviderBond
    function slash(
        address owner,
        address receiptSigner,
        address token,
        address reporter,
        Equivocation calldata proof
    ) external nonReentrant returns (uint256 rewardWei) {
        // Free calls have no channel and all the same number: two of them contradict nothing.
        if (proof.channelId == bytes32(0) || proof.leafA == proof.leafB) revert BondNotEquivocal();
        // The escrow's own word for its domain: it follows the chain id should the chain fork.
        bytes32 separator = IChannelEscrow(escrow).DOMAIN_SEPARATOR();
        _demandSigned(separator, receiptSigner, proof, proof.leafA, proof.pathA, proof.rA, proof.vsA);
        _demandSigned(separator, receiptSigner, proof, proof.leafB, proof.pathB, proof.rB, proof.vsB);
        uint256 stakeWei = _bonds[owner][receiptSigner][token].stake;
        if (stakeWei == 0) revert BondMissing();

        delete _bonds[owner][receiptSigner][token];
        _convicted[receiptSigner] = true;
        rewardWei = stakeWei / 10;
        emit BondSlashed(owner, receiptSigner, token, proof.channelId, proof.seq, reporter, rewardWei, stakeWei - rewardWei);
        // A token that refuses the burn address keeps its part here, where no function can reach it.
        Money.pay(token, BURN_ADDRESS, stakeWei - rewardWei, BURN_GAS);
        if (rewardWei > 0 && !Money.pay(token, reporter, rewardWei, gasleft())) revert BondPaymentRefused(reporter);
    }

    /// @inheritdoc IProviderBond
    function bondOf(address owner, address receiptSigner, address token)
        external
        view
        returns (uint256, uint256, uint64)
    {
        Bond storage bond = _bonds[owner][receiptSigner][token];
        return (bond.stake, bond.withdrawing, bond.readyAt);
    }

    /// @inheritdoc IProviderBond
    function isConvicted(address receiptSigner) external view returns (bool) {
        return _convicted[receiptSigner];
    }

    function _demandSigned(
        bytes32 separator,
        address receiptSigner,
        Equivocation calldata proof,
        bytes32 leaf,
        bytes32[] calldata path,
        bytes32 r,
        bytes32 vs
    ) private pure {
        bytes32 structHash = keccak256(abi.encode(RECEIPT_TYPEHASH, proof.channelId, proof.seq, leaf));
        if (path.length > 0) {
            // A node of the tree cannot stand for a receipt: it hashes 64 bytes, a receipt's struct 128.
            bytes32 root = MerkleProof.processProofCalldata(path, structHash);
            structHash = keccak256(abi.encode(RECEIPT_GROUP_TYPEHASH, root));
        }
        (address signer, ECDSA.RecoverError failure,) =
            ECDSA.tryRecover(MessageHashUtils.toTypedDataHash(separator, structHash), r, vs);
        if (failure != ECDSA.RecoverError.NoError || signer != receiptSigner) {
            revert BondSignatureInvalid(receiptSigner);
        }
    }
}
