// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title Play money of a development chain.
/// @notice Anyone may drip it to anyone, so it is worth nothing: never deploy it where tokens mean money.
contract DevnetToken is ERC20Permit {
    /// @notice What one drip gives: 100 credits of 18 decimals.
    uint256 public constant DRIP_WEI = 100 ether;

    /// @notice `account` was given `amountWei`.
    event Dripped(address indexed account, uint256 amountWei);

    constructor() ERC20("Devnet credits", "DNC") ERC20Permit("Devnet credits") {}

    /// @notice Gives `account` DRIP_WEI.
    function drip(address account) external {
        _mint(account, DRIP_WEI);
        emit Dripped(account, DRIP_WEI);
    }
}
