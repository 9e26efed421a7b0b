// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "./select.circom";

// The base-2 logarithm of a circuit's word count.
function wordIndexBits(WORDS) {
    var bits = 0;
    while (2 ** bits < WORDS) {
        bits++;
    }
    return bits;
}

/**
 * Reads the calldata word that a rule names: 2·(WORDS − 1) rows.
 *
 * A rule's index has five bits in every circuit; a circuit with fewer words refuses indices past its last.
 *
 * @requires WORDS is a power of two, at most 32; every index bit is 0 or 1
 * @ensures  Σ index[i]·2^i < WORDS; (high, low) are the limbs of that word
 */
template ReadWord(WORDS) {
    var INDEX_BITS = 5;
    var USED_BITS = wordIndexBits(WORDS);
    assert(2 ** USED_BITS == WORDS && WORDS <= 2 ** INDEX_BITS);
    // PRIVATE
    signal input words[WORDS][2];
    signal input {binary} index[INDEX_BITS];
    // OUTPUT
    signal output high;
    signal output low;

    // 1. The index is below WORDS.
    for (var i = USED_BITS; i < INDEX_BITS; i++) {
        index[i] === 0;
    }

    // 2. Each limb.
    component limb[2];
    for (var half = 0; half < 2; half++) {
        limb[half] = Select(USED_BITS);
        for (var k = 0; k < WORDS; k++) {
            limb[half].values[k] <== words[k][half];
        }
        for (var i = 0; i < USED_BITS; i++) {
            limb[half].index[i] <== index[i];
        }
    }

    high <== limb[0].out;
    low <== limb[1].out;
}
