// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "./range.circom";

/**
 * Quotient and remainder by a constant.
 *
 * @requires in < 2^QUOTIENT_BITS · DIVISOR; DIVISOR ≤ 2^REMAINDER_BITS; REMAINDER_BITS + QUOTIENT_BITS ≤ 250
 * @ensures  in = DIVISOR·quotient + remainder, 0 ≤ remainder < DIVISOR, 0 ≤ quotient < 2^QUOTIENT_BITS: the
 *           right side is below 2^251, so that the equation holds over the integers and both are unique
 */
template DivideBy(DIVISOR, QUOTIENT_BITS, REMAINDER_BITS) {
    assert(DIVISOR <= 2 ** REMAINDER_BITS && REMAINDER_BITS + QUOTIENT_BITS <= 250);
    // PRIVATE
    signal input in;
    // OUTPUT
    signal output quotient;
    signal output remainder;

    // 1. The prover's division; steps 2 and 3 leave it no choice.
    quotient <-- in \ DIVISOR;
    remainder <== in - DIVISOR * quotient;

    // 2. 0 ≤ quotient < 2^QUOTIENT_BITS.
    component quotientRange = Range(QUOTIENT_BITS);
    quotientRange.in <== quotient;

    // 3. 0 ≤ remainder < DIVISOR.
    component notNegative = Range(REMAINDER_BITS);
    notNegative.in <== remainder;
    component belowDivisor = Range(REMAINDER_BITS);
    belowDivisor.in <== DIVISOR - 1 - remainder;
}

/**
 * The remainder by a small constant as a one-hot vector, at one row per residue.
 *
 * @requires in < 2^QUOTIENT_BITS · DIVISOR; DIVISOR·2^QUOTIENT_BITS < 2^250
 * @ensures  out[r] = 1 for r = in mod DIVISOR, 0 elsewhere
 */
template ResidueOneHot(DIVISOR, QUOTIENT_BITS) {
    // PRIVATE
    signal input in;
    // OUTPUT
    signal output {binary} out[DIVISOR];

    // 1. The prover's division; steps 2 to 4 leave it no choice.
    signal quotient;
    quotient <-- in \ DIVISOR;
    var residue = in % DIVISOR;

    // 2. Exactly one residue.
    component isBit[DIVISOR];
    signal hint[DIVISOR];
    var count = 0;
    var remainder = 0;
    for (var r = 0; r < DIVISOR; r++) {
        hint[r] <-- residue == r ? 1 : 0;
        isBit[r] = Bit();
        isBit[r].in <== hint[r];
        out[r] <== isBit[r].out;
        count += out[r];
        remainder += r * out[r];
    }
    count === 1;

    // 3. 0 ≤ quotient < 2^QUOTIENT_BITS.
    component quotientRange = Range(QUOTIENT_BITS);
    quotientRange.in <== quotient;

    // 4. Both sides are below 2^251: the equation holds over the integers.
    in === DIVISOR * quotient + remainder;
}
