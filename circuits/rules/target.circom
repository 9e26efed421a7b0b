// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../lib/range.circom";

/**
 * The action is on the rule's chain, and its target is in the rule's address range.
 *
 * @requires chainId < 2^64, selector < 2^32, target < 2^160 (context); identity < 2^96, targetLo and
 *           targetHi < 2^160 (leaf)
 * @ensures  identity = chainId + 2^64·selector, so that both equal the rule's (the limbs do not overlap);
 *           targetLo ≤ target ≤ targetHi
 */
template Target() {
    // PRIVATE
    signal input chainId;
    signal input selector;
    signal input target;
    signal input identity;
    signal input targetLo;
    signal input targetHi;

    // 1. Chain and selector: below 2^96, nothing wraps.
    identity === chainId + 2 ** 64 * selector;

    // 2. targetLo ≤ target: the difference is in (−2^160, 2^160).
    component atLeastLo = Range(160);
    atLeastLo.in <== target - targetLo;

    // 3. target ≤ targetHi: likewise.
    component atMostHi = Range(160);
    atMostHi.in <== targetHi - target;
}
