// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../lib/range.circom";
include "../lib/word.circom";

/**
 * The amount that the action moves, at most the rule's limit in this regime.
 *
 * @requires value < 2^128, limbs of words < 2^128 (context); limit < 2^128 (leaf); bps ≤ 10,000 (policy);
 *           fromValue, scales and the index bits are 0 or 1
 * @ensures  amount = value if fromValue, else the named word, whose high limb is 0, and then value = 0;
 *           10^4·amount ≤ limit·(scales ? bps : 10^4), thus amount ≤ limit < 2^128
 */
template Amount(WORDS) {
    // PRIVATE
    signal input value;
    signal input words[WORDS][2];
    signal input {binary} word[5];
    signal input {binary} fromValue;
    signal input limit;
    signal input {binary} scales;
    signal input bps;
    // OUTPUT
    signal output amount;

    var FULL_BPS = 10000;

    // 1. The amount's word.
    component read = ReadWord(WORDS);
    read.words <== words;
    read.index <== word;

    // 2. Unless the amount is the value, no value moves, and the word is below 2^128.
    (1 - fromValue) * value === 0;
    (1 - fromValue) * read.high === 0;

    // 3. The amount.
    amount <== read.low + fromValue * (value - read.low);

    // 4. The limit in this regime, below 2^128·10^4 < 2^142.
    signal multiplier <== FULL_BPS + scales * (bps - FULL_BPS);
    signal scaledLimit <== limit * multiplier;

    // 5. Amount ≤ limit: both sides are below 2^142, so a negative difference is no 142-bit number.
    component atMostLimit = Range(142);
    atMostLimit.in <== scaledLimit - FULL_BPS * amount;
}
