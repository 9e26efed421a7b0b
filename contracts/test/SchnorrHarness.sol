// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {SchnorrLib} from "../lib/SchnorrLib.sol";

/**
 * @title SchnorrHarness
 * @notice Runs {SchnorrLib} by itself, to compare it with TypeScript and to measure it.
 */
contract SchnorrHarness {
    uint256 private _key;

    /// @notice Stores the key that {meter} verifies with.
    function setKey(uint256 px) external {
        _key = px;
    }

    /// @notice The addresses of both points with an x coordinate.
    function addressesOf(uint256 px) external pure returns (address even, address odd) {
        return SchnorrLib.addressesOf(px);
    }

    /// @notice The challenge of a signature.
    function challenge(uint256 px, bytes32 digest, address commitment) external pure returns (uint256) {
        return SchnorrLib.challenge(px, digest, commitment);
    }

    /// @notice Whether a signature holds.
    function verify(uint256 px, bytes32 digest, bytes calldata signature) external pure returns (bool) {
        return SchnorrLib.verify(px, digest, signature);
    }

    /// @notice Whether an equation holds, for a challenge that no hash would give.
    function isOpening(uint256 px, uint256 e, address commitment, uint256 s) external pure returns (bool) {
        return SchnorrLib.isOpening(px, e, commitment, s);
    }

    /// @notice Gas of loading the stored key, cold, and verifying a signature with it.
    function meter(bytes32 digest, bytes calldata signature) external view returns (uint256 used, bool valid) {
        uint256 before = gasleft();
        valid = SchnorrLib.verify(_key, digest, signature);
        used = before - gasleft();
    }
}
