// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IChannelEscrow} from "../../../protocol/contracts/interfaces/IChannelEscrow.sol";
import {World} from "./World.sol";

/// @notice All the ways in which money comes to channels and vaults, honest or not, over few enough terms,
/// nonces and salts that they are used again and again. Keeps its own books to compare the contract's with.
abstract contract FundingActors is World {
    /// What was ever seen of a channel.
    struct Seen {
        bytes32 id;
        address token;
        uint256 funded;
        uint256 refunded;
        uint256 claimed;
        uint256 royalty;
        bool closed;
    }

    /// What was ever seen of a token, and what the vaults should hold of it.
    struct Flow {
        uint256 moneyIn;
        uint256 moneyOut;
        uint256 vaulted;
    }

    bytes32[] internal ids;
    mapping(bytes32 id => Seen) internal seen;

    address[4] public tokens;
    address public constant STRANGER = address(0x57A6);
    /// Tokens that went into the escrow and out of it, as the actors count.
    mapping(address token => uint256) internal moneyIn;
    mapping(address token => uint256) internal moneyOut;
    mapping(address token => uint256) internal vaulted;
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

    /// All channels at once: whoever checks them after every action pays for every call.
    function channels() external view returns (Seen[] memory all) {
        all = new Seen[](ids.length);
        for (uint256 i = 0; i < all.length; ++i) {
            all[i] = seen[ids[i]];
        }
    }

    function flowOf(address token) external view returns (Flow memory) {
        return Flow(moneyIn[token], moneyOut[token], vaulted[token]);
    }

    function _terms(uint256 seed) internal view returns (IChannelEscrow.Terms memory terms) {
        terms.payer = vm.addr(payerKeys[seed % 3]);
        (terms.operator, terms.token) = _poolOf(seed);
        terms.receiptSigner = terms.operator;
        terms.auditor = auditor;
        terms.withdrawDelayS = 400;
        terms.salt = bytes32((seed >> 24) % 2);
        terms.signer = terms.salt == bytes32(0) ? terms.payer : vm.addr(SESSION_KEY);
    }

    /// One of eight pools, half of the time the same: what takes many steps there gets somewhere as well.
    function _poolOf(uint256 seed) internal view returns (address operator, address token) {
        uint256 place = (seed >> 8) % 16;
        if (place > 7) place = 0;
        return (vm.addr(operatorKeys[place >> 2]), tokens[place & 3]);
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

    function _funded(IChannelEscrow.Terms memory terms, uint256 amount) internal {
        bytes32 id = escrow.channelId(terms);
        Seen storage state = seen[id];
        isTrue(!state.closed, "a closed channel was funded");
        if (state.funded == 0) {
            ids.push(id);
            (state.id, state.token) = (id, terms.token);
        }
        state.funded += amount;
        done["fund"]++;
    }

    function _authorizationDigest(address from, uint256 amount, bytes32 nonce) private view returns (bytes32) {
        return authorized.digestOf(from, address(escrow), amount, 0, type(uint256).max, nonce);
    }
}
