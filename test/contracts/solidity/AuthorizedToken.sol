// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @notice A token with the receiving half of EIP-3009, as written in that standard.
contract AuthorizedToken is ERC20, EIP712 {
    bytes32 private constant TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    mapping(address from => mapping(bytes32 nonce => bool)) public authorizationState;

    error AuthorizationInvalid();

    constructor() ERC20("Authorized", "AUT") EIP712("Authorized", "1") {}

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    /// @notice What `from` signs.
    function digestOf(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce
    ) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(TYPEHASH, from, to, value, validAfter, validBefore, nonce)));
    }

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
    ) external {
        if (msg.sender != to || block.timestamp <= validAfter || block.timestamp >= validBefore) {
            revert AuthorizationInvalid();
        }
        bytes32 digest = digestOf(from, to, value, validAfter, validBefore, nonce);
        if (authorizationState[from][nonce] || ECDSA.recover(digest, v, r, s) != from) {
            revert AuthorizationInvalid();
        }
        authorizationState[from][nonce] = true;
        _transfer(from, to, value);
    }
}
