// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A token that misbehaves on demand: keeps a fee, freezes accounts, calls out while it moves.
contract HostileToken is ERC20 {
    uint256 public fee;
    mapping(address account => bool) public frozen;
    address private _target;
    bytes private _call;
    bool public reached;
    bool public lying;

    error AccountFrozen(address account);

    constructor() ERC20("Hostile", "BAD") {}

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function setFee(uint256 fee_) external {
        fee = fee_;
    }

    function freeze(address account) external {
        frozen[account] = true;
    }

    function setFrozen(address account, bool isFrozen) external {
        frozen[account] = isFrozen;
    }

    /// @notice From now on transfers say whether they happened by what they return, and do not happen.
    function setLying(bool isLying) external {
        lying = isLying;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return lying ? false : super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return lying ? false : super.transferFrom(from, to, amount);
    }

    /// @notice The next transfer calls `target` with `data` before it moves anything.
    function arm(address target, bytes calldata data) external {
        _target = target;
        reached = false;
        _call = data;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (frozen[to]) revert AccountFrozen(to);
        if (_target != address(0)) {
            address target = _target;
            _target = address(0);
            (reached,) = target.call(_call);
        }
        super._update(from, to, amount);
        if (fee > 0 && from != address(0)) super._update(to, address(0xfee), fee);
    }
}
