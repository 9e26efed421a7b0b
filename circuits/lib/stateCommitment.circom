// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "./hash.circom";

/**
 * Opens a state commitment (docs/PROTOCOL.md §6).
 *
 * @requires nothing: that a packed budget has one opening is shown where it is opened (Charge)
 * @ensures  commitment = H(state; packed, salt)
 */
template StateCommitment() {
    var BUDGETS = 4;
    // PRIVATE
    signal input commitment;
    signal input packed[BUDGETS];
    signal input salt;

    component hash = Hash(DOMAIN_STATE(), BUDGETS + 1);
    for (var i = 0; i < BUDGETS; i++) {
        hash.inputs[i] <== packed[i];
    }
    hash.inputs[BUDGETS] <== salt;
    hash.out === commitment;
}
