// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IChannelEscrow} from "./interfaces/IChannelEscrow.sol";
import {IDatanetRegistry} from "./interfaces/IDatanetRegistry.sol";
import {IReceiveWithAuthorization} from "./interfaces/IReceiveWithAuthorization.sol";
import {Money} from "./parts/Money.sol";
import {RewardPool} from "./RewardPool.sol";

/// @notice Described in interfaces/IChannelEscrow.sol.
contract ChannelEscrow is IChannelEscrow, EIP712, ReentrancyGuardTransient {
    bytes32 public constant TERMS_TYPEHASH = keccak256(
        "Terms(address payer,address signer,address operator,address receiptSigner,bytes32 auditor,address token,uint32 withdrawDelayS,bytes32 salt)"
    );
    bytes32 public constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(bytes32 channelId,uint128 cumulativeWei,uint128 royaltyWei,uint64 receipts,bytes32 receiptsRoot)"
    );
    bytes32 public constant CLOSE_TYPEHASH =
        keccak256("Close(bytes32 channelId,uint128 cumulativeWei,uint128 royaltyWei,uint64 deadline)");
    bytes32 public constant FUND_TYPEHASH =
        keccak256("Fund(bytes32 channelId,uint256 amountWei,uint256 nonce,uint64 deadline)");
    bytes32 public constant VAULT_FUND_TYPEHASH =
        keccak256("VaultFund(bytes32 channelId,uint256 amountWei,uint256 nonce,uint64 deadline)");

    uint32 private constant MAX_WITHDRAW_DELAY_S = 30 days;

    /// One slot. `opened` and `closed` outlive the deposit: totals are for ever.
    struct Channel {
        uint80 deposit;
        uint80 claimed;
        uint80 royalty;
        bool opened;
        bool closed;
    }

    struct Withdrawal {
        uint80 amount;
        uint64 readyAt;
    }

    /// One slot.
    struct Vault {
        uint104 balance;
        uint104 withdrawing;
        uint40 readyAt;
    }

    /// @inheritdoc IChannelEscrow
    address public immutable rewardPool;
    /// @inheritdoc IChannelEscrow
    uint64 public immutable vaultDelayS;

    mapping(bytes32 id => Channel) private _channels;
    mapping(bytes32 id => Withdrawal) private _withdrawals;
    mapping(address operator => mapping(address token => uint256)) private _credits;
    mapping(bytes32 poolId => uint256) private _royalties;
    mapping(address owner => mapping(address token => Vault)) private _vaults;
    /// One bit per nonce, 256 to a word: orders of one payer in a row cost one new word together.
    mapping(address payer => mapping(uint256 word => uint256 bits)) private _nonces;

    /// @dev Deploys its own pool: the two know each other from the first block on and for ever.
    constructor(IDatanetRegistry registry, uint64 dropDelayS, uint64 vaultDelayS_)
        EIP712("datanet.ChannelEscrow", "1")
    {
        rewardPool = address(new RewardPool(registry, this, dropDelayS));
        vaultDelayS = vaultDelayS_;
    }

    /// @inheritdoc IChannelEscrow
    function fund(Terms calldata terms, uint256 amountWei) external payable nonReentrant returns (bytes32 id) {
        id = _deposit(terms, amountWei);
        _take(terms.token, amountWei);
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
    function close(ClaimRow calldata row, uint64 deadline, bytes32 r, bytes32 vs)
        external
        nonReentrant
        returns (uint256 refundWei)
    {
        bytes32 id = channelId(row.terms);
        if (!_channels[id].opened) revert EscrowChannelUnknown(id);
        if (_channels[id].closed) revert EscrowChannelClosed(id);
        if (block.timestamp > deadline) revert EscrowDeadlinePassed(deadline);
        Voucher calldata voucher = row.voucher;
        bytes32 structHash =
            keccak256(abi.encode(CLOSE_TYPEHASH, id, voucher.cumulativeWei, voucher.royaltyWei, deadline));
        if (!_isSigned(_hashTypedDataV4(structHash), r, vs, row.terms.receiptSigner)) {
            revert EscrowSignatureInvalid(row.terms.receiptSigner);
        }
        _claimLast(id, row);

        Channel storage state = _channels[id];
        refundWei = state.deposit - state.claimed;
        state.deposit = state.claimed;
        state.closed = true;
        delete _withdrawals[id];
        emit ChannelClosed(id, state.claimed, state.royalty, refundWei);
        _pay(row.terms.token, row.terms.payer, refundWei);
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
        uint256 available = _channels[id].deposit - _channels[id].claimed;
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
        Channel storage state = _channels[id];
        uint80 available = state.deposit - state.claimed;
        uint80 amount = pending.amount < available ? pending.amount : available;
        delete _withdrawals[id];
        state.deposit -= amount;
        emit WithdrawFinished(id, amount);
        _pay(terms.token, terms.payer, amount);
        return amount;
    }

    /// @inheritdoc IChannelEscrow
    function channelId(Terms calldata terms) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(TERMS_TYPEHASH, terms)));
    }

    /// @inheritdoc IChannelEscrow
    function authorizationNonce(bytes32 id, uint256 amountWei, bytes32 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(id, amountWei, salt));
    }

    /// @inheritdoc IChannelEscrow
    function channel(bytes32 id) external view returns (uint256, uint256, uint256, bool) {
        Channel storage state = _channels[id];
        return (state.deposit, state.claimed, state.royalty, state.closed);
    }

    /// @inheritdoc IChannelEscrow
    function withdrawal(bytes32 id) external view returns (uint256, uint64) {
        return (_withdrawals[id].amount, _withdrawals[id].readyAt);
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

    /// @inheritdoc IChannelEscrow
    function creditOf(address operator, address token) external view returns (uint256) {
        return _credits[operator][token];
    }

    /// @inheritdoc IChannelEscrow
    function royaltyOf(address operator, bytes32 auditor, address token) external view returns (uint256) {
        return _royalties[_poolId(operator, auditor, token)];
    }

    /// Books a deposit; the caller sees to it that the money arrives, or reverts.
    function _deposit(Terms calldata terms, uint256 amountWei) private returns (bytes32 id) {
        if (terms.payer == address(0) || terms.signer == address(0) || terms.operator == address(0)) {
            revert EscrowTermsInvalid();
        }
        if (terms.withdrawDelayS == 0 || terms.withdrawDelayS > MAX_WITHDRAW_DELAY_S) revert EscrowTermsInvalid();
        if (amountWei == 0) revert EscrowAmountZero();
        id = channelId(terms);
        Channel memory state = _channels[id];
        if (state.closed) revert EscrowChannelClosed(id);
        if (amountWei > type(uint80).max - state.deposit) revert EscrowDepositTooLarge();
        state.deposit += uint80(amountWei);
        if (!state.opened) {
            state.opened = true;
            emit ChannelOpened(id, terms.payer, terms.operator, terms);
        }
        _channels[id] = state;
        emit ChannelFunded(id, amountWei, state.deposit);
    }

    /// Takes from the sender: by allowance, or what it sent along of the chain's own coin.
    function _take(address token, uint256 amountWei) private {
        if (token == Money.NATIVE) return _exactly(amountWei, msg.value);
        if (msg.value != 0) revert EscrowValueUnexpected(msg.value);
        _exactly(amountWei, Money.take(token, msg.sender, amountWei));
    }

    /// A token that keeps a part of what it moves would leave deposits that cannot all be paid.
    function _exactly(uint256 amountWei, uint256 movedWei) private pure {
        if (movedWei != amountWei) revert EscrowTransferInexact(amountWei, movedWei);
    }

    function _pay(address token, address to, uint256 amountWei) private {
        if (amountWei == 0) return;
        if (!Money.pay(token, to, amountWei, gasleft())) revert EscrowPaymentRefused(token, to);
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

    function _ofPayer(Terms calldata terms) private view returns (bytes32) {
        if (msg.sender != terms.payer) revert EscrowNotPayer(msg.sender);
        return channelId(terms);
    }

    /// The words of the terms are laid out once; each row changes three of them.
    function _claimGroup(ClaimGroup calldata group, bytes32 separator) private {
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
        private
        returns (uint256 creditWei, uint256 royaltyWei)
    {
        Channel memory state = _channels[id];
        uint128 cumulativeWei = voucher.cumulativeWei;
        if (state.closed) return _skip(id, SkipReason.ChannelClosed);
        if (cumulativeWei <= state.claimed) return _skip(id, SkipReason.NothingNew);
        if (state.deposit == state.claimed) return _skip(id, SkipReason.DepositExhausted);
        bytes32 digest = MessageHashUtils.toTypedDataHash(separator, _voucherHash(id, voucher));
        if (!_isSigned(digest, voucher.r, voucher.vs, signer)) return _skip(id, SkipReason.BadSignature);

        unchecked {
            // claimed < cumulative and claimed < deposit, as checked above; royalty <= claimed always.
            uint80 claimed = cumulativeWei < state.deposit ? uint80(cumulativeWei) : state.deposit;
            uint80 delta = claimed - state.claimed;
            // At most what is newly claimed, and never less than was captured before: a signer that lowers
            // its royalty total can neither revert the claim nor take anything out of the pool.
            uint80 captured = 0;
            if (voucher.royaltyWei > state.royalty) {
                uint128 wanted = voucher.royaltyWei - state.royalty;
                captured = wanted < delta ? uint80(wanted) : delta;
            }
            state.claimed = claimed;
            state.royalty += captured;
            (creditWei, royaltyWei) = (delta - captured, captured);
        }
        _channels[id] = state;
        emit Claimed(id, state.claimed, state.royalty, voucher.receipts, voucher.receiptsRoot);
    }

    /// The last voucher of a closing channel, unless all of it was claimed before.
    function _claimLast(bytes32 id, ClaimRow calldata row) private {
        Channel storage state = _channels[id];
        if (row.voucher.cumulativeWei <= state.claimed || state.claimed == state.deposit) return;
        Terms calldata terms = row.terms;
        (uint256 creditWei, uint256 royaltyWei) = _claim(id, terms.signer, row.voucher, _domainSeparatorV4());
        if (creditWei + royaltyWei == 0) revert EscrowSignatureInvalid(terms.signer);
        _credit(terms.operator, terms.auditor, terms.token, creditWei, royaltyWei);
    }

    function _credit(address operator, bytes32 auditor, address token, uint256 creditWei, uint256 royaltyWei)
        private
    {
        if (creditWei > 0) _credits[operator][token] += creditWei;
        if (royaltyWei > 0) _royalties[_poolId(operator, auditor, token)] += royaltyWei;
    }

    function _skip(bytes32 id, SkipReason reason) private returns (uint256, uint256) {
        emit ClaimSkipped(id, reason);
        return (0, 0);
    }

    function _isSigned(bytes32 digest, bytes32 r, bytes32 vs, address account) private pure returns (bool) {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, r, vs);
        return failure == ECDSA.RecoverError.NoError && signer == account;
    }

    /// The four signed fields lie side by side in calldata. Their high bits are checked where they are read.
    function _voucherHash(bytes32 id, Voucher calldata voucher) private pure returns (bytes32 structHash) {
        bytes32 typeHash = VOUCHER_TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            mstore(add(words, 32), id)
            calldatacopy(add(words, 64), voucher, 128)
            structHash := keccak256(words, 192)
        }
    }

    function _poolId(address operator, bytes32 auditor, address token) private pure returns (bytes32) {
        return keccak256(abi.encode(operator, auditor, token));
    }

    function _word(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
