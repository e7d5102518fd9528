// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

/// @title Climbing a Merkle-sum tree.
/// @dev A step is 36 bytes: the sum below the sibling (12) and the first 24 bytes of its hash. Bit i of the
/// sides is set when sibling i stands on the left. Every inner hash commits to both sums below it, so the
/// sum at the root is that of all leaves. Hashes are cut because whoever claims pays for them byte by
/// byte; two trees with one root still cost 2^96 hashes, and gain what one pool holds.
library SumProof {
    uint256 private constant STEP = 36;
    uint256 private constant MAX_WEI = 0xffffffffffffffffffffffff;

    /// @dev Whose leaf it is and what for: the first 20 and the next 12 bytes.
    function read(bytes calldata leaf) internal pure returns (address account, uint256 cumulativeWei) {
        assembly ("memory-safe") {
            let word := calldataload(leaf.offset)
            account := shr(96, word)
            cumulativeWei := and(word, MAX_WEI)
        }
    }

    /// @dev Hash and sum at the top of the way that `leaf` shows: what a claim takes as one, 36 bytes of
    /// account, amount and sides before the steps. Its length says only how many steps there are: a part
    /// of one is read to its end, and must lead to the root like any other.
    function top(address account, uint256 cumulativeWei, bytes calldata leaf)
        internal
        pure
        returns (bytes32, uint256)
    {
        uint256 sides;
        uint256 next;
        uint256 end;
        assembly ("memory-safe") {
            next := add(leaf.offset, STEP)
            end := add(leaf.offset, leaf.length)
            sides := shr(224, calldataload(add(leaf.offset, 32)))
        }
        return _climb(leafHash(account, cumulativeWei), cumulativeWei, sides, next, end);
    }

    /// @dev Hash and sum at the top of `proof` above a node. A sum that does not fit, or a proof of
    /// another length, gives zeros, which belong to no drop.
    function climb(bytes32 hash, uint256 sumWei, uint256 lefts, bytes calldata proof)
        internal
        pure
        returns (bytes32, uint256)
    {
        if (sumWei > MAX_WEI || proof.length % STEP != 0) return (bytes32(0), 0);
        uint256 next;
        uint256 end;
        assembly ("memory-safe") {
            next := proof.offset
            end := add(next, proof.length)
        }
        return _climb(hash, sumWei, lefts, next, end);
    }

    /// @dev The hash of a leaf: keccak256(keccak256(abi.encode(account, cumulativeWei))).
    function leafHash(address account, uint256 cumulativeWei) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            mstore(0, account)
            mstore(32, cumulativeWei)
            mstore(0, keccak256(0, 64))
            hash := keccak256(0, 32)
        }
    }

    /// @dev The node over two.
    function parent(bytes32 left, uint256 leftWei, bytes32 right, uint256 rightWei)
        internal
        pure
        returns (bytes32 hash, uint256 sumWei)
    {
        hash = keccak256(abi.encodePacked(uint96(leftWei), bytes24(left), uint96(rightWei), bytes24(right)));
        sumWei = leftWei + rightWei;
    }

    /// The steps lie in calldata from `next` to `end`.
    function _climb(bytes32 hash, uint256 sumWei, uint256 sides, uint256 next, uint256 end)
        private
        pure
        returns (bytes32, uint256)
    {
        assembly ("memory-safe") {
            // Sum and hash on the left, sum and hash on the right: 72 bytes from the beginning of memory.
            let free := mload(0x40)
            for {} lt(next, end) { next := add(next, STEP) } {
                let own := mul(and(sides, 1), STEP)
                sides := shr(1, sides)
                mstore(own, shl(160, sumWei))
                // Runs over by the 8 bytes that are cut off: into the right side, which is written then, or past it.
                mstore(add(own, 12), hash)
                calldatacopy(sub(STEP, own), next, STEP)
                sumWei := add(sumWei, shr(160, calldataload(next)))
                hash := keccak256(0, 72)
            }
            mstore(0x40, free)
        }
        return (hash, sumWei);
    }
}
