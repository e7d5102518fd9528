// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IChannelEscrow} from "../interfaces/IChannelEscrow.sol";
import {ChannelWord} from "./ChannelWord.sol";
import {EscrowBase} from "./EscrowBase.sol";

/// @notice What vouchers take out of channels: credit of operators and royalty of pools.
abstract contract EscrowClaims is EscrowBase {
    bytes32 public constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(bytes32 channelId,uint128 cumulativeWei,uint128 royaltyWei,uint64 receipts,bytes32 receiptsRoot)"
    );

    mapping(address operator => mapping(address token => uint256)) internal _credits;
    mapping(bytes32 poolId => uint256) internal _royalties;

    /// @inheritdoc IChannelEscrow
    function claim(ClaimRow[] calldata rows) external nonReentrant {
        bytes32 separator = _domainSeparatorV4();
        for (uint256 i = 0; i < rows.length; ++i) {
            ClaimRow calldata row = rows[i];
            bytes32 id = channelId(row.terms);
            (uint256 creditWei, uint256 royaltyWei) = _claim(id, row.terms.signer, row.voucher, separator);
            _credit(row.terms.operator, row.terms.auditor, row.terms.token, creditWei, royaltyWei);
        }
    }

    /// @inheritdoc IChannelEscrow
    function claimGroups(ClaimGroup[] calldata groups) external nonReentrant {
        bytes32 separator = _domainSeparatorV4();
        for (uint256 i = 0; i < groups.length; ++i) {
            _claimGroup(groups[i], separator);
        }
    }

    /// @inheritdoc IChannelEscrow
    function pull(address operator, address token) external nonReentrant returns (uint256 amountWei) {
        amountWei = _credits[operator][token];
        if (amountWei == 0) revert EscrowNothingToPull();
        _credits[operator][token] = 0;
        emit CreditPulled(operator, token, amountWei);
        _pay(token, operator, amountWei);
    }

    /// @inheritdoc IChannelEscrow
    function creditOf(address operator, address token) external view returns (uint256) {
        return _credits[operator][token];
    }

    /// @inheritdoc IChannelEscrow
    function royaltyOf(address operator, bytes32 auditor, address token) external view returns (uint256) {
        return _royalties[_poolId(operator, auditor, token)];
    }

    /// The words of the terms are laid out once; each row changes three of them.
    function _claimGroup(ClaimGroup calldata group, bytes32 separator) internal {
        bytes32[9] memory words;
        words[0] = TERMS_TYPEHASH;
        words[3] = _word(group.operator);
        words[4] = _word(group.receiptSigner);
        words[5] = group.auditor;
        words[6] = _word(group.token);
        words[7] = bytes32(uint256(group.withdrawDelayS));
        uint256 creditWei = 0;
        uint256 royaltyWei = 0;
        GroupRow[] calldata rows = group.rows;
        for (uint256 i = 0; i < rows.length; ++i) {
            GroupRow calldata row = rows[i];
            words[1] = _word(row.payer);
            words[2] = _word(row.signer);
            words[8] = row.salt;
            bytes32 termsHash;
            assembly ("memory-safe") {
                termsHash := keccak256(words, 288)
            }
            bytes32 id = MessageHashUtils.toTypedDataHash(separator, termsHash);
            (uint256 rowCreditWei, uint256 rowRoyaltyWei) = _claim(id, row.signer, row.voucher, separator);
            creditWei += rowCreditWei;
            royaltyWei += rowRoyaltyWei;
        }
        _credit(group.operator, group.auditor, group.token, creditWei, royaltyWei);
    }

    /// A skipped row leaves its event and zeros: it cannot revert whatever the voucher says.
    function _claim(bytes32 id, address signer, Voucher calldata voucher, bytes32 separator)
        internal
        returns (uint256 creditWei, uint256 royaltyWei)
    {
        (uint256 depositWei, uint256 claimedWei, uint256 capturedWei, uint256 flags) = ChannelWord.read(_channels[id]);
        uint256 cumulativeWei = voucher.cumulativeWei;
        if (flags & ChannelWord.CLOSED != 0) return _skip(id, SkipReason.ChannelClosed);
        if (cumulativeWei <= claimedWei) return _skip(id, SkipReason.NothingNew);
        if (depositWei == claimedWei) return _skip(id, SkipReason.DepositExhausted);
        bytes32 digest = MessageHashUtils.toTypedDataHash(separator, _voucherHash(id, voucher));
        if (!_isSigned(digest, voucher.r, voucher.vs, signer)) return _skip(id, SkipReason.BadSignature);

        unchecked {
            // claimed < cumulative and claimed < deposit, as checked above; captured <= claimed always.
            if (cumulativeWei > depositWei) cumulativeWei = depositWei;
            uint256 deltaWei = cumulativeWei - claimedWei;
            // At most what is newly claimed, and never less than was captured before: a signer that lowers
            // its royalty total can neither revert the claim nor take anything out of the pool.
            royaltyWei = voucher.royaltyWei;
            royaltyWei = royaltyWei > capturedWei ? royaltyWei - capturedWei : 0;
            if (royaltyWei > deltaWei) royaltyWei = deltaWei;
            creditWei = deltaWei - royaltyWei;
            capturedWei += royaltyWei;
        }
        _channels[id] = ChannelWord.write(depositWei, cumulativeWei, capturedWei, flags);
        emit Claimed(id, cumulativeWei, capturedWei, voucher.receipts, voucher.receiptsRoot);
    }

    function _credit(address operator, bytes32 auditor, address token, uint256 creditWei, uint256 royaltyWei)
        internal
    {
        if (creditWei > 0) _credits[operator][token] += creditWei;
        if (royaltyWei > 0) _royalties[_poolId(operator, auditor, token)] += royaltyWei;
    }

    function _skip(bytes32 id, SkipReason reason) internal returns (uint256, uint256) {
        emit ClaimSkipped(id, reason);
        return (0, 0);
    }

    function _poolId(address operator, bytes32 auditor, address token) internal pure returns (bytes32) {
        return keccak256(abi.encode(operator, auditor, token));
    }

    /// The four signed fields lie side by side in calldata. Their high bits are checked where they are read.
    function _voucherHash(bytes32 id, Voucher calldata voucher) internal pure returns (bytes32 structHash) {
        bytes32 typeHash = VOUCHER_TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            mstore(add(words, 32), id)
            calldatacopy(add(words, 64), voucher, 128)
            structHash := keccak256(words, 192)
        }
    }

    function _word(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
