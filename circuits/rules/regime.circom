// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../../node_modules/circomlib/circuits/comparators.circom";
include "../lib/compare.circom";

/**
 * Which regime the risk feed puts the action in, and what it leaves of the limits.
 *
 * No answer (0) is stressed. A regime never refuses by itself.
 *
 * @requires risk < 2^80 (context); elevatedAbove, stressedAbove ≤ 2^80 (policy)
 * @ensures  exactly one of calm, elevated, stressed is 1, as docs/PROTOCOL.md §7.3 says; bps = 10,000,
 *           elevatedBps or stressedBps accordingly
 */
template Regime() {
    // PRIVATE
    signal input risk;
    signal input elevatedAbove;
    signal input stressedAbove;
    signal input elevatedBps;
    signal input stressedBps;
    // OUTPUT
    signal output {binary} calm;
    signal output {binary} elevated;
    signal output {binary} stressed;
    signal output bps;

    var FULL_BPS = 10000;

    // 1. What the answer reaches.
    component absent = IsZero();
    absent.in <== risk;
    component reachesElevated = AtLeast(80);
    reachesElevated.a <== risk;
    reachesElevated.b <== elevatedAbove;
    component reachesStressed = AtLeast(80);
    reachesStressed.a <== risk;
    reachesStressed.b <== stressedAbove;

    // 2. The regime: products and complements of bits, thus bits; they sum to 1.
    stressed <== 1 - (1 - absent.out) * (1 - reachesStressed.out);
    elevated <== (1 - stressed) * reachesElevated.out;
    calm <== 1 - stressed - elevated;

    // 3. Its basis points.
    signal elevatedPart <== elevated * (elevatedBps - FULL_BPS);
    signal stressedPart <== stressed * (stressedBps - FULL_BPS);
    bps <== FULL_BPS + elevatedPart + stressedPart;
}
