// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

/// @title Climbing a Merkle-sum tree.
/// @dev A step of a proof is 44 bytes: the sibling's hash and, in 12 bytes, the sum below it. Bit i of
/// `lefts` is set when sibling i stands on the left. Every inner hash commits to both sums below it, so
/// the sum at the root is that of all leaves.
library SumProof {
    uint256 private constant STEP = 44;

    /// @dev The hash of a leaf: keccak256(keccak256(abi.encode(account, cumulativeWei))).
    function leafHash(address account, uint256 cumulativeWei) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            mstore(0, account)
            mstore(32, cumulativeWei)
            mstore(0, keccak256(0, 64))
            hash := keccak256(0, 32)
        }
    }

    /// @dev Hash and sum at the top of `proof` above a node. A sum that does not fit, or a proof of
    /// another length, gives zeros, which belong to no drop.
    function climb(bytes32 hash, uint256 sumWei, uint256 lefts, bytes calldata proof)
        internal
        pure
        returns (bytes32, uint256)
    {
        if (sumWei >> 96 != 0 || proof.length % STEP != 0) return (bytes32(0), 0);
        assembly ("memory-safe") {
            let words := mload(0x40)
            let end := add(proof.offset, proof.length)
            for { let at := proof.offset } lt(at, end) { at := add(at, STEP) } {
                let own := shl(6, and(lefts, 1))
                let its := add(words, xor(own, 64))
                let siblingWei := shr(160, calldataload(add(at, 32)))
                own := add(words, own)
                mstore(own, hash)
                mstore(add(own, 32), sumWei)
                mstore(its, calldataload(at))
                mstore(add(its, 32), siblingWei)
                hash := keccak256(words, 128)
                sumWei := add(sumWei, siblingWei)
                lefts := shr(1, lefts)
            }
        }
        return (hash, sumWei);
    }
}
