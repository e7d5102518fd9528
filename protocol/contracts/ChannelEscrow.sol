// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IChannelEscrow} from "./interfaces/IChannelEscrow.sol";
import {IDatanetRegistry} from "./interfaces/IDatanetRegistry.sol";
import {RewardPool} from "./RewardPool.sol";

/// @notice Described in interfaces/IChannelEscrow.sol.
contract ChannelEscrow is IChannelEscrow, EIP712 {
    using SafeERC20 for IERC20;

    bytes32 public constant TERMS_TYPEHASH = keccak256(
        "Terms(address payer,address signer,address operator,address receiptSigner,bytes32 auditor,address token,uint32 withdrawDelayS,bytes32 salt)"
    );
    bytes32 public constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(bytes32 channelId,uint128 cumulativeWei,uint128 royaltyWei,uint64 receipts,bytes32 receiptsRoot)"
    );

    /// One slot. `opened` outlives a deposit that was withdrawn to nothing: totals are for ever.
    struct Channel {
        uint80 deposit;
        uint80 claimed;
        uint80 royalty;
        bool opened;
    }

    struct Withdrawal {
        uint80 amount;
        uint64 readyAt;
    }

    /// @inheritdoc IChannelEscrow
    address public immutable rewardPool;

    mapping(bytes32 id => Channel) private _channels;
    mapping(bytes32 id => Withdrawal) private _withdrawals;
    mapping(address operator => mapping(address token => uint256)) private _credits;
    mapping(bytes32 poolId => uint256) private _royalties;

    /// @dev Deploys its own pool: the two know each other from the first block on and for ever.
    constructor(IDatanetRegistry registry, uint64 dropDelayS) EIP712("datanet.ChannelEscrow", "1") {
        rewardPool = address(new RewardPool(registry, this, dropDelayS));
    }

    /// @inheritdoc IChannelEscrow
    function fund(Terms calldata terms, uint256 amountWei) external returns (bytes32 id) {
        if (terms.payer == address(0) || terms.signer == address(0) || terms.operator == address(0)) {
            revert EscrowTermsInvalid();
        }
        if (terms.token == address(0)) revert EscrowTokenUnsupported(terms.token);
        if (amountWei == 0) revert EscrowAmountZero();
        id = channelId(terms);
        Channel storage state = _channels[id];
        uint256 depositWei = state.deposit + amountWei;
        if (depositWei > type(uint80).max) revert EscrowDepositTooLarge();

        bool first = !state.opened;
        state.deposit = uint80(depositWei);
        if (first) {
            state.opened = true;
            emit ChannelOpened(id, terms.payer, terms.operator, terms);
        }
        emit ChannelFunded(id, amountWei, depositWei);

        // A token that keeps a part of what it moves would leave a deposit that cannot all be paid.
        IERC20 token = IERC20(terms.token);
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amountWei);
        uint256 moved = token.balanceOf(address(this)) - before;
        if (moved != amountWei) revert EscrowTransferInexact(amountWei, moved);
    }

    /// @inheritdoc IChannelEscrow
    function claim(ClaimRow[] calldata rows) external {
        for (uint256 i = 0; i < rows.length; ++i) {
            _claim(rows[i]);
        }
    }

    /// @inheritdoc IChannelEscrow
    function pull(address operator, address token) external returns (uint256 amountWei) {
        amountWei = _credits[operator][token];
        if (amountWei == 0) revert EscrowNothingToPull();
        _credits[operator][token] = 0;
        emit CreditPulled(operator, token, amountWei);
        IERC20(token).safeTransfer(operator, amountWei);
    }

    /// @inheritdoc IChannelEscrow
    function collectRoyalty(address operator, bytes32 auditor, address token) external returns (uint256 amountWei) {
        if (msg.sender != rewardPool) revert EscrowNotRewardPool(msg.sender);
        bytes32 poolId = _poolId(operator, auditor, token);
        amountWei = _royalties[poolId];
        if (amountWei == 0) return 0;
        _royalties[poolId] = 0;
        emit RoyaltyReleased(operator, auditor, token, amountWei);
        IERC20(token).safeTransfer(rewardPool, amountWei);
    }

    /// @inheritdoc IChannelEscrow
    function startWithdraw(Terms calldata terms, uint256 amountWei) external {
        if (msg.sender != terms.payer) revert EscrowNotPayer(msg.sender);
        if (amountWei == 0) revert EscrowAmountZero();
        bytes32 id = channelId(terms);
        uint256 available = _channels[id].deposit - _channels[id].claimed;
        if (amountWei > available) revert EscrowWithdrawTooLarge(amountWei, available);
        uint64 readyAt = uint64(block.timestamp) + terms.withdrawDelayS;
        _withdrawals[id] = Withdrawal(uint80(amountWei), readyAt);
        emit WithdrawStarted(id, amountWei, readyAt);
    }

    /// @inheritdoc IChannelEscrow
    function finishWithdraw(Terms calldata terms) external returns (uint256 amountWei) {
        bytes32 id = channelId(terms);
        Withdrawal memory pending = _withdrawals[id];
        if (pending.readyAt == 0) revert EscrowWithdrawMissing(id);
        if (block.timestamp < pending.readyAt) revert EscrowWithdrawEarly(pending.readyAt);
        Channel storage state = _channels[id];
        uint80 available = state.deposit - state.claimed;
        uint80 amount = pending.amount < available ? pending.amount : available;
        delete _withdrawals[id];
        state.deposit -= amount;
        emit WithdrawFinished(id, amount);
        if (amount > 0) IERC20(terms.token).safeTransfer(terms.payer, amount);
        return amount;
    }

    /// @inheritdoc IChannelEscrow
    function channelId(Terms calldata terms) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(TERMS_TYPEHASH, terms)));
    }

    /// @inheritdoc IChannelEscrow
    function channel(bytes32 id) external view returns (uint256, uint256, uint256) {
        Channel storage state = _channels[id];
        return (state.deposit, state.claimed, state.royalty);
    }

    /// @inheritdoc IChannelEscrow
    function withdrawal(bytes32 id) external view returns (uint256, uint64) {
        return (_withdrawals[id].amount, _withdrawals[id].readyAt);
    }

    /// @inheritdoc IChannelEscrow
    function creditOf(address operator, address token) external view returns (uint256) {
        return _credits[operator][token];
    }

    /// @inheritdoc IChannelEscrow
    function royaltyOf(address operator, bytes32 auditor, address token) external view returns (uint256) {
        return _royalties[_poolId(operator, auditor, token)];
    }

    function _claim(ClaimRow calldata row) private {
        bytes32 id = channelId(row.terms);
        Channel memory state = _channels[id];
        if (row.cumulativeWei <= state.claimed) {
            emit ClaimSkipped(id, SkipReason.NothingNew);
            return;
        }
        if (state.deposit == state.claimed) {
            emit ClaimSkipped(id, SkipReason.DepositExhausted);
            return;
        }
        if (!_isSigned(id, row)) {
            emit ClaimSkipped(id, SkipReason.BadSignature);
            return;
        }
        uint80 claimed = row.cumulativeWei < state.deposit ? uint80(row.cumulativeWei) : state.deposit;
        uint80 delta = claimed - state.claimed;
        // At most what is newly claimed, and never less than was captured before: a signer that lowers
        // its royalty total can neither revert the claim nor take anything out of the pool.
        uint80 royaltyDelta = 0;
        if (row.royaltyWei > state.royalty) {
            uint128 wanted = row.royaltyWei - state.royalty;
            royaltyDelta = wanted < delta ? uint80(wanted) : delta;
        }
        state.claimed = claimed;
        state.royalty += royaltyDelta;
        _channels[id] = state;
        _credits[row.terms.operator][row.terms.token] += delta - royaltyDelta;
        if (royaltyDelta > 0) {
            _royalties[_poolId(row.terms.operator, row.terms.auditor, row.terms.token)] += royaltyDelta;
        }
        emit Claimed(id, claimed, state.royalty, row.receipts, row.receiptsRoot);
    }

    function _isSigned(bytes32 id, ClaimRow calldata row) private view returns (bool) {
        bytes32 structHash = keccak256(
            abi.encode(VOUCHER_TYPEHASH, id, row.cumulativeWei, row.royaltyWei, row.receipts, row.receiptsRoot)
        );
        (address signer, ECDSA.RecoverError failure,) =
            ECDSA.tryRecover(_hashTypedDataV4(structHash), row.r, row.vs);
        return failure == ECDSA.RecoverError.NoError && signer == row.terms.signer;
    }

    function _poolId(address operator, bytes32 auditor, address token) private pure returns (bytes32) {
        return keccak256(abi.encode(operator, auditor, token));
    }
}
