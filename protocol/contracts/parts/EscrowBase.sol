// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IChannelEscrow} from "../interfaces/IChannelEscrow.sol";
import {ChannelWord} from "./ChannelWord.sol";
import {Money} from "./Money.sol";

/// @notice What the parts of the escrow share: channels, and money in and out.
abstract contract EscrowBase is IChannelEscrow, EIP712, ReentrancyGuardTransient {
    bytes32 public constant TERMS_TYPEHASH = keccak256(
        "Terms(address payer,address signer,address operator,address receiptSigner,bytes32 auditor,address token,uint32 withdrawDelayS,bytes32 salt)"
    );

    uint256 private constant MAX_WITHDRAW_DELAY_S = 2_592_000;

    /// A word as ChannelWord has it. Its flags outlive the deposit: totals are for ever.
    mapping(bytes32 id => uint256 word) internal _channels;

    /// @inheritdoc IChannelEscrow
    function channelId(Terms calldata terms) public view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(_domainSeparatorV4(), _termsHash(terms));
    }

    /// EIP-712's hash of the terms, which lie in calldata as it wants them. Words that hold more than
    /// their field are nobody's terms.
    function _termsHash(Terms calldata terms) internal pure returns (bytes32 hash) {
        bytes32 typeHash = TERMS_TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            calldatacopy(add(words, 32), terms, 256)
            let accounts := or(mload(add(words, 32)), mload(add(words, 64)))
            accounts := or(accounts, or(mload(add(words, 96)), mload(add(words, 128))))
            let delayS := mload(add(words, 224))
            if or(shr(160, or(accounts, mload(add(words, 192)))), shr(32, delayS)) { revert(0, 0) }
            hash := keccak256(words, 288)
        }
    }

    /// Books a deposit; the caller sees to it that the money arrives, or reverts.
    function _deposit(Terms calldata terms, uint256 amountWei) internal returns (bytes32 id) {
        id = channelId(terms);
        if (!_isComplete(terms)) revert EscrowTermsInvalid();
        if (amountWei == 0) revert EscrowAmountZero();
        mapping(bytes32 id => uint256 word) storage channels = _channels;
        uint256 word = channels[id];
        if (word & ChannelWord.CLOSED != 0) revert EscrowChannelClosed(id);
        unchecked {
            uint256 depositWei = word & ChannelWord.MAX_WEI;
            if (amountWei > ChannelWord.MAX_WEI - depositWei) revert EscrowDepositTooLarge();
            // The deposit is the lowest field: what it can hold cannot run over into the next.
            channels[id] = (word + amountWei) | ChannelWord.OPENED;
            if (word & ChannelWord.OPENED == 0) _emitOpened(id, terms, amountWei);
            else emit ChannelFunded(id, amountWei, depositWei + amountWei);
        }
    }

    /// The token of terms that have an id: what stands there is an account then.
    function _tokenOf(Terms calldata terms) internal pure returns (address token) {
        assembly ("memory-safe") {
            token := calldataload(add(terms, 160))
        }
    }

    /// Payer, signer and operator are somebody, and the delay is within its bounds.
    function _isComplete(Terms calldata terms) private pure returns (bool isComplete) {
        assembly ("memory-safe") {
            let isMissing := or(iszero(calldataload(terms)), iszero(calldataload(add(terms, 32))))
            isMissing := or(isMissing, iszero(calldataload(add(terms, 64))))
            // Zero wraps around.
            isMissing := or(isMissing, gt(sub(calldataload(add(terms, 192)), 1), sub(MAX_WITHDRAW_DELAY_S, 1)))
            isComplete := iszero(isMissing)
        }
    }

    /// As the compiler would emit it, with the terms as they lie in calldata: the signer moves to the
    /// operator's place, which is a topic, and so the words that are none stand side by side.
    function _emitOpened(bytes32 id, Terms calldata terms, uint256 depositWei) private {
        bytes32 topic = ChannelOpened.selector;
        assembly ("memory-safe") {
            let words := mload(0x40)
            calldatacopy(words, terms, 256)
            let operator := mload(add(words, 64))
            mstore(add(words, 64), mload(add(words, 32)))
            mstore(add(words, 256), depositWei)
            log4(add(words, 64), 224, topic, id, mload(words), operator)
        }
    }

    /// A token that keeps a part of what it moves would leave deposits that cannot all be paid.
    function _exactly(uint256 amountWei, uint256 movedWei) internal pure {
        if (movedWei != amountWei) revert EscrowTransferInexact(amountWei, movedWei);
    }

    function _pay(address token, address to, uint256 amountWei) internal {
        if (amountWei == 0) return;
        if (!Money.pay(token, to, amountWei, gasleft())) revert EscrowPaymentRefused(token, to);
    }

    function _isSigned(bytes32 digest, bytes32 r, bytes32 vs, address account) internal pure returns (bool) {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, r, vs);
        return failure == ECDSA.RecoverError.NoError && signer == account;
    }
}
