// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "./range.circom";

/**
 * Whether a ≥ b.
 *
 * @requires a < 2^BITS, b ≤ 2^BITS (inclusive), BITS ≤ 251
 * @ensures  out = 1 if a ≥ b, else 0
 */
template AtLeast(BITS) {
    // PRIVATE
    signal input a;
    signal input b;
    // OUTPUT
    signal output {binary} out;

    // 0 ≤ a − b + 2^BITS ≤ 2^(BITS+1) − 1: nothing wraps, and the top bit is set exactly if a − b ≥ 0.
    component bits = Bits(BITS + 1);
    bits.in <== a - b + 2 ** BITS;
    out <== bits.out[BITS];
}

/**
 * max(0, in).
 *
 * @requires BITS ≤ 251
 * @ensures  −2^BITS ≤ in < 2^BITS; out = in if in ≥ 0, else 0
 */
template NotBelowZero(BITS) {
    // PRIVATE
    signal input in;
    // OUTPUT
    signal output out;

    // 1. The hint says whether in is negative. in ≥ 0 is checked for 0, −in − 1 ≥ 0 for 1: the two exclude each
    //    other, so the hint is no choice.
    signal hint <-- in < 0 ? 1 : 0;
    component negative = Bit();
    negative.in <== hint;
    signal cut <== negative.out * in;
    component magnitude = Range(BITS);
    magnitude.in <== in - 2 * cut - negative.out;

    // 2. A negative number is cut off.
    out <== in - cut;
}
