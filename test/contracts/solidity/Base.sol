// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

/// @notice The cheatcodes that are used here; Hardhat and forge speak the same ones.
interface Vm {
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
    function deal(address account, uint256 amount) external;
    function chainId(uint256 id) external;
    function expectPartialRevert(bytes4 selector) external;
    function expectEmit(address emitter) external;
}

/// @notice What test contracts share.
abstract contract Base {
    // forge-lint: disable-next-line(screaming-snake-case-const)
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public constant IS_TEST = true;

    error Broken(string law, uint256 left, uint256 right);

    function equal(uint256 left, uint256 right, string memory law) internal pure {
        if (left != right) revert Broken(law, left, right);
    }

    function atMost(uint256 left, uint256 right, string memory law) internal pure {
        if (left > right) revert Broken(law, left, right);
    }

    function isTrue(bool value, string memory law) internal pure {
        if (!value) revert Broken(law, 0, 1);
    }

    function bound(uint256 value, uint256 from, uint256 to) internal pure returns (uint256) {
        return from + value % (to - from + 1);
    }

    /// EIP-2098.
    function compact(uint256 key, bytes32 digest) internal pure returns (bytes32 r, bytes32 vs) {
        uint8 v;
        (v, r, vs) = vm.sign(key, digest);
        if (v == 28) vs |= bytes32(uint256(1) << 255);
    }

    function typed(bytes32 separator, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }
}
