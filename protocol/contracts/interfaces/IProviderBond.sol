// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

/// @title Money that providers lose when their receipt signer contradicts itself.
/// @notice No owner. Anyone may stake on a receipt signer. Two receipts signed for one (channel, seq)
/// with different leaves take the whole stake: a tenth goes to the reporter, the rest is burnt. Only the
/// receipt signer's own signatures count, in the escrow's domain: terms that somebody invents, or a
/// channel of somebody else, touch no bond. Amounts are in the token's smallest unit (token zero is the
/// chain's own coin), times in seconds.
interface IProviderBond {
    /// @notice Two receipts for one place in a channel, with compact signatures (EIP-2098).
    /// @param channelId not zero: receipts of free calls contradict nothing
    /// @param leafA digest of one receipt's body
    /// @param pathA from it to the root of the group that it was signed in; empty where it was signed alone
    /// @param leafB digest of another's body
    /// @param pathB its path
    struct Equivocation {
        bytes32 channelId;
        uint64 seq;
        bytes32 leafA;
        bytes32[] pathA;
        bytes32 rA;
        bytes32 vsA;
        bytes32 leafB;
        bytes32[] pathB;
        bytes32 rB;
        bytes32 vsB;
    }

    /// @notice The bond of `owner` grew by `amountWei` to `stakeWei`.
    event BondStaked(
        address indexed owner, address indexed receiptSigner, address indexed token, uint256 amountWei, uint256 stakeWei
    );
    /// @notice `owner` may take `amountWei` back from `readyAt` (seconds) on.
    event BondWithdrawStarted(
        address indexed owner, address indexed receiptSigner, address indexed token, uint256 amountWei, uint64 readyAt
    );
    /// @notice `owner` got `amountWei` back.
    event BondWithdrawn(address indexed owner, address indexed receiptSigner, address indexed token, uint256 amountWei);
    /// @notice The bond is gone, since its signer signed two receipts for `seq` of `channelId`.
    event BondSlashed(
        address indexed owner,
        address indexed receiptSigner,
        address indexed token,
        bytes32 channelId,
        uint64 seq,
        address reporter,
        uint256 rewardWei,
        uint256 burntWei
    );

    /// @notice The receipt signer is missing.
    error BondSignerMissing();
    /// @notice This receipt signer contradicted itself before: nothing can be staked on it any more.
    error BondSignerConvicted(address receiptSigner);
    /// @notice The amount is zero.
    error BondAmountZero();
    /// @notice The stake would pass 104 bits.
    error BondTooLarge();
    /// @notice Coins came along with a stake in a token.
    error BondValueUnexpected(uint256 valueWei);
    /// @notice The token moved another amount than was asked for.
    error BondTransferInexact(uint256 askedWei, uint256 movedWei);
    /// @notice More than the stake.
    error BondWithdrawTooLarge(uint256 amountWei, uint256 stakeWei);
    /// @notice No withdrawal was started.
    error BondWithdrawMissing();
    /// @notice The withdrawal can be finished from `readyAt` (seconds) on.
    error BondWithdrawEarly(uint64 readyAt);
    /// @notice The token or `account` refused the payment.
    error BondPaymentRefused(address account);
    /// @notice The leaves are equal, or the receipts are of free calls.
    error BondNotEquivocal();
    /// @notice A receipt is not signed by `receiptSigner`.
    error BondSignatureInvalid(address receiptSigner);
    /// @notice There is nothing to slash.
    error BondMissing();

    /// @notice Adds `amountWei` from the sender, by allowance or as coins, to its bond on `receiptSigner`.
    function stake(address receiptSigner, address token, uint256 amountWei) external payable;

    /// @notice Starts, or restarts with a new delay, a withdrawal from the sender's bond.
    /// @dev What is on its way out can be slashed until it is out.
    function startWithdraw(address receiptSigner, address token, uint256 amountWei) external;

    /// @notice Pays `owner` the started amount once `delayS` has passed; anyone may send it.
    function finishWithdraw(address owner, address receiptSigner, address token) external returns (uint256 amountWei);

    /// @notice Takes the whole bond: a tenth, rounded down, for `reporter`, the rest for nobody.
    /// @dev The rest goes to BURN_ADDRESS; should the token refuse that, it stays in this contract, which
    /// has no way to move it. Whoever sees a report can send it first in its own name: what counts is
    /// that the bond is gone.
    function slash(
        address owner,
        address receiptSigner,
        address token,
        address reporter,
        Equivocation calldata proof
    ) external returns (uint256 rewardWei);

    /// @notice The stake, and the part of it that is on its way out; zeros when there is none.
    function bondOf(address owner, address receiptSigner, address token)
        external
        view
        returns (uint256 stakeWei, uint256 withdrawingWei, uint64 readyAt);

    /// @notice Whether a bond on `receiptSigner` was slashed.
    function isConvicted(address receiptSigner) external view returns (bool);

    /// @notice Where burnt stakes go.
    function BURN_ADDRESS() external view returns (address);

    /// @notice The escrow in whose domain receipts are signed.
    function escrow() external view returns (address);

    /// @notice Seconds between start and finish of a withdrawal; fixed at deployment.
    function delayS() external view returns (uint64);
}
