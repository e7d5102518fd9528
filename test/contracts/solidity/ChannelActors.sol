// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IChannelEscrow} from "../../../protocol/contracts/interfaces/IChannelEscrow.sol";
import {World} from "./World.sol";

/// @notice All that anyone does to channels and vaults, honest or not, over few enough terms, nonces and
/// salts that they are used again and again. Keeps its own books to compare the contract's with.
abstract contract ChannelActors is World {
    /// What was ever seen of a channel.
    struct Seen {
        IChannelEscrow.Terms terms;
        uint256 funded;
        uint256 refunded;
        uint256 claimed;
        uint256 royalty;
        bool closed;
    }

    struct Kept {
        IChannelEscrow.Terms terms;
        IChannelEscrow.Voucher voucher;
        bool isSigned;
    }

    bytes32[] public ids;
    mapping(bytes32 id => Seen) internal seen;
    Kept[] internal kept;

    address[4] public tokens;
    address public constant STRANGER = address(0x57A6);
    /// Tokens that went into the escrow and out of it, as the actors count.
    mapping(address token => uint256) public moneyIn;
    mapping(address token => uint256) public moneyOut;
    mapping(address token => uint256) public vaulted;
    mapping(address operator => mapping(address token => uint256)) public earned;
    mapping(address operator => mapping(address token => uint256)) public pulled;
    mapping(address operator => mapping(address token => uint256)) public royalties;
    mapping(address operator => mapping(address token => uint256)) public collected;
    /// How often an action did what it was for: a campaign that is only refused shows nothing.
    mapping(bytes32 action => uint256) public done;

    function _open() internal {
        _build();
        tokens = [COINS, address(honest), address(authorized), address(hostile)];
        for (uint256 i = 0; i < 3; ++i) {
            address payer = vm.addr(payerKeys[i]);
            _grant(payer);
        }
        _grant(STRANGER);
    }

    function _grant(address account) private {
        vm.deal(account, 1 << 90);
        for (uint256 n = 0; n < 3; ++n) {
            honest.drip(account);
        }
        authorized.mint(account, 1 << 90);
        hostile.mint(account, 1 << 90);
        for (uint256 t = 1; t < 4; ++t) {
            vm.prank(account);
            IERC20(tokens[t]).approve(address(escrow), type(uint256).max);
        }
    }

    function fund(uint256 seed, uint256 amount, uint256 way) external {
        IChannelEscrow.Terms memory terms = _terms(seed);
        amount = way % 64 == 0 ? type(uint80).max : bound(amount, 0, 1e6);
        bool fits = way % 16 != 1;
        vm.prank(way % 3 == 0 ? STRANGER : terms.payer);
        try escrow.fund{value: terms.token == COINS ? (fits ? amount : amount + 1) : (fits ? 0 : 1)}(terms, amount) {
            isTrue(fits, "coins that do not fit were taken");
            _funded(terms, amount);
            moneyIn[terms.token] += amount;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function fundByPermit(uint256 seed, uint256 amount, uint256 nonce, bool isForged) external {
        IChannelEscrow.Terms memory terms = _terms(seed);
        terms.token = address(honest);
        amount = bound(amount, 1, 1e6);
        bytes32 id = escrow.channelId(terms);
        IChannelEscrow.Order memory order = _order(
            escrow.FUND_TYPEHASH(), id, isForged ? SESSION_KEY : _payerKey(terms.payer), amount, nonce % 64, type(uint64).max
        );
        // The allowance is there: a permit that was shown before, or never was one, changes nothing.
        IChannelEscrow.Permit memory permit;
        permit.deadline = nonce;
        try escrow.fundWithPermit(terms, amount, order, permit) {
            isTrue(!isForged, "a forged order funded");
            _funded(terms, amount);
            moneyIn[terms.token] += amount;
            done["permit"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function fundByAuthorization(uint256 seed, uint256 amount, uint256 salt, uint256 other) external {
        IChannelEscrow.Terms memory terms = _terms(seed);
        terms.token = address(authorized);
        amount = bound(amount, 1, 1e6);
        IChannelEscrow.Authorization memory authorization;
        authorization.from = terms.payer;
        authorization.validBefore = type(uint256).max;
        authorization.salt = bytes32(salt % 16);
        (authorization.v, authorization.r, authorization.s) = vm.sign(
            _payerKey(terms.payer),
            _authorizationDigest(terms.payer, amount, escrow.authorizationNonce(escrow.channelId(terms), amount, authorization.salt))
        );
        // Somebody copies it and tries to fund a channel of another salt first.
        IChannelEscrow.Terms memory stolen = _terms(seed ^ (1 << 24));
        stolen.token = address(authorized);
        bool isStolen = true;
        try escrow.fundWithAuthorization(other % 2 == 0 ? stolen : terms, other % 2 == 0 ? amount : amount + 1, authorization) {}
        catch {
            isStolen = false;
        }
        isTrue(!isStolen, "an authorization funded something else");
        try escrow.fundWithAuthorization(terms, amount, authorization) {
            _funded(terms, amount);
            moneyIn[terms.token] += amount;
            done["authorization"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function vaultDeposit(uint256 seed, uint256 amount) external {
        address token = tokens[seed % 4];
        address owner = vm.addr(payerKeys[(seed >> 8) % 3]);
        amount = bound(amount, 0, 1e6);
        vm.prank(STRANGER);
        try escrow.vaultDeposit{value: token == COINS ? amount : 0}(owner, token, amount) {
            moneyIn[token] += amount;
            vaulted[token] += amount;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function vaultWithdraw(uint256 seed, uint256 amount, bool isStart) external {
        address token = tokens[seed % 4];
        address owner = vm.addr(payerKeys[(seed >> 8) % 3]);
        if (isStart) {
            vm.prank(owner);
            try escrow.vaultStartWithdraw(token, bound(amount, 0, 2e6)) {} catch (bytes memory reason) {
                _refused(reason);
            }
            return;
        }
        try escrow.vaultFinishWithdraw(owner, token) returns (uint256 paid) {
            vaulted[token] -= paid;
            moneyOut[token] += paid;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function fundByVault(uint256 seed, uint256 amount, uint256 nonce, uint256 forgery) external {
        IChannelEscrow.Terms memory terms = _terms(seed);
        amount = bound(amount, 1, 1e6);
        bytes32 id = escrow.channelId(terms);
        // An order for one way to fund is none for the other.
        bytes32 typeHash = forgery % 8 == 1 ? escrow.FUND_TYPEHASH() : escrow.VAULT_FUND_TYPEHASH();
        uint256 key = forgery % 8 == 0 ? SESSION_KEY : _payerKey(terms.payer);
        IChannelEscrow.Order memory order = _order(typeHash, id, key, amount, nonce % 64, type(uint64).max);
        try escrow.fundFromVault(terms, amount, order) {
            isTrue(forgery % 8 > 1, "a forged order funded");
            _funded(terms, amount);
            vaulted[terms.token] -= amount;
            done["vault"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    /// Signs a voucher, honestly or not, and keeps it for whoever claims.
    function spend(uint256 seed, uint256 cumulative, uint256 royalty, uint256 cheat) external {
        IChannelEscrow.Terms memory terms = _terms(seed);
        cumulative = cheat % 32 == 9 ? type(uint128).max : bound(cumulative, 0, 3e6);
        royalty = bound(royalty, 0, 3e6);
        bool isSigned = cheat % 8 > 1;
        bytes32 id = escrow.channelId(cheat % 8 == 1 ? _terms(seed ^ (1 << 24)) : terms);
        uint256 key = cheat % 8 == 0 ? 0xBAD : _signerKey(terms);
        Kept memory row = Kept(terms, _voucher(escrow.DOMAIN_SEPARATOR(), id, key, cumulative, royalty, cheat), isSigned);
        if (kept.length < 32) kept.push(row);
        else kept[seed % 32] = row;
    }

    /// Claims some of the kept vouchers, and holds the result to its own sum.
    function claim(uint256 picks, uint256 count, bool isGrouped) external {
        if (kept.length == 0) return;
        count = bound(count, 1, 6);
        IChannelEscrow.ClaimRow[] memory rows = new IChannelEscrow.ClaimRow[](count);
        for (uint256 i = 0; i < count; ++i) {
            Kept storage row = kept[(picks >> (8 * i)) % kept.length];
            rows[i] = IChannelEscrow.ClaimRow(row.terms, row.voucher);
            _expect(row);
        }
        if (isGrouped) escrow.claimGroups(_groups(rows));
        else escrow.claim(rows);
        for (uint256 i = 0; i < count; ++i) {
            bytes32 id = escrow.channelId(rows[i].terms);
            (, uint256 claimed, uint256 royalty,) = escrow.channel(id);
            equal(claimed, seen[id].claimed, "a batch claims what its rows claim");
            equal(royalty, seen[id].royalty, "a batch captures what its rows capture");
        }
    }

    function close(uint256 pick, uint256 cheat) external {
        if (kept.length == 0) return;
        Kept storage row = kept[pick % kept.length];
        bytes32 id = escrow.channelId(row.terms);
        (uint256 deposit, uint256 claimed,,) = escrow.channel(id);
        uint256 key = cheat % 4 == 0 ? _payerKey(row.terms.payer) : _operatorKey(row.terms.operator);
        uint64 deadline = uint64(cheat % 8 == 1 ? block.timestamp - 1 : block.timestamp);
        (bytes32 r, bytes32 vs) = _close(id, key, row.voucher, deadline);
        try escrow.close(IChannelEscrow.ClaimRow(row.terms, row.voucher), deadline, r, vs) returns (uint256 refund) {
            isTrue(cheat % 4 != 0 && cheat % 8 != 1, "closed without the receipt signer, or too late");
            isTrue(row.isSigned || row.voucher.cumulativeWei <= claimed || claimed == deposit, "closed by a forged voucher");
            if (row.voucher.cumulativeWei > claimed) _expect(row);
            Seen storage state = seen[id];
            state.closed = true;
            state.refunded += refund;
            moneyOut[row.terms.token] += refund;
            done["close"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function startWithdraw(uint256 seed, uint256 amount, uint256 cheat) external {
        IChannelEscrow.Terms memory terms = _terms(seed);
        vm.prank(cheat % 8 == 0 ? STRANGER : terms.payer);
        try escrow.startWithdraw(terms, bound(amount, 0, 2e6)) {
            isTrue(cheat % 8 != 0, "a stranger started a withdrawal");
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function cancelWithdraw(uint256 seed) external {
        IChannelEscrow.Terms memory terms = _terms(seed);
        vm.prank(terms.payer);
        try escrow.cancelWithdraw(terms) {} catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function finishWithdraw(uint256 seed) external {
        IChannelEscrow.Terms memory terms = _terms(seed);
        bytes32 id = escrow.channelId(terms);
        (, uint64 readyAt) = escrow.withdrawal(id);
        try escrow.finishWithdraw(terms) returns (uint256 paid) {
            isTrue(block.timestamp >= readyAt && readyAt != 0, "a withdrawal finished early");
            seen[id].refunded += paid;
            moneyOut[terms.token] += paid;
            done["withdraw"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function pull(uint256 seed) external {
        address operator = vm.addr(operatorKeys[seed % 2]);
        address token = tokens[(seed >> 8) % 4];
        try escrow.pull(operator, token) returns (uint256 paid) {
            pulled[operator][token] += paid;
            moneyOut[token] += paid;
            done["pull"]++;
        } catch (bytes memory reason) {
            _refused(reason);
        }
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 2 * DROP_DELAY_S));
    }

    /// The hostile token changes its mind: a fee, frozen accounts, calls into the contracts as it moves.
    function turn(uint256 mood, uint256 seed) external {
        hostile.setFee(mood % 4 == 0 ? 1 : 0);
        hostile.setFrozen(vm.addr(operatorKeys[0]), mood % 8 == 1);
        hostile.setFrozen(vm.addr(payerKeys[0]), mood % 8 == 2);
        hostile.setLying(mood % 8 == 3);
        IChannelEscrow.Terms memory terms = _terms(seed);
        terms.token = address(hostile);
        bytes memory data = mood % 3 == 0
            ? abi.encodeCall(escrow.pull, (terms.operator, terms.token))
            : mood % 3 == 1
                ? abi.encodeCall(escrow.finishWithdraw, (terms))
                : abi.encodeCall(escrow.vaultFinishWithdraw, (terms.payer, terms.token));
        hostile.arm(address(escrow), data);
        address operator = vm.addr(operatorKeys[(seed >> 9) % 2]);
        try escrow.pull(operator, address(hostile)) returns (uint256 paid) {
            pulled[operator][address(hostile)] += paid;
            moneyOut[address(hostile)] += paid;
        } catch (bytes memory reason) {
            _refused(reason);
        }
        isTrue(!hostile.reached(), "a token got back in while it moved");
        hostile.arm(address(0), "");
    }

    function idCount() external view returns (uint256) {
        return ids.length;
    }

    function channelSeen(bytes32 id) external view returns (Seen memory) {
        return seen[id];
    }

    function _terms(uint256 seed) internal view returns (IChannelEscrow.Terms memory terms) {
        terms.payer = vm.addr(payerKeys[seed % 3]);
        terms.operator = vm.addr(operatorKeys[(seed >> 8) % 2]);
        terms.receiptSigner = terms.operator;
        terms.auditor = auditor;
        terms.token = tokens[(seed >> 16) % 4];
        terms.withdrawDelayS = 400;
        terms.salt = bytes32((seed >> 24) % 2);
        terms.signer = terms.salt == bytes32(0) ? terms.payer : vm.addr(SESSION_KEY);
    }

    /// A refusal has a name. A panic is a hole.
    function _refused(bytes memory reason) internal pure {
        isTrue(reason.length < 4 || bytes4(reason) != 0x4e487b71, "a contract panicked");
    }

    function _payerKey(address payer) internal view returns (uint256) {
        for (uint256 i = 0; i < 3; ++i) {
            if (vm.addr(payerKeys[i]) == payer) return payerKeys[i];
        }
        return 0xBAD;
    }

    function _operatorKey(address operator) internal view returns (uint256) {
        return vm.addr(operatorKeys[0]) == operator ? operatorKeys[0] : operatorKeys[1];
    }

    function _signerKey(IChannelEscrow.Terms memory terms) private view returns (uint256) {
        return terms.salt == bytes32(0) ? _payerKey(terms.payer) : SESSION_KEY;
    }

    function _funded(IChannelEscrow.Terms memory terms, uint256 amount) private {
        bytes32 id = escrow.channelId(terms);
        Seen storage state = seen[id];
        isTrue(!state.closed, "a closed channel was funded");
        if (state.funded == 0) {
            ids.push(id);
            state.terms = terms;
        }
        state.funded += amount;
        done["fund"]++;
    }

    /// The claim of one voucher by the page: specs/07 §Claim.
    function _expect(Kept storage row) private {
        bytes32 id = escrow.channelId(row.terms);
        Seen storage state = seen[id];
        uint256 deposit = state.funded - state.refunded;
        if (state.closed || !row.isSigned || row.voucher.cumulativeWei <= state.claimed) return;
        uint256 claimed = row.voucher.cumulativeWei < deposit ? row.voucher.cumulativeWei : deposit;
        uint256 delta = claimed - state.claimed;
        uint256 royalty = row.voucher.royaltyWei > state.royalty ? row.voucher.royaltyWei - state.royalty : 0;
        if (royalty > delta) royalty = delta;
        state.claimed = claimed;
        state.royalty += royalty;
        earned[row.terms.operator][row.terms.token] += delta - royalty;
        royalties[row.terms.operator][row.terms.token] += royalty;
        if (delta > 0) done["claim"]++;
    }

    /// Rows of one group side by side go into one; no order is changed.
    function _groups(IChannelEscrow.ClaimRow[] memory rows)
        private
        pure
        returns (IChannelEscrow.ClaimGroup[] memory groups)
    {
        groups = new IChannelEscrow.ClaimGroup[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            IChannelEscrow.Terms memory terms = rows[i].terms;
            groups[i] = IChannelEscrow.ClaimGroup(
                terms.operator,
                terms.receiptSigner,
                terms.auditor,
                terms.token,
                terms.withdrawDelayS,
                new IChannelEscrow.GroupRow[](1)
            );
            groups[i].rows[0] = IChannelEscrow.GroupRow(terms.payer, terms.signer, terms.salt, rows[i].voucher);
            if (i == 0 || groups[i - 1].rows.length != 1) continue;
            IChannelEscrow.Terms memory last = rows[i - 1].terms;
            if (last.operator != terms.operator || last.token != terms.token) continue;
            IChannelEscrow.GroupRow[] memory two = new IChannelEscrow.GroupRow[](2);
            (two[0], two[1]) = (groups[i - 1].rows[0], groups[i].rows[0]);
            groups[i - 1].rows = new IChannelEscrow.GroupRow[](0);
            groups[i].rows = two;
        }
    }

    function _authorizationDigest(address from, uint256 amount, bytes32 nonce) private view returns (bytes32) {
        return authorized.digestOf(from, address(escrow), amount, 0, type(uint256).max, nonce);
    }
}
