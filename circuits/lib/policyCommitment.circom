// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "./hash.circom";

/**
 * Opens the policy commitment (docs/PROTOCOL.md §5).
 *
 * That the elements keep their bounds is the compiler's promise, as for a leaf.
 *
 * @requires nothing
 * @ensures  commitment = H(policy; rulesRoot, keysHash, capacity, refill, thresholds, bps, salt)
 */
template PolicyCommitment() {
    var BUDGETS = 4;
    // PRIVATE
    signal input commitment;
    signal input rulesRoot;
    signal input keysHash;
    signal input capacity[BUDGETS];
    signal input refill[BUDGETS];
    signal input elevatedAbove;
    signal input stressedAbove;
    signal input elevatedBps;
    signal input stressedBps;
    signal input salt;

    component hash = Hash(DOMAIN_POLICY(), 15);
    hash.inputs[0] <== rulesRoot;
    hash.inputs[1] <== keysHash;
    for (var i = 0; i < BUDGETS; i++) {
        hash.inputs[2 + i] <== capacity[i];
        hash.inputs[6 + i] <== refill[i];
    }
    hash.inputs[10] <== elevatedAbove;
    hash.inputs[11] <== stressedAbove;
    hash.inputs[12] <== elevatedBps;
    hash.inputs[13] <== stressedBps;
    hash.inputs[14] <== salt;
    hash.out === commitment;
}
