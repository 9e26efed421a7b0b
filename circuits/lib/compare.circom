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
