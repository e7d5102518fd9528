// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title ERC-20 tokens and the chain's own coin (token zero) behind one pair of functions.
/// @dev What an amount was for, the caller knows and says.
library Money {
    address internal constant NATIVE = address(0);

    /// @dev Moves `amountWei` of an ERC-20 from `from` to this contract and returns what arrived: less
    /// from a token that takes fees. What the token refuses is refused in its own words.
    function take(address token, address from, uint256 amountWei) internal returns (uint256 movedWei) {
        (bytes4 balanceOf, bytes4 transferFrom) = (IERC20.balanceOf.selector, IERC20.transferFrom.selector);
        bool taken;
        assembly ("memory-safe") {
            let question := mload(0x40)
            mstore(question, balanceOf)
            mstore(add(question, 4), address())
            // An answer of 32 bytes tells a token from an address that has no code.
            taken := and(gt(returndatasize(), 31), staticcall(gas(), token, question, 36, 0, 32))
            if taken {
                let before := mload(0)
                let order := add(question, 36)
                mstore(order, transferFrom)
                mstore(add(order, 4), from)
                mstore(add(order, 36), address())
                mstore(add(order, 68), amountWei)
                if iszero(call(gas(), token, 0, order, 100, 0, 32)) {
                    returndatacopy(question, 0, returndatasize())
                    revert(question, returndatasize())
                }
                taken := or(iszero(returndatasize()), and(gt(returndatasize(), 31), eq(mload(0), 1)))
                if taken {
                    taken := and(gt(returndatasize(), 31), staticcall(gas(), token, question, 36, 0, 32))
                    // Below zero it wraps around: another amount than anybody asked for.
                    movedWei := sub(mload(0), before)
                }
            }
        }
        if (!taken) revert SafeERC20.SafeERC20FailedOperation(token);
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
