// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../lib/divide.circom";
include "../lib/range.circom";

/**
 * The rule is valid at this time, at this hour and on this day of the week (UTC).
 *
 * @requires time < 2^34 (context); validFrom, validUntil < 2^34, hoursStart, hoursEnd ≤ 86,400 (leaf);
 *           the bits of days are 0 or 1
 * @ensures  validFrom ≤ time < validUntil; hoursStart ≤ time mod 86,400 < hoursEnd; days[d] = 1 for the
 *           day of the week d of time, 0 = Sunday
 */
template Schedule() {
    // PRIVATE
    signal input time;
    signal input validFrom;
    signal input validUntil;
    signal input hoursStart;
    signal input hoursEnd;
    signal input {binary} days[7];

    var SECONDS_PER_DAY = 86400;
    // 1 January 1970 was a Thursday.
    var EPOCH_WEEKDAY = 4;

    // 1. Validity: the differences are in [−2^34, 2^34).
    component afterStart = Range(34);
    afterStart.in <== time - validFrom;
    component beforeEnd = Range(34);
    beforeEnd.in <== validUntil - 1 - time;

    // 2. The day, below 2^34 / 86,400 < 2^18, and the second of the day, below 86,400 < 2^17.
    component split = DivideBy(SECONDS_PER_DAY, 18, 17);
    split.in <== time;

    // 3. Hours: the differences are in [−86,401, 86,400].
    component afterOpening = Range(17);
    afterOpening.in <== split.remainder - hoursStart;
    component beforeClosing = Range(17);
    beforeClosing.in <== hoursEnd - 1 - split.remainder;

    // 4. The day of the week; a week's number is below 2^18 / 7 + 1 < 2^16.
    component weekday = ResidueOneHot(7, 16);
    weekday.in <== split.quotient + EPOCH_WEEKDAY;
    signal allowed[7];
    var today = 0;
    for (var d = 0; d < 7; d++) {
        allowed[d] <== weekday.out[d] * days[d];
        today += allowed[d];
    }
    today === 1;
}
