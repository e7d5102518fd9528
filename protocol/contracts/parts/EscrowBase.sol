// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
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

    uint32 private constant MAX_WITHDRAW_DELAY_S = 30 days;

    /// A word as ChannelWord has it. Its flags outlive the deposit: totals are for ever.
    mapping(bytes32 id => uint256 word) internal _channels;

    /// @inheritdoc IChannelEscrow
    function channelId(Terms calldata terms) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(TERMS_TYPEHASH, terms)));
    }

    /// Books a deposit; the caller sees to it that the money arrives, or reverts.
    function _deposit(Terms calldata terms, uint256 amountWei) internal returns (bytes32 id) {
        if (terms.payer == address(0) || terms.signer == address(0) || terms.operator == address(0)) {
            revert EscrowTermsInvalid();
        }
        if (terms.withdrawDelayS == 0 || terms.withdrawDelayS > MAX_WITHDRAW_DELAY_S) revert EscrowTermsInvalid();
        if (amountWei == 0) revert EscrowAmountZero();
        id = channelId(terms);
        uint256 word = _channels[id];
        if (word & ChannelWord.CLOSED != 0) revert EscrowChannelClosed(id);
        uint256 depositWei = word & ChannelWord.MAX_WEI;
        if (amountWei > ChannelWord.MAX_WEI - depositWei) revert EscrowDepositTooLarge();
        // The deposit is the lowest field: what it can hold cannot run over into the next.
        _channels[id] = (word + amountWei) | ChannelWord.OPENED;
        if (word & ChannelWord.OPENED == 0) emit ChannelOpened(id, terms.payer, terms.operator, terms);
        emit ChannelFunded(id, amountWei, depositWei + amountWei);
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
