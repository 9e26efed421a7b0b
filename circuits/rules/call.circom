// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../lib/range.circom";

/**
 * The action calls the rule's function, and its calldata's length is in the rule's range.
 *
 * @requires dataLength < 2^20 (context); dataLengthMin, dataLengthMax < 2^20 (leaf)
 * @ensures  selector = ruleSelector; dataLengthMin ≤ dataLength ≤ dataLengthMax
 */
template Call() {
    // PRIVATE
    signal input selector;
    signal input dataLength;
    signal input ruleSelector;
    signal input dataLengthMin;
    signal input dataLengthMax;

    // 1. The function.
    selector === ruleSelector;

    // 2. The length: both differences are in (−2^20, 2^20).
    component atLeastMin = Range(20);
    atLeastMin.in <== dataLength - dataLengthMin;
    component atMostMax = Range(20);
    atMostMax.in <== dataLengthMax - dataLength;
}
