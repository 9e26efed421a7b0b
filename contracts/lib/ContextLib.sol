// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// @notice A context vector in memory: a pointer to its first element, an element per word.
type Vector is uint256;

/**
 * @title ContextLib
 * @notice The context vector of docs/PROTOCOL.md §2: its layout in memory, its hash and its fingerprint.
 * @dev The vector is one block: {Header}, then two 128-bit limbs for each calldata word. Fuzzed against
 * src/action/context.ts.
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

    /// @notice The vector would not be one block: something was allocated after the header.
    error HeaderNotLast();

    /// @notice The first four bytes of calldata as a number, 0 if it is empty.
    function selectorOf(bytes calldata data) internal pure returns (uint256) {
        return data.length == 0 ? 0 : uint256(uint32(bytes4(data)));
    }

    /// @notice `dataHash`: keccak256 of calldata.
    function hashCalldata(bytes calldata data) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            // Beyond the free pointer, so that nothing is allocated.
            let free := mload(0x40)
            calldatacopy(free, data.offset, data.length)
            result := keccak256(free, data.length)
        }
    }

    /**
     * @notice Completes a vector: puts the calldata's words behind the header, zero-padded, as limbs.
     * @param header what was allocated last
     * @param data the calldata: empty, or at least four bytes
     * @param words how many calldata words the circuit reads
     */
    function appendWords(
        Header memory header,
        bytes calldata data,
        uint256 words
    ) internal pure returns (Vector vector) {
        bool isLast;
        assembly ("memory-safe") {
            isLast := eq(mload(0x40), add(header, mul(HEADER_ELEMENTS, 0x20)))
        }
        if (!isLast) revert HeaderNotLast();
        assembly ("memory-safe") {
            vector := header
            let limbs := mload(0x40)
            mstore(0x40, add(limbs, shl(6, words)))
            // Past the end of calldata there are only zeros.
            calldatacopy(limbs, calldatasize(), shl(6, words))
            if data.length {
                let present := sub(data.length, 4)
                if gt(present, shl(5, words)) {
                    present := shl(5, words)
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
        }
    }

    /// @notice `contextHash`: keccak256 of all elements, 32 bytes each.
    function hash(Vector vector, uint256 words) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := keccak256(vector, add(mul(HEADER_ELEMENTS, 0x20), shl(6, words)))
        }
    }

    /**
     * @notice `y`: the vector as a polynomial at `z` modulo p, by Horner's rule from the first element.
     * @param vector the whole vector
     * @param words how many calldata words the circuit reads: a multiple of 8
     * @param z the challenge, below p
     */
    function fingerprint(Vector vector, uint256 words, uint256 z) internal pure returns (uint256 y) {
        assembly ("memory-safe") {
            y := mload(vector)
            y := addmod(mulmod(y, z, P), mload(add(vector, 0x20)), P)
            y := addmod(mulmod(y, z, P), mload(add(vector, 0x40)), P)
            y := addmod(mulmod(y, z, P), mload(add(vector, 0x60)), P)
            y := addmod(mulmod(y, z, P), mload(add(vector, 0x80)), P)
            y := addmod(mulmod(y, z, P), mload(add(vector, 0xa0)), P)
            y := addmod(mulmod(y, z, P), mload(add(vector, 0xc0)), P)
            y := addmod(mulmod(y, z, P), mload(add(vector, 0xe0)), P)
            y := addmod(mulmod(y, z, P), mload(add(vector, 0x100)), P)
            y := addmod(mulmod(y, z, P), mload(add(vector, 0x120)), P)
            y := addmod(mulmod(y, z, P), mload(add(vector, 0x140)), P)
            y := addmod(mulmod(y, z, P), mload(add(vector, 0x160)), P)
            y := addmod(mulmod(y, z, P), mload(add(vector, 0x180)), P)
            y := addmod(mulmod(y, z, P), mload(add(vector, 0x1a0)), P)
            // The limbs of eight words at a time.
            for {
                let limb := add(vector, mul(HEADER_ELEMENTS, 0x20))
                let blocks := shr(3, words)
            } blocks {
                blocks := sub(blocks, 1)
                limb := add(limb, 0x200)
            } {
                y := addmod(mulmod(y, z, P), mload(limb), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0x20)), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0x40)), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0x60)), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0x80)), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0xa0)), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0xc0)), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0xe0)), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0x100)), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0x120)), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0x140)), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0x160)), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0x180)), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0x1a0)), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0x1c0)), P)
                y := addmod(mulmod(y, z, P), mload(add(limb, 0x1e0)), P)
            }
        }
    }

    /// @notice The vector as an array, for reading from outside.
    function toArray(Vector vector, uint256 words) internal pure returns (uint256[] memory elements) {
        elements = new uint256[](HEADER_ELEMENTS + 2 * words);
        assembly ("memory-safe") {
            mcopy(add(elements, 0x20), vector, mul(mload(elements), 0x20))
        }
    }
}
