// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../lib/range.circom";
include "../lib/word.circom";

/**
 * The action's minimum output is worth its amount at the feed's price, less the rule's hidden slippage.
 *
 * @requires amount < 2^128 (Amount); limbs of words < 2^128, price < 2^80 (context); bandPriced < 2^32,
 *           bandUnpriced < 2^112, sell and buy not both 1 (leaf); flags and index bits are 0 or 1
 * @ensures  sell or buy → the minimum output's high limb is 0;
 *           sell → minOut·bandUnpriced ≥ amount·price·bandPriced;
 *           buy → minOut·price·bandPriced ≥ amount·bandUnpriced
 */
template PriceBand(WORDS) {
    // PRIVATE
    signal input amount;
    signal input price;
    signal input words[WORDS][2];
    signal input {binary} word[5];
    signal input {binary} sell;
    signal input {binary} buy;
    signal input bandPriced;
    signal input bandUnpriced;

    // 1. The minimum output.
    component minOut = ReadWord(WORDS);
    minOut.words <== words;
    minOut.index <== word;
    (sell + buy) * minOut.high === 0;

    // 2. The side that the feed prices: the amount in a sale, the minimum output in a purchase.
    signal priced <== minOut.low + sell * (amount - minOut.low);
    signal unpriced <== amount + minOut.low - priced;

    // 3. Both sides at the band's factors: below 2^(128+80+32) = 2^240 and 2^(128+112) = 2^240.
    signal quoted <== priced * price;
    signal pricedWorth <== quoted * bandPriced;
    signal unpricedWorth <== unpriced * bandUnpriced;

    // 4. The minimum output's side is at least the amount's: the difference is in (−2^240, 2^240), and 0
    //    without a band.
    component enough = Range(240);
    enough.in <== (sell - buy) * (unpricedWorth - pricedWorth);
}
