// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../lib/range.circom";

/**
 * The calldata's length is in the rule's range. (The selector is part of the identity, see Target.)
 *
 * @requires dataLength < 2^20 (context); dataLengthMin, dataLengthMax < 2^20 (leaf)
 * @ensures  dataLengthMin ≤ dataLength ≤ dataLengthMax
 */
template Call() {
    // PRIVATE
    signal input dataLength;
    signal input dataLengthMin;
    signal input dataLengthMax;

    // Both differences are in (−2^20, 2^20).
    component atLeastMin = Range(20);
    atLeastMin.in <== dataLength - dataLengthMin;
    component atMostMax = Range(20);
    atMostMax.in <== dataLengthMax - dataLength;
}
