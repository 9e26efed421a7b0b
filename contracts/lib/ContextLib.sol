// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/**
 * @title ContextLib
 * @notice The context vector of docs/PROTOCOL.md §2: its layout in memory, its hash and its fingerprint.
 * @dev The vector is one block of memory, an element per word: {Header}, then two 128-bit limbs for each
 * calldata word. Fuzzed against src/action/context.ts.
 */
library ContextLib {
    /// @notice Order of the BN254 scalar field.
    uint256 internal constant P = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;

    /// @notice How many elements {Header} has.
    uint256 internal constant HEADER_ELEMENTS = 14;

    /// @notice The vector's first elements, in their order. The bounds are the caller's to enforce.
    struct Header {
        uint256 chainId;
        uint256 gate;
        uint256 time;
        uint256 policy;
        uint256 stateOld;
        uint256 stateNew;
        uint256 target;
        uint256 value;
        uint256 selector;
        uint256 dataLength;
        uint256 priceFeed;
        uint256 priceAnswer;
        uint256 priceUpdatedAt;
        uint256 riskAnswer;
    }

    /**
     * @notice Allocates a vector and fills in everything that comes from the calldata: selector, dataLength and
     * the words after the selector, zero-padded. The other elements of the header are for the caller to set.
     * @param data the calldata: empty, or at least four bytes
     * @param words how many calldata words the circuit reads
     * @return vector the header, with the limbs behind it
     */
    function fromCalldata(bytes calldata data, uint256 words) internal pure returns (Header memory vector) {
        uint256 limbs;
        assembly ("memory-safe") {
            // In place of the header that Solidity allocated for the return variable.
            vector := mload(0x40)
            limbs := add(vector, mul(HEADER_ELEMENTS, 0x20))
            mstore(0x40, add(limbs, mul(words, 0x40)))

            // Past the end of calldata there are only zeros.
            calldatacopy(limbs, calldatasize(), mul(words, 0x40))
            let selector := 0
            if data.length {
                selector := shr(224, calldataload(data.offset))
                let present := sub(data.length, 4)
                if gt(present, mul(words, 0x20)) {
                    present := mul(words, 0x20)
                }
                calldatacopy(limbs, add(data.offset, 4), present)
                // Spread the words into limbs, backwards, as each takes twice its place.
                for {
                    let k := shr(5, add(present, 31))
                } k {} {
                    k := sub(k, 1)
                    let word := mload(add(limbs, shl(5, k)))
                    let high := add(limbs, shl(6, k))
                    mstore(add(high, 0x20), and(word, 0xffffffffffffffffffffffffffffffff))
                    mstore(high, shr(128, word))
                }
            }
            mstore(add(vector, 0x100), selector)
            mstore(add(vector, 0x120), data.length)
        }
    }

    /// @notice `contextHash`: keccak256 of all elements, 32 bytes each.
    function hash(Header memory vector, uint256 words) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := keccak256(vector, add(mul(HEADER_ELEMENTS, 0x20), mul(words, 0x40)))
        }
    }

    /**
     * @notice `y`: the vector as a polynomial at `z` modulo p, by Horner's rule from the first element.
     * @param vector the whole vector
     * @param words how many calldata words the circuit reads
     * @param z the challenge, below p
     */
    function fingerprint(Header memory vector, uint256 words, uint256 z) internal pure returns (uint256 y) {
        assembly ("memory-safe") {
            let p := P
            let end := add(vector, add(mul(HEADER_ELEMENTS, 0x20), mul(words, 0x40)))
            // The number of elements is even, so two at a time.
            for {
                let element := vector
            } lt(element, end) {
                element := add(element, 0x40)
            } {
                y := addmod(mulmod(y, z, p), mload(element), p)
                y := addmod(mulmod(y, z, p), mload(add(element, 0x20)), p)
            }
        }
    }

    /// @notice The vector as an array, for reading from outside.
    function toArray(Header memory vector, uint256 words) internal pure returns (uint256[] memory elements) {
        elements = new uint256[](HEADER_ELEMENTS + 2 * words);
        assembly ("memory-safe") {
            mcopy(add(elements, 0x20), vector, mul(mload(elements), 0x20))
        }
    }
}
