// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

/**
 * One of 2^BITS values, by a binary tree of multiplexers: 2^BITS − 1 rows.
 *
 * @requires every index bit is 0 or 1
 * @ensures  out = values[Σ index[i]·2^i]
 */
template Select(BITS) {
    // PRIVATE
    signal input values[2 ** BITS];
    signal input {binary} index[BITS];
    // OUTPUT
    signal output out;

    // tree[0 … 2^BITS − 1] are the values; each further node chooses between two earlier ones.
    var LEAVES = 2 ** BITS;
    signal tree[2 * LEAVES - 1];
    for (var i = 0; i < LEAVES; i++) {
        tree[i] <== values[i];
    }
    var child = 0;
    var node = LEAVES;
    for (var level = 0; level < BITS; level++) {
        for (var i = 0; i < 2 ** (BITS - 1 - level); i++) {
            tree[node] <== tree[child] + index[level] * (tree[child + 1] - tree[child]);
            child += 2;
            node += 1;
        }
    }

    out <== tree[2 * LEAVES - 2];
}

/**
 * The chosen one of COUNT values, or 0 if none is chosen: COUNT rows.
 *
 * @requires choice has at most one 1, the rest 0
 * @ensures  out = Σ choice[i]·values[i]
 */
template SelectOneHot(COUNT) {
    // PRIVATE
    signal input values[COUNT];
    signal input {binary} choice[COUNT];
    // OUTPUT
    signal output out;

    signal partial[COUNT + 1];
    partial[0] <== 0;
    for (var i = 0; i < COUNT; i++) {
        partial[i + 1] <== partial[i] + choice[i] * values[i];
    }
    out <== partial[COUNT];
}
