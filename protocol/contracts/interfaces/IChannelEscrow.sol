// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

/// @title Deposits that a payer's vouchers can be claimed against.
/// @notice No owner, no proxy, no power over anyone's funds. Amounts are in the smallest unit of the
/// channel's token, times in seconds of the chain's clock. Token zero is the chain's own coin. Laws:
/// royalty <= claimed <= deposit; claimed and royalty never fall, so a voucher pays once however often
/// it is shown; the deposit falls only by a finished withdrawal or by closing; closed is for ever.
interface IChannelEscrow {
    /// @notice What a channel is; its id is the EIP-712 digest of these in this contract's domain.
    /// @param payer gets the unclaimed deposit back
    /// @param signer the key whose vouchers count
    /// @param operator gets what is claimed, less royalty
    /// @param receiptSigner signs the operator's receipts (read off chain)
    /// @param auditor the Datanet whose curators may veto drops of the pool this channel feeds
    /// @param token ERC-20 of deposit and payment; zero: the chain's own coin
    /// @param withdrawDelayS seconds between start and finish of a withdrawal, 1 to 30 days
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

    /// @notice A voucher and its compact signature (EIP-2098).
    /// @param cumulativeWei all that was ever spent through the channel
    /// @param royaltyWei the part of it that the pool is owed
    /// @param receipts how many receipts the root commits to
    struct Voucher {
        uint128 cumulativeWei;
        uint128 royaltyWei;
        uint64 receipts;
        bytes32 receiptsRoot;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice A voucher with its channel's terms.
    struct ClaimRow {
        Terms terms;
        Voucher voucher;
    }

    /// @notice A voucher with those terms that differ within a group.
    struct GroupRow {
        address payer;
        address signer;
        bytes32 salt;
        Voucher voucher;
    }

    /// @notice Vouchers of channels that agree in everything but payer, signer and salt: cheaper to claim.
    struct ClaimGroup {
        address operator;
        address receiptSigner;
        bytes32 auditor;
        address token;
        uint32 withdrawDelayS;
        GroupRow[] rows;
    }

    /// @notice A payer's order to fund, with its compact signature: `Fund` or `VaultFund`.
    /// @param nonce any number that the payer did not use before, in any order
    /// @param deadline last second in which it counts
    struct Order {
        uint256 nonce;
        uint64 deadline;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice The payer's ERC-2612 permit for this contract.
    struct Permit {
        uint256 valueWei;
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice An EIP-3009 authorization to this contract; its token nonce is `authorizationNonce`.
    /// @param from who pays: the payer or anyone else
    struct Authorization {
        address from;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 salt;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice Why a row of a claim changed nothing.
    enum SkipReason {
        NothingNew,
        BadSignature,
        DepositExhausted,
        ChannelClosed
    }

    /// @notice The channel got its first deposit. With payer and operator these are all of its terms.
    event ChannelOpened(
        bytes32 indexed channelId,
        address indexed payer,
        address indexed operator,
        address signer,
        address receiptSigner,
        bytes32 auditor,
        address token,
        uint32 withdrawDelayS,
        bytes32 salt,
        uint256 depositWei
    );
    /// @notice The deposit of an open channel grew by `amountWei` to `depositWei`.
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
    /// @notice The payer ended its pending withdrawal.
    event WithdrawCancelled(bytes32 indexed channelId);
    /// @notice The channel ended: nothing can fund or claim it any more. The payer got `refundWei`.
    event ChannelClosed(bytes32 indexed channelId, uint256 claimedWei, uint256 royaltyWei, uint256 refundWei);
    /// @notice The vault of `owner` grew by `amountWei` to `balanceWei`.
    event VaultDeposited(address indexed owner, address indexed token, uint256 amountWei, uint256 balanceWei);
    /// @notice `owner` may take up to `amountWei` out of its vault from `readyAt` (seconds) on.
    event VaultWithdrawStarted(address indexed owner, address indexed token, uint256 amountWei, uint64 readyAt);
    /// @notice `owner` got `amountWei` out of its vault.
    event VaultWithdrawFinished(address indexed owner, address indexed token, uint256 amountWei);
    /// @notice No order of `payer` with this nonce can be used any more.
    event OrderCancelled(address indexed payer, uint256 nonce);
    /// @notice The operator was paid its credit.
    event CreditPulled(address indexed operator, address indexed token, uint256 amountWei);
    /// @notice A pool's captured royalty moved to the RewardPool.
    event RoyaltyReleased(address indexed operator, bytes32 indexed auditor, address indexed token, uint256 amountWei);

