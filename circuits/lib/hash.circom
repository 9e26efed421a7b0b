// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../../node_modules/circomlib/circuits/poseidon.circom";

// The uses of Poseidon (docs/PROTOCOL.md §1); src/field/poseidon.ts holds the same numbers.
function DOMAIN_CONTEXT() { return 1; }
function DOMAIN_LEAF() { return 2; }
function DOMAIN_NODE() { return 3; }
function DOMAIN_POLICY() { return 4; }
function DOMAIN_STATE() { return 6; }

/**
 * Poseidon over LENGTH elements under the tag `DOMAIN · 2^32 + LENGTH`, chained in blocks of 16.
 *
 * Later blocks carry the digest so far and at most 15 new elements. Every block starts from the tag, so
 * that no two uses, and no two lengths, share a hash. The tag is a constant, thus it costs no row.
 *
 * @requires nothing: any field elements
 * @ensures  out = H(DOMAIN; inputs)
 */
template Hash(DOMAIN, LENGTH) {
    // PRIVATE
    signal input inputs[LENGTH];
    // OUTPUT
    signal output out;

    var RATE = 16;
    var TAG = DOMAIN * 2 ** 32 + LENGTH;
    var chained = LENGTH > RATE ? (LENGTH - RATE + RATE - 2) \ (RATE - 1) : 0;

    // 1. The first block.
    var first = LENGTH > RATE ? RATE : LENGTH;
    component start = PoseidonEx(first, 1);
    start.initialState <== TAG;
    for (var i = 0; i < first; i++) {
        start.inputs[i] <== inputs[i];
    }

    // 2. The chain.
    signal digest[chained + 1];
    digest[0] <== start.out[0];
    component block[chained];
    for (var b = 0; b < chained; b++) {
        var next = RATE + b * (RATE - 1);
        var fresh = LENGTH - next > RATE - 1 ? RATE - 1 : LENGTH - next;
        block[b] = PoseidonEx(fresh + 1, 1);
        block[b].initialState <== TAG;
        block[b].inputs[0] <== digest[b];
        for (var i = 0; i < fresh; i++) {
            block[b].inputs[i + 1] <== inputs[next + i];
        }
        digest[b + 1] <== block[b].out[0];
    }

    out <== digest[chained];
}
