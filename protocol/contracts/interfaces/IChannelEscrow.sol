// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

/// @title Deposits that a payer's vouchers can be claimed against.
/// @notice No owner, no proxy, no power over anyone's funds. Amounts are in the smallest unit of the
/// channel's token, times in seconds of the chain's clock. Laws: royalty <= claimed <= deposit, and
/// claimed and royalty never fall, so a voucher pays once however often it is shown.
interface IChannelEscrow {
    /// @notice What a channel is; its id is the EIP-712 digest of these in this contract's domain.
    /// @param payer gets the unclaimed deposit back
    /// @param signer the key whose vouchers count
    /// @param operator gets what is claimed, less royalty
    /// @param receiptSigner signs the operator's receipts (read off chain)
    /// @param auditor the Datanet whose curators may veto drops of the pool this channel feeds
    /// @param token ERC-20 of deposit and payment
    /// @param withdrawDelayS seconds between start and finish of a withdrawal
    /// @param salt tells apart channels that agree in everything else
    struct Terms {
        address payer;
        address signer;
        address operator;
        address receiptSigner;
        bytes32 auditor;
        address token;
        uint32 withdrawDelayS;
        bytes32 salt;
    }

    /// @notice A voucher with its channel's terms and its compact signature.
    /// @param cumulativeWei all that was ever spent through the channel
    /// @param royaltyWei the part of it that the pool is owed
    /// @param receipts how many receipts the root commits to
    struct ClaimRow {
        Terms terms;
        uint128 cumulativeWei;
        uint128 royaltyWei;
        uint64 receipts;
        bytes32 receiptsRoot;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice Why a row of a claim changed nothing.
    enum SkipReason {
        NothingNew,
        BadSignature,
        DepositExhausted
    }

    /// @notice The channel got its first deposit.
    event ChannelOpened(bytes32 indexed channelId, address indexed payer, address indexed operator, Terms terms);
    /// @notice The deposit grew by `amountWei` to `depositWei`.
    event ChannelFunded(bytes32 indexed channelId, uint256 amountWei, uint256 depositWei);
    /// @notice Running totals after a claim, and the receipts the claiming voucher committed to.
    event Claimed(
        bytes32 indexed channelId, uint256 claimedWei, uint256 royaltyWei, uint64 receipts, bytes32 receiptsRoot
    );
    /// @notice A row changed nothing.
    event ClaimSkipped(bytes32 indexed channelId, SkipReason reason);
    /// @notice The payer may take back up to `amountWei` from `readyAt` (seconds) on.
    event WithdrawStarted(bytes32 indexed channelId, uint256 amountWei, uint64 readyAt);
    /// @notice The payer got `amountWei` back; the deposit fell by it.
    event WithdrawFinished(bytes32 indexed channelId, uint256 amountWei);
    /// @notice The operator was paid its credit.
    event CreditPulled(address indexed operator, address indexed token, uint256 amountWei);
    /// @notice A pool's captured royalty moved to the RewardPool.
    event RoyaltyReleased(address indexed operator, bytes32 indexed auditor, address indexed token, uint256 amountWei);

    /// @notice Payer, signer or operator is missing.
    error EscrowTermsInvalid();
    /// @notice The chain's own coin is not taken yet.
    error EscrowTokenUnsupported(address token);
    /// @notice The amount is zero.
    error EscrowAmountZero();
    /// @notice The token moved another amount than was asked for (it takes fees or rebases).
    error EscrowTransferInexact(uint256 askedWei, uint256 movedWei);
    /// @notice The deposit would pass 80 bits.
    error EscrowDepositTooLarge();
    /// @notice Only the payer may start a withdrawal.
    error EscrowNotPayer(address sender);
    /// @notice More than the unclaimed deposit, `availableWei`.
    error EscrowWithdrawTooLarge(uint256 amountWei, uint256 availableWei);
    /// @notice No withdrawal was started.
    error EscrowWithdrawMissing(bytes32 channelId);
    /// @notice The withdrawal can be finished from `readyAt` (seconds) on.
    error EscrowWithdrawEarly(uint64 readyAt);
    /// @notice The operator has no credit in this token.
    error EscrowNothingToPull();
    /// @notice Only the RewardPool may take royalties.
    error EscrowNotRewardPool(address sender);

    /// @notice Adds `amountWei` from the sender (by allowance) to the deposit; anyone may.
    /// @dev Never touches a pending withdrawal, so that no stranger can delay or extend it.
    function fund(Terms calldata terms, uint256 amountWei) external returns (bytes32 channelId);

    /// @notice Credits operators and pools with what the vouchers newly authorise; anyone may.
    /// @dev Per row: delta = min(cumulative, deposit) - claimed; the pool gets
    /// min(royaltyWei, royalty + delta) - royalty of it, the operator the rest. A row that is stale,
    /// badly signed or beyond the deposit is skipped and changes nothing else. No token moves here.
    function claim(ClaimRow[] calldata rows) external;

    /// @notice Pays `operator` its credit; anyone may send it.
    function pull(address operator, address token) external returns (uint256 amountWei);

    /// @notice Sends a pool's captured royalty to the RewardPool; only that contract may ask.
    function collectRoyalty(address operator, bytes32 auditor, address token) external returns (uint256 amountWei);

    /// @notice Starts, or restarts with a new delay, the withdrawal of unclaimed deposit; payer only.
    function startWithdraw(Terms calldata terms, uint256 amountWei) external;

    /// @notice Pays the payer min(started amount, deposit - claimed) once the delay has passed; anyone may send it.
    function finishWithdraw(Terms calldata terms) external returns (uint256 amountWei);

    /// @notice The RewardPool that this escrow was deployed with.
    function rewardPool() external view returns (address);

    /// @notice The id of the channel with these terms.
    function channelId(Terms calldata terms) external view returns (bytes32);

    /// @notice Running totals of a channel; zeros when nobody funded it.
    function channel(bytes32 id) external view returns (uint256 depositWei, uint256 claimedWei, uint256 royaltyWei);

    /// @notice The pending withdrawal; zeros when there is none.
    function withdrawal(bytes32 id) external view returns (uint256 amountWei, uint64 readyAt);

    /// @notice What `pull` would pay.
    function creditOf(address operator, address token) external view returns (uint256 amountWei);

    /// @notice What `collectRoyalty` would send.
    function royaltyOf(address operator, bytes32 auditor, address token) external view returns (uint256 amountWei);
}
