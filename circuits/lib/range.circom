// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../../node_modules/circomlib/circuits/bitify.circom";

/**
 * The BITS bits of a number, least significant first.
 *
 * @requires BITS ≤ 252, so that 2^BITS < p and the bits are unique
 * @ensures  in = Σ out[i]·2^i over the integers, thus 0 ≤ in < 2^BITS; every out[i] is 0 or 1
 */
template Bits(BITS) {
    assert(BITS <= 252);
    // PRIVATE
    signal input in;
    // OUTPUT
    signal output {binary} out[BITS];

    component decomposition = Num2Bits(BITS);
    decomposition.in <== in;
    for (var i = 0; i < BITS; i++) {
        out[i] <== decomposition.out[i];
    }
}

/**
 * Refuses everything that is not in [0, 2^BITS).
 *
 * Used on differences instead of a comparator, at half the rows: for integers 0 ≤ a < 2^BITS and
 * 0 ≤ b ≤ p − 2^BITS the field element a − b is below 2^BITS exactly if a ≥ b, because a negative difference
 * is at least p − b ≥ 2^BITS.
 *
 * @requires BITS ≤ 252; on a difference: the bounds above
 * @ensures  0 ≤ in < 2^BITS
 */
template Range(BITS) {
    // PRIVATE
    signal input in;

    component bits = Bits(BITS);
    bits.in <== in;
}

/**
 * Refuses everything but 0 and 1.
 *
 * @ensures out = in is 0 or 1
 */
template Bit() {
    // PRIVATE
    signal input in;
    // OUTPUT
    signal output {binary} out;

    in * (in - 1) === 0;
    out <== in;
}
