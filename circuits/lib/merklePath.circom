// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "./hash.circom";
include "./range.circom";
include "./select.circom";

/**
 * The root of a 4-ary tree above a leaf.
 *
 * The prover gives all four children of every node on the path; two bits a level say which of them is the
 * node below. Nothing else depends on the bits, so that equal children leave them free without harm.
 *
 * @requires nothing
 * @ensures  root is the root of a tree of depth DEPTH that holds leaf at the index whose base-4 digits, least
 *           significant first, are pathBits[level][0] + 2·pathBits[level][1]
 */
template MerklePath(DEPTH) {
    // PRIVATE
    signal input leaf;
    signal input pathBits[DEPTH][2];
    signal input pathChildren[DEPTH][4];
    // OUTPUT
    signal output root;

    signal below[DEPTH + 1];
    below[0] <== leaf;
    component bit[DEPTH][2];
    component child[DEPTH];
    component node[DEPTH];
    for (var level = 0; level < DEPTH; level++) {
        // 1. The child at the position is the node below.
        child[level] = Select(2);
        child[level].values <== pathChildren[level];
        for (var i = 0; i < 2; i++) {
            bit[level][i] = Bit();
            bit[level][i].in <== pathBits[level][i];
            child[level].index[i] <== bit[level][i].out;
        }
        child[level].out === below[level];

        // 2. The node over the four.
        node[level] = Hash(DOMAIN_NODE(), 4);
        node[level].inputs <== pathChildren[level];
        below[level + 1] <== node[level].out;
    }

    root <== below[DEPTH];
}
