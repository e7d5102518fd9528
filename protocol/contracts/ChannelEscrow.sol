// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IChannelEscrow} from "./interfaces/IChannelEscrow.sol";
import {IDatanetRegistry} from "./interfaces/IDatanetRegistry.sol";
import {ChannelWord} from "./parts/ChannelWord.sol";
import {EscrowClaims} from "./parts/EscrowClaims.sol";
import {EscrowFunding} from "./parts/EscrowFunding.sol";
import {RewardPool} from "./RewardPool.sol";

/// @notice Described in interfaces/IChannelEscrow.sol.
contract ChannelEscrow is EscrowFunding, EscrowClaims {
    bytes32 public constant CLOSE_TYPEHASH =
        keccak256("Close(bytes32 channelId,uint128 cumulativeWei,uint128 royaltyWei,uint64 deadline)");

    struct Withdrawal {
        uint80 amount;
        uint64 readyAt;
    }

    /// @inheritdoc IChannelEscrow
    address public immutable rewardPool;

    mapping(bytes32 id => Withdrawal) private _withdrawals;

    /// @dev Deploys its own pool: the two know each other from the first block on and for ever.
    constructor(IDatanetRegistry registry, uint64 dropDelayS, uint64 vaultDelayS_)
        EIP712("datanet.ChannelEscrow", "1")
        EscrowFunding(vaultDelayS_)
    {
        rewardPool = address(new RewardPool(registry, this, dropDelayS));
    }

    /// @inheritdoc IChannelEscrow
    function close(ClaimRow calldata row, uint64 deadline, bytes32 r, bytes32 vs)
        external
        nonReentrant
        returns (uint256 refundWei)
    {
        bytes32 id = channelId(row.terms);
        uint256 word = _channels[id];
        if (word & ChannelWord.OPENED == 0) revert EscrowChannelUnknown(id);
        if (word & ChannelWord.CLOSED != 0) revert EscrowChannelClosed(id);
        if (block.timestamp > deadline) revert EscrowDeadlinePassed(deadline);
        Voucher calldata voucher = row.voucher;
        bytes32 structHash =
            keccak256(abi.encode(CLOSE_TYPEHASH, id, voucher.cumulativeWei, voucher.royaltyWei, deadline));
        if (!_isSigned(_hashTypedDataV4(structHash), r, vs, row.terms.receiptSigner)) {
            revert EscrowSignatureInvalid(row.terms.receiptSigner);
        }
        _claimLast(id, row);

        (uint256 depositWei, uint256 claimedWei, uint256 royaltyWei, uint256 flags) = ChannelWord.read(_channels[id]);
        refundWei = depositWei - claimedWei;
        _channels[id] = ChannelWord.write(claimedWei, claimedWei, royaltyWei, flags | ChannelWord.CLOSED);
        delete _withdrawals[id];
        emit ChannelClosed(id, claimedWei, royaltyWei, refundWei);
        _pay(row.terms.token, row.terms.payer, refundWei);
    }

    /// @inheritdoc IChannelEscrow
    function collectRoyalty(address operator, bytes32 auditor, address token)
        external
        nonReentrant
        returns (uint256 amountWei)
    {
        if (msg.sender != rewardPool) revert EscrowNotRewardPool(msg.sender);
        bytes32 poolId = _poolId(operator, auditor, token);
        amountWei = _royalties[poolId];
        if (amountWei == 0) return 0;
        _royalties[poolId] = 0;
        emit RoyaltyReleased(operator, auditor, token, amountWei);
        _pay(token, rewardPool, amountWei);
    }

    /// @inheritdoc IChannelEscrow
    function startWithdraw(Terms calldata terms, uint256 amountWei) external nonReentrant {
        bytes32 id = _ofPayer(terms);
        if (amountWei == 0) revert EscrowAmountZero();
        uint256 available = _unclaimed(id);
        if (amountWei > available) revert EscrowWithdrawTooLarge(amountWei, available);
        uint64 readyAt = uint64(block.timestamp) + terms.withdrawDelayS;
        _withdrawals[id] = Withdrawal(uint80(amountWei), readyAt);
        emit WithdrawStarted(id, amountWei, readyAt);
    }

    /// @inheritdoc IChannelEscrow
    function cancelWithdraw(Terms calldata terms) external nonReentrant {
        bytes32 id = _ofPayer(terms);
        if (_withdrawals[id].readyAt == 0) revert EscrowWithdrawMissing(id);
        delete _withdrawals[id];
        emit WithdrawCancelled(id);
    }

    /// @inheritdoc IChannelEscrow
    function finishWithdraw(Terms calldata terms) external nonReentrant returns (uint256 amountWei) {
        bytes32 id = channelId(terms);
        Withdrawal memory pending = _withdrawals[id];
        if (pending.readyAt == 0) revert EscrowWithdrawMissing(id);
        if (block.timestamp < pending.readyAt) revert EscrowWithdrawEarly(pending.readyAt);
        uint256 available = _unclaimed(id);
        amountWei = pending.amount < available ? pending.amount : available;
        delete _withdrawals[id];
        // The deposit is the lowest field and holds at least so much.
        _channels[id] -= amountWei;
        emit WithdrawFinished(id, amountWei);
        _pay(terms.token, terms.payer, amountWei);
    }

    /// @inheritdoc IChannelEscrow
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IChannelEscrow
    function channel(bytes32 id) external view returns (uint256, uint256, uint256, bool) {
        (uint256 depositWei, uint256 claimedWei, uint256 royaltyWei, uint256 flags) = ChannelWord.read(_channels[id]);
        return (depositWei, claimedWei, royaltyWei, flags & ChannelWord.CLOSED != 0);
    }

    /// @inheritdoc IChannelEscrow
    function withdrawal(bytes32 id) external view returns (uint256, uint64) {
        return (_withdrawals[id].amount, _withdrawals[id].readyAt);
    }

    function _ofPayer(Terms calldata terms) private view returns (bytes32) {
        if (msg.sender != terms.payer) revert EscrowNotPayer(msg.sender);
        return channelId(terms);
    }

    function _unclaimed(bytes32 id) private view returns (uint256) {
        (uint256 depositWei, uint256 claimedWei,,) = ChannelWord.read(_channels[id]);
        return depositWei - claimedWei;
    }

    /// The last voucher of a closing channel, unless all of it was claimed before.
    function _claimLast(bytes32 id, ClaimRow calldata row) private {
        (uint256 depositWei, uint256 claimedWei,,) = ChannelWord.read(_channels[id]);
        if (row.voucher.cumulativeWei <= claimedWei || claimedWei == depositWei) return;
        Terms calldata terms = row.terms;
        (uint256 creditWei, uint256 royaltyWei) = _claim(id, terms.signer, row.voucher, _domainSeparatorV4());
        if (creditWei + royaltyWei == 0) revert EscrowSignatureInvalid(terms.signer);
        _credit(terms.operator, terms.auditor, terms.token, creditWei, royaltyWei);
    }
}
