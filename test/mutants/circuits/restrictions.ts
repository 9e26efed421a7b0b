import { type Mutant, plant } from "./mutant.ts";

const amount = "rules/amount.circom";
const call = "rules/call.circom";
const target = "rules/target.circom";
const conditions = "rules/conditions.circom";
const priceFeed = "rules/priceFeed.circom";
const priceBand = "rules/priceBand.circom";
const regime = "rules/regime.circom";
const schedule = "rules/schedule.circom";
const cooldown = "rules/cooldown.circom";
const quorum = "rules/quorum.circom";

/** Bugs in the rules' restrictions on the action. */
export const restrictionMutants: Mutant[] = [
  plant(
    "amount: the limit's range check dropped",
    amount,
    "atMostLimit.in <== scaledLimit - FULL_BPS * amount;",
    "atMostLimit.in <== 0;",
  ),
  plant(
    "amount: the comparator's operands swapped",
    amount,
    "atMostLimit.in <== scaledLimit - FULL_BPS * amount;",
    "atMostLimit.in <== FULL_BPS * amount - scaledLimit;",
  ),
  plant(
    "amount: strictly below the limit",
    amount,
    "scaledLimit - FULL_BPS * amount;",
    "scaledLimit - FULL_BPS * amount - 1;",
  ),
  plant(
    "amount: the word's high limb unchecked",
    amount,
    "    (1 - fromValue) * read.high === 0;\n",
    "",
  ),
  plant(
    "amount: value allowed beside a word amount",
    amount,
    "    (1 - fromValue) * value === 0;\n",
    "",
  ),
  plant(
    "amount: the source's multiplexer unconstrained",
    amount,
    "amount <== read.low",
    "amount <-- read.low",
  ),
  plant(
    "amount: the source's multiplexer swapped",
    amount,
    "amount <== read.low + fromValue * (value - read.low);",
    "amount <== value + fromValue * (read.low - value);",
  ),
  plant(
    "amount: scales inverted",
    amount,
    "FULL_BPS + scales * (bps - FULL_BPS)",
    "FULL_BPS + (1 - scales) * (bps - FULL_BPS)",
  ),
  plant(
    "amount: the limit with an approval for the agent alone",
    "policy.circom",
    "TIER == 0 ? leaf.limitAgent : leaf.limitQuorum",
    "leaf.limitQuorum",
  ),
  plant("target: the chain not compared", target, "    chainId === ruleChainId;\n", ""),
  plant(
    "target: the upper bound dropped",
    target,
    "atMostHi.in <== targetHi - target;",
    "atMostHi.in <== 0;",
  ),
  plant(
    "target: the lower bound against the upper end",
    target,
    "atLeastLo.in <== target - targetLo;",
    "atLeastLo.in <== targetHi - targetLo;",
  ),
  plant("call: the selector not compared", call, "    selector === ruleSelector;\n", ""),
  plant(
    "call: the length's lower bound dropped",
    call,
    "atLeastMin.in <== dataLength - dataLengthMin;",
    "atLeastMin.in <== 0;",
  ),
  plant(
    "call: the length's upper bound dropped",
    call,
    "atMostMax.in <== dataLengthMax - dataLength;",
    "atMostMax.in <== 0;",
  ),
  plant(
    "conditions: self on the low limb only",
    conditions,
    "    self * (high - gateHigh) === 0;\n",
    "",
  ),
  plant(
    "conditions: eq on the high limb only",
    conditions,
    "    eq * (low - operandLow) === 0;\n",
    "",
  ),
  plant(
    "conditions: the high limb of an ordered word unchecked",
    conditions,
    "    (le + ge) * high === 0;\n",
    "",
  ),
  plant(
    "conditions: le and ge exchanged",
    conditions,
    "ordered.in <== (le - ge) *",
    "ordered.in <== (ge - le) *",
  ),
  plant("conditions: only le orders", conditions, "(le - ge) * (operandLow", "le * (operandLow"),
  plant(
    "conditions: every condition reads the first one's word",
    conditions,
    "read[i].index <== word[i];",
    "read[i].index <== word[0];",
  ),
  plant(
    "conditions: the gate's address cut to 128 bits",
    conditions,
    "gateHigh <== high;",
    "gateHigh <== 0;",
  ),
  plant("price feed: not compared", priceFeed, "    priceFeed === ruleFeed;\n", ""),
  plant(
    "price feed: the age unchecked",
    priceFeed,
    "young.in <== priceMaxAge + priceUpdatedAt - time;",
    "young.in <== 0;",
  ),
  plant(
    "price feed: an age of exactly the maximum refused",
    priceFeed,
    "priceUpdatedAt - time;",
    "priceUpdatedAt - time - 1;",
  ),
  plant(
    "price band: the minimum output's high limb unchecked",
    priceBand,
    "    (sell + buy) * minOut.high === 0;\n",
    "",
  ),
  plant(
    "price band: the inequality turned round",
    priceBand,
    "(sell - buy) * (unpricedWorth",
    "(buy - sell) * (unpricedWorth",
  ),
  plant(
    "price band: the priced side unconstrained",
    priceBand,
    "signal priced <== minOut.low",
    "signal priced <-- minOut.low",
  ),
  plant(
    "price band: a sale prices the minimum output",
    priceBand,
    "minOut.low + sell * (amount - minOut.low);",
    "minOut.low + buy * (amount - minOut.low);",
  ),
  plant(
    "price band: the unpriced side without its factor",
    priceBand,
    "unpricedWorth <== unpriced * bandUnpriced;",
    "unpricedWorth <== unpriced * bandPriced;",
  ),
  plant(
    "regime: no answer is calm",
    regime,
    "stressed <== 1 - (1 - absent.out) *",
    "stressed <== 1 -",
  ),
  plant(
    "regime: thresholds are strict",
    "lib/compare.circom",
    "bits.in <== a - b + 2 ** BITS;",
    "bits.in <== a - b + 2 ** BITS - 1;",
  ),
  plant(
    "regime: stressed is elevated too",
    regime,
    "elevated <== (1 - stressed) * reachesElevated.out;",
    "elevated <== reachesElevated.out;",
  ),
  plant(
    "regime: the stressed share unconstrained",
    regime,
    "signal stressedPart <==",
    "signal stressedPart <--",
  ),
  plant(
    "regime: the shares exchanged",
    regime,
    "elevated * (elevatedBps - FULL_BPS)",
    "elevated * (stressedBps - FULL_BPS)",
  ),
  plant(
    "schedule: hours end inclusively",
    schedule,
    "hoursEnd - 1 - split.remainder",
    "hoursEnd - split.remainder",
  ),
  plant(
    "schedule: the hours' start unchecked",
    schedule,
    "afterOpening.in <== split.remainder - hoursStart;",
    "afterOpening.in <== 0;",
  ),
  plant("schedule: the weekday shifted", schedule, "EPOCH_WEEKDAY = 4", "EPOCH_WEEKDAY = 3"),
  plant("schedule: any day is a day", schedule, "    today === 1;\n", ""),
  plant(
    "schedule: valid until inclusively",
    schedule,
    "validUntil - 1 - time",
    "validUntil - time",
  ),
  plant(
    "schedule: valid from unchecked",
    schedule,
    "afterStart.in <== time - validFrom;",
    "afterStart.in <== 0;",
  ),
  plant("cooldown: off by one", cooldown, "elapsed - cooldown;", "elapsed - cooldown + 1;"),
  plant(
    "cooldown: of the wrong slot",
    "rules/charges.circom",
    "elapsed <== slot[0].elapsed;",
    "elapsed <== slot[1].elapsed;",
  ),
  plant("quorum: the flag ignored", quorum, "if (TIER == 0) {", "if (TIER == 1) {"),
  plant(
    "quorum: regimes in the wrong order",
    "policy.circom",
    "quorum.regime[0] <== regime.calm;\n    quorum.regime[1] <== regime.elevated;",
    "quorum.regime[0] <== regime.elevated;\n    quorum.regime[1] <== regime.calm;",
  ),
];
