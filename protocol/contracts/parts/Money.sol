// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title ERC-20 tokens and the chain's own coin (token zero) behind one pair of functions.
/// @dev Nothing here reverts with a reason of its own: the caller knows what the amount was for.
library Money {
    using SafeERC20 for IERC20;

    address internal constant NATIVE = address(0);

    /// @dev Moves `amountWei` of an ERC-20 from `from` to this contract and returns what arrived: less
    /// from a token that takes fees.
    function take(address token, address from, uint256 amountWei) internal returns (uint256 movedWei) {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amountWei);
        return IERC20(token).balanceOf(address(this)) - before;
    }

    /// @dev Pays `to` with at most `gasLimit` gas; false when token or receiver refuse. Return data of
    /// any size is not copied, so that nobody can make the caller pay for it.
    function pay(address token, address to, uint256 amountWei, uint256 gasLimit) internal returns (bool paid) {
        if (token == NATIVE) {
            assembly ("memory-safe") {
                paid := call(gasLimit, to, amountWei, 0, 0, 0, 0)
            }
            return paid;
        }
        bytes4 transfer = IERC20.transfer.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, transfer)
            mstore(add(data, 4), to)
            mstore(add(data, 36), amountWei)
            paid := call(gasLimit, token, 0, data, 68, 0, 32)
            // As SafeERC20: true, or nothing at all from an address that has code.
            if paid {
                switch returndatasize()
                case 0 { paid := gt(extcodesize(token), 0) }
                default { paid := and(gt(returndatasize(), 31), eq(mload(0), 1)) }
            }
        }
    }
}
