// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "../lib/compare.circom";
include "../lib/range.circom";
include "../lib/select.circom";

/**
 * The one-hot choice of a budget from a slot's three bits; 4 to 7 choose none.
 *
 * @requires index bits are 0 or 1
 * @ensures  choice[i] = 1 for i = index < 4, all 0 for index ≥ 4; used = 1 − index[2]
 */
template BudgetChoice() {
    // PRIVATE
    signal input {binary} index[3];
    // OUTPUT
    signal output {binary} choice[4];
    signal output {binary} used;

    used <== 1 - index[2];
    signal both <== index[0] * index[1];
    choice[3] <== used * both;
    choice[1] <== used * index[0] - choice[3];
    choice[2] <== used * index[1] - choice[3];
    choice[0] <== used - choice[1] - choice[2] - choice[3];
}

/**
 * One charge slot: lets its budget leak, charges it, and holds it to its capacity.
 *
 * Bounds: amount < 2^128, s1 < 2^96, amount·s2 < 2^159, price < 2^80, s3 < 2^128, so that
 * charge < 2^224 + 2^239 + 2^128 < 2^239.01; levels and capacities are below 2^160, times below 2^34.
 *
 * @requires time < 2^34 (context); amount as Amount ensures; amountPrice = amount·price; s1, s2, s3 within
 *           their bounds (leaf); capacity < 2^160, refill·10^4·2^34 < 2^160, bps ≤ 10,000 (policy); every
 *           packed[i] = level + 2^200·last with level < 2^160, last < 2^34 (the state, by induction); index
 *           bits and givesBack are 0 or 1
 * @ensures  used slot: next[i] of the named budget = level' + 2^200·time with level' < 2^160, where
 *           level' = leaked + charge ≤ capacity·bps / 10^4, or, giving back, leaked − charge ≥ 0, and
 *           leaked = max(0, level − refill·bps·elapsed); elapsed = time − last ≥ 0;
 *           unused slot: next = packed, charge = 0, elapsed = time
 */
template Charge() {
    var BUDGETS = 4;
    // PRIVATE
    signal input time;
    signal input amount;
    signal input amountPrice;
    signal input bps;
    signal input {binary} budget[3];
    signal input {binary} givesBack;
    signal input s1;
    signal input s2;
    signal input s3;
    signal input capacity[BUDGETS];
    signal input refill[BUDGETS];
    signal input packed[BUDGETS];
    // OUTPUT
    signal output next[BUDGETS];
    signal output elapsed;

    var FULL_BPS = 10000;
    var LAST_UNIT = 2 ** 200;

    // 1. The slot's budget; zeros for an unused slot.
    component chosen = BudgetChoice();
    chosen.index <== budget;
    component packedOfSlot = SelectOneHot(BUDGETS);
    packedOfSlot.values <== packed;
    packedOfSlot.choice <== chosen.choice;
    component capacityOfSlot = SelectOneHot(BUDGETS);
    capacityOfSlot.values <== capacity;
    capacityOfSlot.choice <== chosen.choice;
    component refillOfSlot = SelectOneHot(BUDGETS);
    refillOfSlot.values <== refill;
    refillOfSlot.choice <== chosen.choice;

    // 2. Opening: packed = level + 2^200·last. Dividing is a hint (hence <--): a range check of level here would cost
    //    160 rows that step 5 makes needless. Steps 3 to 5 leave one opening only, as follows.
    //
    //    Let the budget hold (L, T), L < 2^160, T < 2^34 (0, 0 for an unused slot), and let (level, last) satisfy
    //    the constraints. Step 3 gives last in (time − 2^34, time], a difference of less than 2^35 from T. Step 4
    //    gives 0 ≤ leak < 2^160 for every elapsed below 2^34. Step 5 gives level − leak in [−2^160, 2^160), so
    //    level is in [−2^160, 2^161). Now level − L = 2^200·(T − last) mod p with a left side below 2^162 and a
    //    right side below 2^235 in absolute value: it holds over the integers, and a multiple of 2^200 below
    //    2^162 is 0, so level = L and last = T.
    signal last <-- packedOfSlot.out \ LAST_UNIT;
    signal level <== packedOfSlot.out - LAST_UNIT * last;

    // 3. Time since the last charge, in [0, 2^34).
    elapsed <== time - last;
    component elapsedRange = Range(34);
    elapsedRange.in <== elapsed;

    // 4. What leaked since, below 2^160.
    signal refillPerSecond <== refillOfSlot.out * bps;
    signal leak <== refillPerSecond * elapsed;

    // 5. What is left, at least 0.
    component leaked = NotBelowZero(160);
    leaked.in <== level - leak;

    // 6. The charge; an unused slot charges nothing.
    signal perAmount <== amount * s1;
    signal perNotional <== amountPrice * s2;
    signal charge <== perAmount + perNotional + s3;
    charge * (1 - chosen.used) === 0;

    // 7. The new level, above −2^239.01 and below 2^239.01.
    signal signedCharge <== (1 - 2 * givesBack) * charge;
    signal newLevel <== leaked.out + signedCharge;

    // 8. Giving back: newLevel ≥ 0, and newLevel ≤ leaked < 2^160. Adding: 10^4·newLevel ≤ capacity·bps <
    //    10^4·2^160 < 2^174, so newLevel < 2^160. A negative number here is above −10^4·2^239.01 > −2^252.4 >
    //    2^174 − p, thus no 174-bit number.
    signal scaledCapacity <== capacityOfSlot.out * bps;
    signal headroom <== scaledCapacity - FULL_BPS * newLevel;
    component withinCapacity = Range(174);
    withinCapacity.in <== headroom + givesBack * (newLevel - headroom);

    // 9. The budget becomes (newLevel, time); the others stay.
    signal newPacked <== newLevel + LAST_UNIT * time;
    for (var i = 0; i < BUDGETS; i++) {
        next[i] <== packed[i] + chosen.choice[i] * (newPacked - packed[i]);
    }
}

/**
 * The rule's two charges, one after the other.
 *
 * @requires as Charge, for each slot; the slots name different budgets (leaf)
 * @ensures  as Charge, for each slot; next is the budgets after both; elapsed is slot 0's time since its
 *           budget's last charge before this action
 */
template Charges() {
    var BUDGETS = 4;
    var SLOTS = 2;
    // PRIVATE
    signal input time;
    signal input amount;
    signal input price;
    signal input bps;
    signal input {binary} budget[SLOTS][3];
    signal input {binary} givesBack[SLOTS];
    signal input factors[SLOTS][3];
    signal input capacity[BUDGETS];
    signal input refill[BUDGETS];
    signal input packed[BUDGETS];
    // OUTPUT
    signal output next[BUDGETS];
    signal output elapsed;

    signal amountPrice <== amount * price;

    component slot[SLOTS];
    for (var j = 0; j < SLOTS; j++) {
        slot[j] = Charge();
        slot[j].time <== time;
        slot[j].amount <== amount;
        slot[j].amountPrice <== amountPrice;
        slot[j].bps <== bps;
        slot[j].budget <== budget[j];
        slot[j].givesBack <== givesBack[j];
        slot[j].s1 <== factors[j][0];
        slot[j].s2 <== factors[j][1];
        slot[j].s3 <== factors[j][2];
        slot[j].capacity <== capacity;
        slot[j].refill <== refill;
    }
    slot[0].packed <== packed;
    slot[1].packed <== slot[0].next;

    next <== slot[1].next;
    elapsed <== slot[0].elapsed;
}
