// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/**
 * @title IGroth16Verifier
 * @notice Verifies one circuit's proofs over the public signals [c, z, y] (docs/PROTOCOL.md §2).
 */
interface IGroth16Verifier {
    /**
     * @notice Whether a proof holds for the public signals. A public signal that is not below the scalar
     * field's order, a coordinate that is not below the base field's order and a point off its curve or
     * subgroup are all false; no input of the right length reverts.
     * @param points A.x, A.y, B.x1, B.x0, B.y1, B.y0, C.x, C.y (index 1 is the imaginary part)
     * @param c the context commitment
     * @param z the challenge
     * @param y the context's fingerprint at z
     */
    function verifyProof(uint256[8] calldata points, uint256 c, uint256 z, uint256 y) external view returns (bool);
}
