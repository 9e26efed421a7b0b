// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../lib/range.circom";
include "../lib/word.circom";

/**
 * Equality of one calldata word with an operand or with the gate's own address, on both limbs.
 *
 * @requires eq and self are 0 or 1
 * @ensures  eq → both limbs equal the operand's; self → both limbs equal the gate's
 */
template EqualityCondition() {
    // PRIVATE
    signal input high;
    signal input low;
    signal input {binary} eq;
    signal input {binary} self;
    signal input operandHigh;
    signal input operandLow;
    signal input gateHigh;
    signal input gateLow;

    // 1. eq.
    eq * (high - operandHigh) === 0;
    eq * (low - operandLow) === 0;

    // 2. self.
    self * (high - gateHigh) === 0;
    self * (low - gateLow) === 0;
}

/**
 * One calldata word at most or at least an operand.
 *
 * @requires low, operandLow < 2^128; le and ge are 0 or 1, not both 1 (leaf)
 * @ensures  le → high = 0 and low ≤ operandLow; ge → high = 0 and low ≥ operandLow
 */
template OrderedCondition() {
    // PRIVATE
    signal input high;
    signal input low;
    signal input {binary} le;
    signal input {binary} ge;
    signal input operandLow;

    // 1. An ordered word is below 2^128.
    (le + ge) * high === 0;

    // 2. The difference is in (−2^128, 2^128) either way round, and 0 for a condition that does not order.
    component ordered = Range(128);
    ordered.in <== (le - ge) * (operandLow - low);
}

/**
 * The rule's four conditions on calldata words; the first two may also order.
 *
 * @requires gate < 2^160, limbs of words < 2^128 (context); operand limbs < 2^128, at most one comparison
 *           per condition (leaf); flags and index bits are 0 or 1
 * @ensures  every condition whose flag is set holds
 */
template Conditions(WORDS) {
    var CONDITIONS = 4;
    var ORDERED = 2;
    // PRIVATE
    signal input gate;
    signal input words[WORDS][2];
    signal input {binary} word[CONDITIONS][5];
    signal input {binary} eq[CONDITIONS];
    signal input {binary} self[CONDITIONS];
    signal input {binary} le[ORDERED];
    signal input {binary} ge[ORDERED];
    signal input operands[CONDITIONS][2];

    // 1. The gate's address as the limbs of a word: bits 128 … 159 and bits 0 … 127.
    component gateBits = Bits(160);
    gateBits.in <== gate;
    var low = 0;
    for (var i = 0; i < 128; i++) {
        low += gateBits.out[i] * 2 ** i;
    }
    var high = 0;
    for (var i = 128; i < 160; i++) {
        high += gateBits.out[i] * 2 ** (i - 128);
    }
    signal gateLow <== low;
    signal gateHigh <== high;

    // 2. Each condition on its word.
    component read[CONDITIONS];
    component equality[CONDITIONS];
    component order[ORDERED];
    for (var i = 0; i < CONDITIONS; i++) {
        read[i] = ReadWord(WORDS);
        read[i].words <== words;
        read[i].index <== word[i];

        equality[i] = EqualityCondition();
        equality[i].high <== read[i].high;
        equality[i].low <== read[i].low;
        equality[i].eq <== eq[i];
        equality[i].self <== self[i];
        equality[i].operandHigh <== operands[i][0];
        equality[i].operandLow <== operands[i][1];
        equality[i].gateHigh <== gateHigh;
        equality[i].gateLow <== gateLow;

        if (i < ORDERED) {
            order[i] = OrderedCondition();
            order[i].high <== read[i].high;
            order[i].low <== read[i].low;
            order[i].le <== le[i];
            order[i].ge <== ge[i];
            order[i].operandLow <== operands[i][1];
        }
    }
}
