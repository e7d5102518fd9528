// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IRewardPool} from "../../../protocol/contracts/interfaces/IRewardPool.sol";

/// @notice A Merkle-sum tree built from its description, without the contracts' own code.
library SumTree {
    struct Tree {
        address[] accounts;
        uint256[] amounts;
    }

    struct Node {
        bytes32 hash;
        uint256 sum;
    }

    function root(Tree memory tree) internal pure returns (bytes32, uint256) {
        Node[] memory level = _leaves(tree);
        while (level.length > 1) level = _above(level);
        return (level[0].hash, level[0].sum);
    }

    function leaf(Tree memory tree, uint256 index) internal pure returns (bytes memory) {
        (uint256 lefts,, bytes memory proof) = steps(tree, index);
        return abi.encodePacked(tree.accounts[index], uint96(tree.amounts[index]), uint32(lefts), proof);
    }

    /// The way up from a leaf: sides, number of steps, and the steps.
    function steps(Tree memory tree, uint256 index)
        internal
        pure
        returns (uint256 lefts, uint256 count, bytes memory proof)
    {
        Node[] memory level = _leaves(tree);
        while (level.length > 1) {
            uint256 other = index ^ 1;
            if (other < level.length) {
                proof = abi.encodePacked(proof, uint96(level[other].sum), bytes24(level[other].hash));
                if (other < index) lefts |= 1 << count;
                ++count;
            }
            index >>= 1;
            level = _above(level);
        }
    }

    /// The gap in front of leaf `index`; behind the last one for their number.
    function gap(Tree memory tree, uint256 index) internal pure returns (IRewardPool.Gap memory out) {
        uint256 size = tree.accounts.length;
        if (index > 0) {
            out.hasLeft = true;
            (out.leftAccount, out.leftWei) = (tree.accounts[index - 1], tree.amounts[index - 1]);
            (uint256 lefts, uint256 count, bytes memory proof) = steps(tree, index - 1);
            uint256 met = 0;
            while (met < count && (lefts >> met) & 1 == 1) ++met;
            out.leftProof = _slice(proof, 0, met);
            if (index < size) {
                out.lefts = lefts >> (met + 1);
                out.proof = _slice(proof, met + 1, count);
            }
        }
        if (index < size) {
            out.hasRight = true;
            (out.rightAccount, out.rightWei) = (tree.accounts[index], tree.amounts[index]);
            (uint256 lefts, uint256 count, bytes memory proof) = steps(tree, index);
            uint256 met = 0;
            while (met < count && (lefts >> met) & 1 == 0) ++met;
            out.rightProof = _slice(proof, 0, met);
        }
    }

    function _leaves(Tree memory tree) private pure returns (Node[] memory level) {
        level = new Node[](tree.accounts.length);
        for (uint256 i = 0; i < level.length; ++i) {
            bytes32 inner = keccak256(abi.encode(tree.accounts[i], tree.amounts[i]));
            level[i] = Node(keccak256(bytes.concat(inner)), tree.amounts[i]);
        }
    }

    function _above(Node[] memory level) private pure returns (Node[] memory above) {
        above = new Node[]((level.length + 1) / 2);
        for (uint256 i = 0; i < above.length; ++i) {
            Node memory left = level[2 * i];
            if (2 * i + 1 == level.length) {
                above[i] = left;
                continue;
            }
            Node memory right = level[2 * i + 1];
            bytes32 hash = keccak256(
                abi.encodePacked(uint96(left.sum), bytes24(left.hash), uint96(right.sum), bytes24(right.hash))
            );
            above[i] = Node(hash, left.sum + right.sum);
        }
    }

    function _slice(bytes memory proof, uint256 from, uint256 to) private pure returns (bytes memory out) {
        out = new bytes((to - from) * 36);
        for (uint256 i = 0; i < out.length; ++i) {
            out[i] = proof[from * 36 + i];
        }
    }
}
