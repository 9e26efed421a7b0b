// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../lib/range.circom";

/**
 * The price comes from the rule's feed and is young enough.
 *
 * @requires time, priceUpdatedAt < 2^34 (context); priceMaxAge < 2^34 (leaf)
 * @ensures  priceFeed = ruleFeed; time − priceUpdatedAt ≤ priceMaxAge
 */
template PriceFeed() {
    // PRIVATE
    signal input time;
    signal input priceFeed;
    signal input priceUpdatedAt;
    signal input ruleFeed;
    signal input priceMaxAge;

    // 1. The rule's feed; 0 = none on both sides.
    priceFeed === ruleFeed;

    // 2. Age ≤ priceMaxAge: priceMaxAge − age is in (−2^34, 2^35).
    component young = Range(35);
    young.in <== priceMaxAge + priceUpdatedAt - time;
}
