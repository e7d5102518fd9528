// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

/// @title The part of EIP-3009 that the escrow uses.
interface IReceiveWithAuthorization {
    /// @notice Moves `value` from `from` to `to`, which must be the caller, by `from`'s signature over all
    /// arguments. A nonce counts once.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice As in ERC-20.
    function balanceOf(address account) external view returns (uint256);
}
