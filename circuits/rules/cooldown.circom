// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../lib/range.circom";

/**
 * Enough time has passed since charge slot 0's budget was last charged.
 *
 * @requires elapsed < 2^34 (Charges); cooldown < 2^34 (leaf)
 * @ensures  elapsed ≥ cooldown
 */
template Cooldown() {
    // PRIVATE
    signal input elapsed;
    signal input cooldown;

    // The difference is in (−2^34, 2^34).
    component passed = Range(34);
    passed.in <== elapsed - cooldown;
}
