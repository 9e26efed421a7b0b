// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "./hash.circom";
include "./range.circom";

/**
 * A rule: its leaf in the tree, its elements by name, and its flags (docs/PROTOCOL.md §4).
 *
 * Only the flags are checked here, since they are read bit by bit. That the other elements keep their
 * bounds is the compiler's promise: whoever relies on a policy relies on its author for it.
 *
 * @requires nothing
 * @ensures  leaf = H(leaf; rule); rule[0] = chainId + 2^64·selector, which fixes both once the caller has
 *           equated them with a chain id below 2^64 and a selector below 2^32; rule[30] < 2^64, and every
 *           flag is 0 or 1
 */
template Leaf() {
    // PRIVATE
    signal input rule[31];
    // OUTPUT
    signal output leaf;
    signal output chainId;
    signal output selector;
    signal output targetLo;
    signal output targetHi;
    signal output dataLengthMin;
    signal output dataLengthMax;
    signal output limitAgent;
    signal output limitQuorum;
    signal output factors[2][3];
    signal output operands[4][2];
    signal output priceFeed;
    signal output priceMaxAge;
    signal output bandPriced;
    signal output bandUnpriced;
    signal output validFrom;
    signal output validUntil;
    signal output hoursStart;
    signal output hoursEnd;
    signal output cooldown;
    signal output {binary} amountWord[5];
    signal output {binary} amountFromValue;
    signal output {binary} minOutWord[5];
    signal output {binary} bandSell;
    signal output {binary} bandBuy;
    signal output {binary} conditionWord[4][5];
    signal output {binary} conditionEq[4];
    signal output {binary} conditionSelf[4];
    signal output {binary} conditionLe[2];
    signal output {binary} conditionGe[2];
    signal output {binary} chargeBudget[2][3];
    signal output {binary} chargeGivesBack[2];
    signal output {binary} scales;
    signal output {binary} quorum[3];
    signal output {binary} days[7];

    // 1. The leaf.
    component hash = Hash(DOMAIN_LEAF(), 31);
    hash.inputs <== rule;
    leaf <== hash.out;

    // 2. The elements by name.
    selector <-- rule[0] \ 2 ** 64;
    chainId <== rule[0] - 2 ** 64 * selector;
    targetLo <== rule[1];
    targetHi <== rule[2];
    dataLengthMin <== rule[3];
    dataLengthMax <== rule[4];
    limitAgent <== rule[5];
    limitQuorum <== rule[6];
    for (var j = 0; j < 2; j++) {
        for (var s = 0; s < 3; s++) {
            factors[j][s] <== rule[7 + 3 * j + s];
        }
    }
    for (var i = 0; i < 4; i++) {
        operands[i][0] <== rule[13 + 2 * i];
        operands[i][1] <== rule[14 + 2 * i];
    }
    priceFeed <== rule[21];
    priceMaxAge <== rule[22];
    bandPriced <== rule[23];
    bandUnpriced <== rule[24];
    validFrom <== rule[25];
    validUntil <== rule[26];
    hoursStart <== rule[27];
    hoursEnd <== rule[28];
    cooldown <== rule[29];

    // 3. The flags, from the least significant bit.
    component flags = Bits(64);
    flags.in <== rule[30];
    for (var b = 0; b < 5; b++) {
        amountWord[b] <== flags.out[b];
        minOutWord[b] <== flags.out[6 + b];
    }
    amountFromValue <== flags.out[5];
    bandSell <== flags.out[11];
    bandBuy <== flags.out[12];
    for (var i = 0; i < 4; i++) {
        for (var b = 0; b < 5; b++) {
            conditionWord[i][b] <== flags.out[13 + 7 * i + b];
        }
        conditionEq[i] <== flags.out[18 + 7 * i];
        conditionSelf[i] <== flags.out[19 + 7 * i];
    }
    for (var i = 0; i < 2; i++) {
        conditionLe[i] <== flags.out[41 + 2 * i];
        conditionGe[i] <== flags.out[42 + 2 * i];
    }
    for (var j = 0; j < 2; j++) {
        for (var b = 0; b < 3; b++) {
            chargeBudget[j][b] <== flags.out[45 + 4 * j + b];
        }
        chargeGivesBack[j] <== flags.out[48 + 4 * j];
    }
    scales <== flags.out[53];
    for (var r = 0; r < 3; r++) {
        quorum[r] <== flags.out[54 + r];
    }
    for (var d = 0; d < 7; d++) {
        days[d] <== flags.out[57 + d];
    }
}
