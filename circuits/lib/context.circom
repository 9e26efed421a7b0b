// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "./hash.circom";

/**
 * Binds the prover's copy of the context vector to the gate's: 14 header elements, then the calldata words.
 *
 * The prover's commitment c fixes the vector before the challenge z exists (z is the digest that the agent
 * signs over c). Two vectors that differ agree in Horner's value at such a z with probability at most
 * (14 + 2·WORDS) / p, so the copy is the gate's, and every bound that the gate enforces holds here.
 *
 * @requires the gate computed challenge and fingerprint as docs/PROTOCOL.md §2 says
 * @ensures  commitment = H(context; v), fingerprint = Horner(v, challenge); outputs within the bounds of §2
 */
template Context(WORDS) {
    var HEADER = 14;
    var LENGTH = HEADER + 2 * WORDS;
    // PUBLIC
    signal input commitment;
    signal input challenge;
    signal input fingerprint;
    // PRIVATE
    signal input header[HEADER];
    signal input words[WORDS][2];
    // OUTPUT
    signal output chainId;
    signal output gate;
    signal output time;
    signal output policy;
    signal output stateOld;
    signal output stateNew;
    signal output target;
    signal output value;
    signal output selector;
    signal output dataLength;
    signal output priceFeed;
    signal output priceAnswer;
    signal output priceUpdatedAt;
    signal output riskAnswer;

    // 1. The vector: the header, then (high, low) of each word.
    signal vector[LENGTH];
    for (var i = 0; i < HEADER; i++) {
        vector[i] <== header[i];
    }
    for (var k = 0; k < WORDS; k++) {
        vector[HEADER + 2 * k] <== words[k][0];
        vector[HEADER + 2 * k + 1] <== words[k][1];
    }

    // 2. c = H(context; v).
    component hash = Hash(DOMAIN_CONTEXT(), LENGTH);
    hash.inputs <== vector;
    hash.out === commitment;

    // 3. y = Horner(v, z), v_0 at the highest power.
    signal horner[LENGTH];
    horner[0] <== vector[0];
    for (var i = 1; i < LENGTH; i++) {
        horner[i] <== horner[i - 1] * challenge + vector[i];
    }
    horner[LENGTH - 1] === fingerprint;

    // 4. The header's elements by name.
    chainId <== header[0];
    gate <== header[1];
    time <== header[2];
    policy <== header[3];
    stateOld <== header[4];
    stateNew <== header[5];
    target <== header[6];
    value <== header[7];
    selector <== header[8];
    dataLength <== header[9];
    priceFeed <== header[10];
    priceAnswer <== header[11];
    priceUpdatedAt <== header[12];
    riskAnswer <== header[13];
}
