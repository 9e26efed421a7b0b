// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/**
 * @title SchnorrLib
 * @notice Schnorr signatures over secp256k1 for the price of an ecrecover (docs/PROTOCOL.md §3.1). A key is
 * the x coordinate of a point P whose y is even; a signature is an address A and a scalar s with
 * `address(s·G − e·P) = A`, where e = {challenge}.
 * @dev The source of the technique is V. Buterin, "You can *kinda* abuse ECRECOVER to do ECMUL in secp256k1
 * today" (ethresear.ch, 2018). ecrecover(h, v, r, s) is the address of `r⁻¹·(s·R − h·G)`, where R is the point
 * with x = r and the parity that v says. With r = Px, h = −s·Px and s = −e·Px that is `s·G − e·P`.
 *
 * The challenge covers A and not the point behind it: the address is all that ecrecover gives, and naming the
 * point would cost a square root or 32 bytes more. It fixes the point's parity too. Who wants another s, or another
 * key, for the same A needs a second preimage of 160 bits.
 *
 * Fuzzed against src/keys/schnorr.ts.
 */
library SchnorrLib {
    /// @notice Order of secp256k1.
    uint256 internal constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /// @notice Bytes of a signature: the address, then s.
    uint256 internal constant SIGNATURE_LENGTH = 52;

    /// @dev H2 of the ciphersuite of the same name: separates the challenge from every other use of keccak256.
    bytes32 private constant CHALLENGE_TAG = keccak256("zkmandate-FROST-secp256k1-KECCAK256-v1chal");

    /// @dev v of ecrecover for a point with even, and with odd y.
    uint8 private constant EVEN = 27;
    uint8 private constant ODD = 28;

    /**
     * @notice The addresses of both points with an x coordinate.
     * @param px x coordinate
     * @return even the address of the point with even y: of the key, as an ECDSA key; 0 if `px` is no key
     * @return odd the address of its negative; 0 if `px` is no key
     */
    function addressesOf(uint256 px) internal pure returns (address even, address odd) {
        // ecrecover(0, v, r, r) is the address of R itself. It gives 0 for an x that is 0, not below N, or no
        // point's: such keys cannot be verified with, and are none.
        even = ecrecover(0, EVEN, bytes32(px), bytes32(px));
        odd = ecrecover(0, ODD, bytes32(px), bytes32(px));
    }

    /**
     * @notice Whether a signature is the key's over a digest.
     * @param px the key: x coordinate of a point with even y; nothing is signed by what is no key
     * @param digest what is signed
     * @param signature 52 bytes: the address A of the commitment, and s
     */
    function verify(uint256 px, bytes32 digest, bytes calldata signature) internal pure returns (bool) {
        if (signature.length != SIGNATURE_LENGTH) return false;
        address commitment = address(bytes20(signature[:20]));
        uint256 s = uint256(bytes32(signature[20:]));
        return isOpening(px, challenge(px, digest, commitment), commitment, s);
    }

    /**
     * @notice Whether `address(s·G − e·P)` is `commitment`.
     * @param px x coordinate of P, whose y is even; never an opening unless 0 < px < N and on the curve
     * @param e the challenge; never an opening if it is a multiple of N
     * @param commitment not 0
     * @param s 0 < s < N
     */
    function isOpening(uint256 px, uint256 e, address commitment, uint256 s) internal pure returns (bool) {
        // ecrecover says 0 where it refuses.
        if (commitment == address(0)) return false;
        // s + N would open the same commitment.
        if (s == 0 || s >= N) return false;
        // ecrecover refuses an r that is 0, not below N, or no point's x; and an s that is N, if e is 0 modulo N.
        bytes32 h = bytes32(N - mulmod(s, px, N));
        return ecrecover(h, EVEN, bytes32(px), bytes32(N - mulmod(e, px, N))) == commitment;
    }

    /// @notice e, not reduced modulo N: keccak256(tag ‖ Px ‖ digest ‖ A).
    function challenge(uint256 px, bytes32 digest, address commitment) internal pure returns (uint256) {
        return uint256(keccak256(abi.encodePacked(CHALLENGE_TAG, px, digest, commitment)));
    }
}
