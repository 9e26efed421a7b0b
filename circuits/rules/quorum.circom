// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

/**
 * The agent alone may not do what the rule sends to quorum in this regime.
 *
 * @requires all inputs are 0 or 1; exactly one regime is 1 (Regime)
 * @ensures  TIER 0 (the agent alone): the rule's flag for the regime is 0
 */
template Quorum(TIER) {
    // PRIVATE, in the order calm, elevated, stressed
    signal input {binary} regime[3];
    signal input {binary} required[3];

    signal demanded[3];
    var demand = 0;
    for (var i = 0; i < 3; i++) {
        demanded[i] <== regime[i] * required[i];
        demand += demanded[i];
    }
    if (TIER == 0) {
        demand === 0;
    }
}
