// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/**
 * @title GasMeter
 * @notice Measures what a static call costs to execute, with the callee and its storage warm.
 */
contract GasMeter {
    /**
     * @notice Calls twice and measures the second time.
     * @return used gas of the callee's execution and the call's own 100
     * @return success whether the call returned
     * @return result the return data
     */
    function measure(
        address callee,
        bytes calldata data
    ) external view returns (uint256 used, bool success, bytes memory result) {
        bytes memory input = data;
        (success, result) = callee.staticcall(input);
        assembly ("memory-safe") {
            let before := gas()
            success := staticcall(gas(), callee, add(input, 0x20), mload(input), 0, 0)
            used := sub(before, gas())
        }
    }
}
