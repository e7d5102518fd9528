// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

/// @notice An account with code that takes coins as it was told: at once, never, at any cost, or after
/// calling somebody else first.
contract ShyReceiver {
    enum Mood {
        Willing,
        Refusing,
        Burning
    }

    Mood public mood;
    address private _target;
    bytes private _call;
    bool public reached;

    error Refused();

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    /// @notice The next coins make it call `target` with `data`.
    function arm(address target, bytes calldata data) external {
        _target = target;
        _call = data;
    }

    /// @notice Does what its owner could do from here.
    function perform(address target, uint256 value, bytes calldata data) external {
        (bool done, bytes memory answer) = target.call{value: value}(data);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
    }

    receive() external payable {
        if (mood == Mood.Refusing) revert Refused();
        while (mood == Mood.Burning) {}
        if (_target != address(0)) {
            address target = _target;
            _target = address(0);
            (reached,) = target.call(_call);
        }
    }
}
