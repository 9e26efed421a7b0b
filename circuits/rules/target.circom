// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../lib/range.circom";

/**
 * The action is on the rule's chain, and its target is in the rule's address range.
 *
 * @requires target < 2^160 (context); targetLo, targetHi < 2^160 (leaf)
 * @ensures  chainId = ruleChainId; targetLo ≤ target ≤ targetHi
 */
template Target() {
    // PRIVATE
    signal input chainId;
    signal input target;
    signal input ruleChainId;
    signal input targetLo;
    signal input targetHi;

    // 1. The chain.
    chainId === ruleChainId;

    // 2. targetLo ≤ target: the difference is in (−2^160, 2^160).
    component atLeastLo = Range(160);
    atLeastLo.in <== target - targetLo;

    // 3. target ≤ targetHi: likewise.
    component atMostHi = Range(160);
    atMostHi.in <== targetHi - target;
}
