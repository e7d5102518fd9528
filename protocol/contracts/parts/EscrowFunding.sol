// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IChannelEscrow} from "../interfaces/IChannelEscrow.sol";
import {IReceiveWithAuthorization} from "../interfaces/IReceiveWithAuthorization.sol";
import {EscrowBase} from "./EscrowBase.sol";
import {Money} from "./Money.sol";

/// @notice The ways by which money comes into channels: by the sender's own hand, by what the payer
/// signed, and out of its vault.
abstract contract EscrowFunding is EscrowBase {
    bytes32 public constant FUND_TYPEHASH =
        keccak256("Fund(bytes32 channelId,uint256 amountWei,uint256 nonce,uint64 deadline)");
    bytes32 public constant VAULT_FUND_TYPEHASH =
        keccak256("VaultFund(bytes32 channelId,uint256 amountWei,uint256 nonce,uint64 deadline)");

    /// One slot.
    struct Vault {
        uint104 balance;
        uint104 withdrawing;
        uint40 readyAt;
    }

    /// @inheritdoc IChannelEscrow
    uint64 public immutable vaultDelayS;

    mapping(address owner => mapping(address token => Vault)) private _vaults;
    /// One bit per nonce, 256 to a word: orders of one payer in a row cost one new word together.
    mapping(address payer => mapping(uint256 word => uint256 bits)) private _nonces;

    constructor(uint64 vaultDelayS_) {
        vaultDelayS = vaultDelayS_;
    }

    /// @inheritdoc IChannelEscrow
    function fund(Terms calldata terms, uint256 amountWei) external payable nonReentrant returns (bytes32 id) {
        id = _deposit(terms, amountWei);
        _take(_tokenOf(terms), amountWei);
    }

    /// @inheritdoc IChannelEscrow
    function fundWithAuthorization(Terms calldata terms, uint256 amountWei, Authorization calldata authorization)
        external
        nonReentrant
        returns (bytes32 id)
    {
        if (terms.token == Money.NATIVE) revert EscrowTokenUnsupported(terms.token);
        id = _deposit(terms, amountWei);
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

    /// @inheritdoc IChannelEscrow
    function fundWithPermit(
        Terms calldata terms,
        uint256 amountWei,
        Order calldata order,
        Permit calldata permit
    ) external nonReentrant returns (bytes32 id) {
        if (terms.token == Money.NATIVE) revert EscrowTokenUnsupported(terms.token);
        id = _deposit(terms, amountWei);
        _spendOrder(FUND_TYPEHASH, terms.payer, id, amountWei, order);
        // Whoever saw the permit may have shown it to the token before: the allowance decides, not this call.
        try IERC20Permit(terms.token).permit(
            terms.payer, address(this), permit.valueWei, permit.deadline, permit.v, permit.r, permit.s
        ) {} catch {}
        _exactly(amountWei, Money.take(terms.token, terms.payer, amountWei));
    }

    /// @inheritdoc IChannelEscrow
    function fundFromVault(Terms calldata terms, uint256 amountWei, Order calldata order)
        external
        nonReentrant
        returns (bytes32 id)
    {
        id = _deposit(terms, amountWei);
        _spendOrder(VAULT_FUND_TYPEHASH, terms.payer, id, amountWei, order);
        Vault storage vault = _vaults[terms.payer][terms.token];
        uint256 balanceWei = vault.balance;
        if (amountWei > balanceWei) revert EscrowVaultTooLow(amountWei, balanceWei);
        vault.balance = uint104(balanceWei - amountWei);
    }

    /// @inheritdoc IChannelEscrow
    function vaultDeposit(address owner, address token, uint256 amountWei) external payable nonReentrant {
        if (owner == address(0)) revert EscrowTermsInvalid();
        if (amountWei == 0) revert EscrowAmountZero();
        Vault storage vault = _vaults[owner][token];
        // Bounded before it is added, since the sum of two such numbers fits.
        if (amountWei > type(uint104).max || vault.balance + amountWei > type(uint104).max) {
            revert EscrowDepositTooLarge();
        }
        vault.balance += uint104(amountWei);
        emit VaultDeposited(owner, token, amountWei, vault.balance);
        _take(token, amountWei);
    }

    /// @inheritdoc IChannelEscrow
    function vaultStartWithdraw(address token, uint256 amountWei) external nonReentrant {
        if (amountWei == 0) revert EscrowAmountZero();
        Vault storage vault = _vaults[msg.sender][token];
        if (amountWei > vault.balance) revert EscrowWithdrawTooLarge(amountWei, vault.balance);
        uint64 readyAt = uint64(block.timestamp) + vaultDelayS;
        vault.withdrawing = uint104(amountWei);
        vault.readyAt = uint40(readyAt);
        emit VaultWithdrawStarted(msg.sender, token, amountWei, readyAt);
    }

    /// @inheritdoc IChannelEscrow
    function vaultFinishWithdraw(address owner, address token) external nonReentrant returns (uint256 amountWei) {
        Vault storage vault = _vaults[owner][token];
        uint64 readyAt = vault.readyAt;
        if (readyAt == 0) revert EscrowVaultWithdrawMissing(owner, token);
        if (block.timestamp < readyAt) revert EscrowWithdrawEarly(readyAt);
        amountWei = vault.withdrawing < vault.balance ? vault.withdrawing : vault.balance;
        vault.balance -= uint104(amountWei);
        vault.withdrawing = 0;
        vault.readyAt = 0;
        emit VaultWithdrawFinished(owner, token, amountWei);
        _pay(token, owner, amountWei);
    }

    /// @inheritdoc IChannelEscrow
    function cancelOrder(uint256 nonce) external nonReentrant {
        _useNonce(msg.sender, nonce);
        emit OrderCancelled(msg.sender, nonce);
    }

    /// @inheritdoc IChannelEscrow
    function authorizationNonce(bytes32 id, uint256 amountWei, bytes32 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(id, amountWei, salt));
    }

    /// @inheritdoc IChannelEscrow
    function vaultOf(address owner, address token) external view returns (uint256, uint256, uint64) {
        Vault storage vault = _vaults[owner][token];
        return (vault.balance, vault.withdrawing, vault.readyAt);
    }

    /// @inheritdoc IChannelEscrow
    function isNonceUsed(address payer, uint256 nonce) external view returns (bool) {
        return _nonces[payer][nonce >> 8] & (1 << (nonce & 255)) != 0;
    }

    /// Takes from the sender: by allowance, or what it sent along of the chain's own coin.
    function _take(address token, uint256 amountWei) private {
        if (token == Money.NATIVE) return _exactly(amountWei, msg.value);
        if (msg.value != 0) revert EscrowValueUnexpected(msg.value);
        _exactly(amountWei, Money.take(token, msg.sender, amountWei));
    }

    function _spendOrder(bytes32 typeHash, address payer, bytes32 id, uint256 amountWei, Order calldata order)
        private
    {
        if (block.timestamp > order.deadline) revert EscrowDeadlinePassed(order.deadline);
        bytes32 structHash = keccak256(abi.encode(typeHash, id, amountWei, order.nonce, order.deadline));
        if (!_isSigned(_hashTypedDataV4(structHash), order.r, order.vs, payer)) {
            revert EscrowSignatureInvalid(payer);
        }
        _useNonce(payer, order.nonce);
    }

    function _useNonce(address payer, uint256 nonce) private {
        uint256 bit = 1 << (nonce & 255);
        uint256 bits = _nonces[payer][nonce >> 8];
        if (bits & bit != 0) revert EscrowNonceUsed(nonce);
        _nonces[payer][nonce >> 8] = bits | bit;
    }
}
