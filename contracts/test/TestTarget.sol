// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/**
 * @title TestTarget
 * @notice A target for tests: records what reached it, fails on demand, and re-enters the gate.
 */
contract TestTarget {
    error Refused(uint256 reason);
    error Reentered(bool success, bytes result);

    uint256 public calls;
    address public lastSender;
    uint256 public lastValue;
    bytes public lastData;

    /// @notice Takes anything and returns what it was called with.
    fallback(bytes calldata data) external payable returns (bytes memory) {
        ++calls;
        (lastSender, lastValue, lastData) = (msg.sender, msg.value, data);
        return data;
    }

    receive() external payable {
        ++calls;
        (lastSender, lastValue, lastData) = (msg.sender, msg.value, "");
    }

    /// @notice Reverts with a reason.
    function refuse(uint256 reason) external pure {
        revert Refused(reason);
    }

    /// @notice Calls back, whoever called, with any calldata; passes a failure on and swallows a success.
    function reenter(bytes calldata data) external {
        (bool success, bytes memory result) = msg.sender.call(data);
        if (!success) revert Reentered(success, result);
        ++calls;
    }
}
