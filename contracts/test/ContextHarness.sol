// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {ContextLib, Vector} from "../lib/ContextLib.sol";

/**
 * @title ContextHarness
 * @notice Runs {ContextLib} by itself, to compare it with TypeScript.
 */
contract ContextHarness {
    using ContextLib for ContextLib.Header;
    using ContextLib for Vector;

    /// @notice The vector of a header and calldata, its hash and its fingerprint at `z`.
    function context(
        ContextLib.Header calldata header,
        bytes calldata data,
        uint256 words,
        uint256 z
    ) external pure returns (uint256[] memory elements, bytes32 hash, uint256 y) {
        // Dirty memory behind the free pointer: the vector must not inherit it.
        assembly ("memory-safe") {
            let free := mload(0x40)
            for {
                let i := 0
            } lt(i, 0x1000) {
                i := add(i, 0x20)
            } {
                mstore(add(free, i), not(0))
            }
        }
        ContextLib.Header memory last = ContextLib.Header({
            chainId: header.chainId,
            gate: header.gate,
            time: header.time,
            policy: header.policy,
            stateOld: header.stateOld,
            stateNew: header.stateNew,
            target: header.target,
            value: header.value,
            selector: ContextLib.selectorOf(data),
            dataLength: data.length,
            priceFeed: header.priceFeed,
            priceAnswer: header.priceAnswer,
            priceUpdatedAt: header.priceUpdatedAt,
            riskAnswer: header.riskAnswer
        });
        Vector vector = last.appendWords(data, words);
        // Memory that is allocated afterwards must not overlap the vector.
        bytes memory noise = new bytes(64);
        for (uint256 i = 0; i < noise.length; ++i) noise[i] = 0xff;
        return (vector.toArray(words), vector.hash(words), vector.fingerprint(words, z));
    }
}