    /// @notice Payer, signer, operator or owner is missing, or the withdraw delay is out of bounds.
    error EscrowTermsInvalid();
    /// @notice The chain's own coin knows neither permits nor authorizations.
    error EscrowTokenUnsupported(address token);
    /// @notice Coins came along with a payment in a token.
    error EscrowValueUnexpected(uint256 valueWei);
    /// @notice The amount is zero.
    error EscrowAmountZero();
    /// @notice The token moved another amount than was asked for (it takes fees or rebases).
    error EscrowTransferInexact(uint256 askedWei, uint256 movedWei);
    /// @notice The token or `to` refused the payment.
    error EscrowPaymentRefused(address token, address to);
    /// @notice The deposit would pass 80 bits, or the vault 104.
    error EscrowDepositTooLarge();
    /// @notice Nobody funded this channel.
    error EscrowChannelUnknown(bytes32 channelId);
    /// @notice The channel was closed.
    error EscrowChannelClosed(bytes32 channelId);
    /// @notice The signature is not by `account`.
    error EscrowSignatureInvalid(address account);
    /// @notice The order counted until `deadline` (seconds).
    error EscrowDeadlinePassed(uint64 deadline);
    /// @notice The payer used or cancelled this nonce.
    error EscrowNonceUsed(uint256 nonce);
    /// @notice The payer's vault holds only `balanceWei`.
    error EscrowVaultTooLow(uint256 amountWei, uint256 balanceWei);
    /// @notice No withdrawal from this vault was started.
    error EscrowVaultWithdrawMissing(address owner, address token);
    /// @notice Only the payer may start or cancel a withdrawal.
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

    /// @notice Adds `amountWei` from the sender to the deposit, by allowance or as coins; anyone may.
    /// @dev Never touches a pending withdrawal, so that no stranger can delay or extend it.
    function fund(Terms calldata terms, uint256 amountWei) external payable returns (bytes32 channelId);

    /// @notice Adds `amountWei` by an EIP-3009 authorization; anyone may send it.
    /// @dev The token's nonce is `authorizationNonce(channelId, amountWei, salt)`, so that a copied
    /// authorization can fund nothing but this channel, and by nothing but this amount.
    function fundWithAuthorization(Terms calldata terms, uint256 amountWei, Authorization calldata authorization)
        external
        returns (bytes32 channelId);

    /// @notice Adds `amountWei` of the payer's by its permit and its `Fund` order; anyone may send it.
    /// @dev A permit that somebody showed to the token before does no harm: the allowance decides.
    function fundWithPermit(
        Terms calldata terms,
        uint256 amountWei,
        Order calldata order,
        Permit calldata permit
    ) external returns (bytes32 channelId);

    /// @notice Adds `amountWei` out of the payer's vault by its `VaultFund` order; anyone may send it.
    function fundFromVault(Terms calldata terms, uint256 amountWei, Order calldata order)
        external
        returns (bytes32 channelId);

    /// @notice Adds `amountWei` from the sender to the vault of `owner`, by allowance or as coins.
    function vaultDeposit(address owner, address token, uint256 amountWei) external payable;

    /// @notice Starts, or restarts with a new delay, a withdrawal from the sender's vault.
    /// @dev Orders may use the vault up meanwhile; what is left of the amount is paid.
    function vaultStartWithdraw(address token, uint256 amountWei) external;

