// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IChannelEscrow} from "./IChannelEscrow.sol";
import {IDatanetRegistry} from "./IDatanetRegistry.sol";

/// @title Money locked for the answer to a question that a Datanet does not answer yet.
/// @notice No owner, no proxy and no fee. Anyone locks money for a question; several may for the same one.
/// Before it expires, a quorum of the Datanet's curators in force may give all of it, once, to the account
/// behind a contribution that an anchored revision holds. From its expiry on, each funder gets back what
/// it gave. Amounts are in the token's smallest unit (token zero is the chain's own coin), times in seconds.
interface IBountyEscrow {
    /// @notice What a bounty is for: its id is the EIP-712 digest of these in this contract's domain.
    /// @param datanet chain key of the Datanet whose curators decide
    /// @param question commitment to the question: sha2-256 digest of the bounty's record
    /// @param token what it is paid in; zero for coins
    /// @param expiresAt the first second in which it cannot be filled and can be refunded
    struct Terms {
        bytes32 datanet;
        bytes32 question;
        address token;
        uint64 expiresAt;
    }

    /// @notice Where a contribution lies.
    /// @param row its row in the anchored revision
    /// @param proof siblings of its leaf, from below
    /// @param anchored the revision, as it was anchored
    /// @param later all revisions anchored after it, in order; none when it is the newest
    struct Place {
        uint256 row;
        bytes32[] proof;
        IDatanetRegistry.Anchored anchored;
        IDatanetRegistry.Link[] later;
    }

    /// @notice `funder` locked `amountWei` for a bounty, which now holds `lockedWei`.
    event BountyFunded(
        bytes32 indexed bounty,
        bytes32 indexed datanet,
        address indexed funder,
        bytes32 question,
        address token,
        uint64 expiresAt,
        uint256 amountWei,
        uint256 lockedWei
    );
    /// @notice `contribution` filled a bounty: `account` was credited all that it held.
    event BountyFilled(
        bytes32 indexed bounty, bytes32 indexed contribution, address indexed account, uint256 amountWei
    );
    /// @notice `funder` got `amountWei` back from an expired bounty.
    event BountyRefunded(bytes32 indexed bounty, address indexed funder, uint256 amountWei);
    /// @notice `account` was paid `amountWei` of what bounties credited it.
    event BountyClaimed(address indexed account, address indexed token, uint256 amountWei);

    /// @notice The terms name no Datanet or no question.
    error BountyTermsInvalid();
    /// @notice The amount is zero.
    error BountyAmountZero();
    /// @notice What the bounty holds would pass 128 bits.
    error BountyTooLarge();
    /// @notice It would expire later than MAX_LIFE_S from now.
    error BountyLifeTooLong(uint64 expiresAt);
    /// @notice It expired: it cannot be funded or filled any more.
    error BountyExpired(uint64 expiresAt);
    /// @notice It can be refunded from `expiresAt` on.
    error BountyNotExpired(uint64 expiresAt);
    /// @notice It was filled before: that is for ever.
    error BountyAlreadyFilled(bytes32 bounty);
    /// @notice It holds nothing, or nothing of this funder's.
    error BountyEmpty(bytes32 bounty);
    /// @notice The account to be paid is missing.
    error BountyAccountMissing();
    /// @notice One of the approvals is by the very account that would be paid.
    error BountySelfApproved(address account);
    /// @notice Only `approvals` distinct curators signed; `threshold` are needed.
    error BountyApprovalsMissing(uint256 approvals, uint8 threshold);
    /// @notice No anchored revision of the Datanet holds the contribution in this place.
    error BountyContributionUnproven(bytes32 contribution);
    /// @notice Nothing is credited to `account` in this token.
    error BountyNothingCredited(address account, address token);
    /// @notice Coins came along with a payment in a token.
    error BountyValueUnexpected(uint256 valueWei);
    /// @notice The token moved another amount than was asked for.
    error BountyTransferInexact(uint256 askedWei, uint256 movedWei);
    /// @notice This way of funding is none for coins.
    error BountyTokenUnsupported(address token);
    /// @notice The token or `account` refused the payment.
    error BountyPaymentRefused(address account);

    /// @notice Locks `amountWei` of the sender's, by allowance or as coins.
    function fund(Terms calldata terms, uint256 amountWei) external payable returns (bytes32 bounty);

    /// @notice Locks `amountWei` of the sender's by its ERC-2612 permit.
    /// @dev A permit that was shown before is no reason to refuse: the allowance decides.
    function fundWithPermit(Terms calldata terms, uint256 amountWei, IChannelEscrow.Permit calldata permit)
        external
        returns (bytes32 bounty);

    /// @notice Locks `amountWei` of who signed an EIP-3009 authorization, whoever sends it.
    /// @dev Its nonce is `authorizationNonce`: it counts for these terms and this amount alone.
    function fundWithAuthorization(
        Terms calldata terms,
        uint256 amountWei,
        IChannelEscrow.Authorization calldata authorization
    ) external returns (bytes32 bounty);

    /// @notice Credits all that a bounty holds to `account`, once. Anyone may send it.
    /// @param contribution sha2-256 digest of the contribution's record
    /// @param account who is paid; none of those who approve
    /// @param approvals Fill signatures by curators in force; those of strangers and repeated ones do not count
    function fill(
        Terms calldata terms,
        bytes32 contribution,
        address account,
        Place calldata place,
        IDatanetRegistry.Signature[] calldata approvals
    ) external returns (uint256 amountWei);

    /// @notice Pays `funder` back what it gave to a bounty that expired unfilled; anyone may send it.
    function refund(Terms calldata terms, address funder) external returns (uint256 amountWei);

    /// @notice Pays `account` all that bounties credited it in `token`; anyone may send it.
    function claim(address account, address token) external returns (uint256 amountWei);

    /// @notice The id of the bounty with these terms.
    function bountyId(Terms calldata terms) external view returns (bytes32);

    /// @notice The nonce of an EIP-3009 authorization for `bounty`: keccak256(abi.encode(bounty, amountWei, salt)).
    function authorizationNonce(bytes32 bounty, uint256 amountWei, bytes32 salt) external pure returns (bytes32);

    /// @notice What is locked for a bounty, and whether it was filled; zeros when it was never funded.
    function bountyOf(bytes32 bounty) external view returns (uint256 lockedWei, bool isFilled);

    /// @notice What `funder` gave and did not get back; of a filled bounty what it gave.
    function fundedBy(bytes32 bounty, address funder) external view returns (uint256 amountWei);

    /// @notice What bounties credited `account` in `token` and it was not paid yet.
    function creditOf(address account, address token) external view returns (uint256 amountWei);

    /// @notice The separator of this contract's EIP-712 domain; it follows the chain id.
    function DOMAIN_SEPARATOR() external view returns (bytes32);

    /// @notice The longest that money can be locked for, from the funding on, in seconds.
    function MAX_LIFE_S() external view returns (uint64);

    /// @notice Who knows the curators and the anchored revisions; fixed at deployment.
    function registry() external view returns (address);
}
