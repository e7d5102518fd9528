// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IBountyEscrow} from "./interfaces/IBountyEscrow.sol";
import {IChannelEscrow} from "./interfaces/IChannelEscrow.sol";
import {IDatanetRegistry} from "./interfaces/IDatanetRegistry.sol";
import {IReceiveWithAuthorization} from "./interfaces/IReceiveWithAuthorization.sol";
import {Money} from "./parts/Money.sol";

/// @notice Described in interfaces/IBountyEscrow.sol.
contract BountyEscrow is IBountyEscrow, EIP712, ReentrancyGuardTransient {
    bytes32 public constant LOCK_TYPEHASH =
        keccak256("Lock(bytes32 datanet,bytes32 question,address token,uint64 expiresAt)");
    bytes32 public constant FILL_TYPEHASH = keccak256("Fill(bytes32 lock,bytes32 contribution,address account)");
    /// @inheritdoc IBountyEscrow
    uint64 public constant MAX_LIFE_S = 366 days;

    /// One slot. What was filled stays so: an id never pays twice.
    struct Bounty {
        uint128 lockedWei;
        bool isFilled;
    }

    /// @inheritdoc IBountyEscrow
    address public immutable registry;

    mapping(bytes32 id => Bounty) private _bounties;
    mapping(bytes32 id => mapping(address funder => uint256)) private _funded;
    mapping(address account => mapping(address token => uint256)) private _credits;

    constructor(address registry_) EIP712("datanet.BountyEscrow", "1") {
        registry = registry_;
    }

    /// @inheritdoc IBountyEscrow
    function fund(Terms calldata terms, uint256 amountWei) external payable nonReentrant returns (bytes32 id) {
        id = _lock(terms, msg.sender, amountWei);
        if (terms.token == Money.NATIVE) {
            _exactly(amountWei, msg.value);
        } else {
            if (msg.value != 0) revert BountyValueUnexpected(msg.value);
            _exactly(amountWei, Money.take(terms.token, msg.sender, amountWei));
        }
    }

    /// @inheritdoc IBountyEscrow
    function fundWithPermit(Terms calldata terms, uint256 amountWei, IChannelEscrow.Permit calldata permit)
        external
        nonReentrant
        returns (bytes32 id)
    {
        if (terms.token == Money.NATIVE) revert BountyTokenUnsupported(terms.token);
        id = _lock(terms, msg.sender, amountWei);
        // Whoever saw the permit may have shown it to the token before: the allowance decides, not this call.
        try IERC20Permit(terms.token).permit(
            msg.sender, address(this), permit.valueWei, permit.deadline, permit.v, permit.r, permit.s
        ) {} catch {}
        _exactly(amountWei, Money.take(terms.token, msg.sender, amountWei));
    }

    /// @inheritdoc IBountyEscrow
    function fundWithAuthorization(
        Terms calldata terms,
        uint256 amountWei,
        IChannelEscrow.Authorization calldata authorization
    ) external nonReentrant returns (bytes32 id) {
        if (terms.token == Money.NATIVE) revert BountyTokenUnsupported(terms.token);
        id = _lock(terms, authorization.from, amountWei);
        IReceiveWithAuthorization token = IReceiveWithAuthorization(terms.token);
        uint256 before = token.balanceOf(address(this));
        token.receiveWithAuthorization(
            authorization.from,
            address(this),
            amountWei,
            authorization.validAfter,
            authorization.validBefore,
            authorizationNonce(id, amountWei, authorization.salt),
            authorization.v,
            authorization.r,
            authorization.s
        );
        _exactly(amountWei, token.balanceOf(address(this)) - before);
    }

    /// @inheritdoc IBountyEscrow
    function fill(
        Terms calldata terms,
        bytes32 contribution,
        address account,
        Place calldata place,
        IDatanetRegistry.Signature[] calldata approvals
    ) external nonReentrant returns (uint256 amountWei) {
        bytes32 id = bountyId(terms);
        Bounty storage bounty = _bounties[id];
        if (block.timestamp >= terms.expiresAt) revert BountyExpired(terms.expiresAt);
        if (bounty.isFilled) revert BountyAlreadyFilled(id);
        amountWei = bounty.lockedWei;
        if (amountWei == 0) revert BountyEmpty(id);
        if (account == address(0)) revert BountyAccountMissing();
        _demandQuorum(terms.datanet, id, contribution, account, approvals);
        if (!_isAnchored(terms.datanet, contribution, place)) revert BountyContributionUnproven(contribution);

        (bounty.lockedWei, bounty.isFilled) = (0, true);
        // Credited and not paid: no token and no receiver can keep a bounty from being filled.
        _credits[account][terms.token] += amountWei;
        emit BountyFilled(id, contribution, account, amountWei);
    }

    /// @inheritdoc IBountyEscrow
    function refund(Terms calldata terms, address funder) external nonReentrant returns (uint256 amountWei) {
        bytes32 id = bountyId(terms);
        if (block.timestamp < terms.expiresAt) revert BountyNotExpired(terms.expiresAt);
        if (_bounties[id].isFilled) revert BountyAlreadyFilled(id);
        amountWei = _funded[id][funder];
        if (amountWei == 0) revert BountyEmpty(id);
        _bounties[id].lockedWei -= uint128(amountWei);
        _funded[id][funder] = 0;
        emit BountyRefunded(id, funder, amountWei);
        if (!Money.pay(terms.token, funder, amountWei, gasleft())) revert BountyPaymentRefused(funder);
    }

    /// @inheritdoc IBountyEscrow
    function claim(address account, address token) external nonReentrant returns (uint256 amountWei) {
        amountWei = _credits[account][token];
        if (amountWei == 0) revert BountyNothingCredited(account, token);
        _credits[account][token] = 0;
        emit BountyClaimed(account, token, amountWei);
        if (!Money.pay(token, account, amountWei, gasleft())) revert BountyPaymentRefused(account);
    }

    /// @inheritdoc IBountyEscrow
    function bountyId(Terms calldata terms) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(LOCK_TYPEHASH, terms.datanet, terms.question, terms.token, terms.expiresAt))
        );
    }

    /// @inheritdoc IBountyEscrow
    function authorizationNonce(bytes32 id, uint256 amountWei, bytes32 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(id, amountWei, salt));
    }

    /// @inheritdoc IBountyEscrow
    function bountyOf(bytes32 id) external view returns (uint256, bool) {
        return (_bounties[id].lockedWei, _bounties[id].isFilled);
    }

    /// @inheritdoc IBountyEscrow
    function fundedBy(bytes32 id, address funder) external view returns (uint256) {
        return _funded[id][funder];
    }

    /// @inheritdoc IBountyEscrow
    function creditOf(address account, address token) external view returns (uint256) {
        return _credits[account][token];
    }

    /// @inheritdoc IBountyEscrow
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// Books what is locked; the caller sees to it that the money arrives, or reverts.
    function _lock(Terms calldata terms, address funder, uint256 amountWei) private returns (bytes32 id) {
        if (terms.datanet == bytes32(0) || terms.question == bytes32(0)) revert BountyTermsInvalid();
        if (amountWei == 0) revert BountyAmountZero();
        uint64 expiresAt = terms.expiresAt;
        if (block.timestamp >= expiresAt) revert BountyExpired(expiresAt);
        if (expiresAt - block.timestamp > MAX_LIFE_S) revert BountyLifeTooLong(expiresAt);
        id = bountyId(terms);
        Bounty storage bounty = _bounties[id];
        if (bounty.isFilled) revert BountyAlreadyFilled(id);
        uint256 lockedWei = bounty.lockedWei;
        if (amountWei > type(uint128).max - lockedWei) revert BountyTooLarge();
        lockedWei += amountWei;
        bounty.lockedWei = uint128(lockedWei);
        _funded[id][funder] += amountWei;
        emit BountyFunded(id, terms.datanet, funder, terms.question, terms.token, expiresAt, amountWei, lockedWei);
    }

    /// Nobody has a say in a payment to the account that is paid.
    function _demandQuorum(
        bytes32 datanet,
        bytes32 id,
        bytes32 contribution,
        address account,
        IDatanetRegistry.Signature[] calldata approvals
    ) private view {
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(FILL_TYPEHASH, id, contribution, account)));
        for (uint256 i = 0; i < approvals.length; ++i) {
            (address signer,,) = ECDSA.tryRecover(digest, approvals[i].r, approvals[i].vs);
            if (signer == account) revert BountySelfApproved(account);
        }
        (uint256 count, uint8 threshold) = IDatanetRegistry(registry).countApprovals(datanet, digest, approvals);
        if (count < threshold) revert BountyApprovalsMissing(count, threshold);
    }

    /// Whether the contribution is that row of a revision that its curators anchored.
    function _isAnchored(bytes32 datanet, bytes32 contribution, Place calldata place) private view returns (bool) {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(contribution, place.row))));
        return IDatanetRegistry(registry).verifyContribution(datanet, place.anchored, place.later, leaf, place.proof);
    }

    /// A token that keeps a part of what it moves would leave bounties that cannot all be paid.
    function _exactly(uint256 amountWei, uint256 movedWei) private pure {
        if (movedWei != amountWei) revert BountyTransferInexact(amountWei, movedWei);
    }
}