    /// @notice Pays `owner` min(started amount, balance) once `vaultDelayS` has passed; anyone may send it.
    function vaultFinishWithdraw(address owner, address token) external returns (uint256 amountWei);

    /// @notice Makes the sender's orders with this nonce worthless.
    function cancelOrder(uint256 nonce) external;

    /// @notice Credits operators and pools with what the vouchers newly authorise; anyone may.
    /// @dev Per row: delta = min(cumulative, deposit) - claimed; the pool gets
    /// min(royaltyWei, royalty + delta) - royalty of it, the operator the rest. A row that is stale,
    /// badly signed, of a closed channel or beyond the deposit is skipped and changes nothing else. No
    /// token moves here.
    function claim(ClaimRow[] calldata rows) external;

    /// @notice As `claim`, for rows grouped by what their terms have in common.
    function claimGroups(ClaimGroup[] calldata groups) external;

    /// @notice Ends a channel by agreement: claims its last voucher, refunds the rest to the payer and
    /// lets nothing fund or claim it again. Anyone may send it.
    /// @dev `r`, `vs` sign `Close` {channelId, cumulativeWei, royaltyWei, deadline} by the receipt signer.
    /// The voucher's own signature is looked at only when it brings something new. A closer that signs
    /// for less than it could claim loses the difference.
    function close(ClaimRow calldata row, uint64 deadline, bytes32 r, bytes32 vs)
        external
        returns (uint256 refundWei);

    /// @notice Pays `operator` its credit; anyone may send it.
    function pull(address operator, address token) external returns (uint256 amountWei);

    /// @notice Sends a pool's captured royalty to the RewardPool; only that contract may ask.
    function collectRoyalty(address operator, bytes32 auditor, address token) external returns (uint256 amountWei);

    /// @notice Starts, or restarts with a new delay, the withdrawal of unclaimed deposit; payer only.
    function startWithdraw(Terms calldata terms, uint256 amountWei) external;

    /// @notice Ends the pending withdrawal; payer only.
    function cancelWithdraw(Terms calldata terms) external;

    /// @notice Pays the payer min(started amount, deposit - claimed) once the delay has passed; anyone may send it.
    function finishWithdraw(Terms calldata terms) external returns (uint256 amountWei);

    /// @notice The RewardPool that this escrow was deployed with.
    function rewardPool() external view returns (address);

    /// @notice Seconds between start and finish of a withdrawal from a vault; fixed at deployment.
    function vaultDelayS() external view returns (uint64);

    /// @notice The token nonce of an EIP-3009 authorization: keccak256(abi.encode(channelId, amountWei, salt)).
    function authorizationNonce(bytes32 id, uint256 amountWei, bytes32 salt) external pure returns (bytes32);

    /// @notice The separator of this contract's EIP-712 domain, for contracts that read what is signed in it.
    function DOMAIN_SEPARATOR() external view returns (bytes32);

    /// @notice The id of the channel with these terms.
    function channelId(Terms calldata terms) external view returns (bytes32);

    /// @notice Running totals of a channel; zeros when nobody funded it.
    function channel(bytes32 id)
        external
        view
        returns (uint256 depositWei, uint256 claimedWei, uint256 royaltyWei, bool isClosed);

    /// @notice The pending withdrawal; zeros when there is none.
    function withdrawal(bytes32 id) external view returns (uint256 amountWei, uint64 readyAt);

    /// @notice What a vault holds, and its pending withdrawal; zeros when there is none.
    function vaultOf(address owner, address token)
        external
        view
        returns (uint256 balanceWei, uint256 withdrawingWei, uint64 readyAt);

    /// @notice Whether an order of `payer` with this nonce was used or cancelled.
    function isNonceUsed(address payer, uint256 nonce) external view returns (bool);

    /// @notice What `pull` would pay.
    function creditOf(address operator, address token) external view returns (uint256 amountWei);

    /// @notice What `collectRoyalty` would send.
    function royaltyOf(address operator, bytes32 auditor, address token) external view returns (uint256 amountWei);
}
