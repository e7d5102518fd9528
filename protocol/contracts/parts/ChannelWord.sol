// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

/// @title The one storage slot of a channel.
/// @dev By hand, since the compiler reads and writes the slot once for every field.
library ChannelWord {
    uint256 internal constant MAX_WEI = type(uint80).max;
    uint256 internal constant OPENED = 1 << 240;
    uint256 internal constant CLOSED = 1 << 241;

    /// @dev What the fields of `word` are; the flags stay where they are in it.
    function read(uint256 word)
        internal
        pure
        returns (uint256 depositWei, uint256 claimedWei, uint256 royaltyWei, uint256 flags)
    {
        return (word & MAX_WEI, (word >> 80) & MAX_WEI, (word >> 160) & MAX_WEI, (word >> 240) << 240);
    }

    /// @dev The word of these fields, each amount at most MAX_WEI.
    function write(uint256 depositWei, uint256 claimedWei, uint256 royaltyWei, uint256 flags)
        internal
        pure
        returns (uint256 word)
    {
        return depositWei | (claimedWei << 80) | (royaltyWei << 160) | flags;
    }
}
