import { forgeries } from "../../soundness/forgeries.ts";
import { type Mutant, plant } from "./mutant.ts";

const charges = "rules/charges.circom";

/** Bugs in the budgets and the state. */
export const budgetMutants: Mutant[] = [
  plant(
    "opening: level − leak may be far below zero",
    charges,
    "component leaked = NotBelowZero(160);",
    "component leaked = NotBelowZero(220);",
    { attack: forgeries.openingLater },
  ),
  plant(
    "opening: level and last 2^128 apart",
    charges,
    "var LAST_UNIT = 2 ** 200;",
    "var LAST_UNIT = 2 ** 128;",
    { attack: forgeries.openingLaterNarrow },
  ),
  plant(
    "opening: the time since the last charge unchecked",
    charges,
    "elapsedRange.in <== elapsed;",
    "elapsedRange.in <== 0;",
    { attack: forgeries.openingAsFraction },
  ),
  plant(
    "opening: a charge in the future accepted",
    charges,
    "elapsedRange.in <== elapsed;",
    "elapsedRange.in <== 0;",
  ),
  plant(
    "opening: the level not tied to the packed budget",
    charges,
    "signal level <== packedOfSlot.out",
    "signal level <-- packedOfSlot.out",
  ),
  plant(
    "leak: the cut at zero unchecked",
    "lib/compare.circom",
    "magnitude.in <== in - 2 * cut - negative.out;",
    "magnitude.in <== 0;",
    { attack: forgeries.positiveCutOff },
  ),
  plant(
    "leak: below zero kept as credit",
    "lib/compare.circom",
    "magnitude.in <== in - 2 * cut - negative.out;",
    "magnitude.in <== 0;",
    { attack: forgeries.negativeKept },
  ),
  plant(
    "leak: not scaled by the regime",
    charges,
    "refillPerSecond <== refillOfSlot.out * bps;",
    "refillPerSecond <== refillOfSlot.out * FULL_BPS;",
  ),
  plant("leak: ignored", charges, "leaked.in <== level - leak;", "leaked.in <== level;"),
  plant(
    "charge: giving back ignored",
    charges,
    "signedCharge <== (1 - 2 * givesBack) * charge;",
    "signedCharge <== charge;",
  ),
  plant(
    "charge: giving back more than there is",
    charges,
    "withinCapacity.in <== headroom + givesBack * (newLevel - headroom);",
    "withinCapacity.in <== headroom;",
  ),
  plant(
    "charge: the notional at the wrong factor",
    charges,
    "perNotional <== amountPrice * s2;",
    "perNotional <== amountPrice * s1;",
  ),
  plant("charge: the call's part forgotten", charges, "perNotional + s3;", "perNotional;"),
  plant(
    "charge: unconstrained",
    charges,
    "signal charge <== perAmount",
    "signal charge <-- perAmount",
  ),
  plant(
    "capacity: not scaled by the regime",
    charges,
    "scaledCapacity <== capacityOfSlot.out * bps;",
    "scaledCapacity <== capacityOfSlot.out * FULL_BPS;",
  ),
  plant(
    "capacity: unchecked",
    charges,
    "withinCapacity.in <== headroom + givesBack * (newLevel - headroom);",
    "withinCapacity.in <== 0;",
  ),
  plant(
    "slot: an unused one touches the first budget's last charge",
    charges,
    "used <== 1 - index[2];",
    "used <== 1;",
  ),
  plant(
    "slot: budgets 1 and 2 exchanged",
    charges,
    "choice[1] <== used * index[0] - choice[3];\n    choice[2] <== used * index[1] - choice[3];",
    "choice[1] <== used * index[1] - choice[3];\n    choice[2] <== used * index[0] - choice[3];",
  ),
  plant(
    "slot: capacity of the wrong budget",
    charges,
    "capacityOfSlot.values <== capacity;",
    "capacityOfSlot.values <== refill;",
  ),
  plant(
    "slot: the second forgets the first",
    charges,
    "slot[1].packed <== slot[0].next;",
    "slot[1].packed <== packed;",
  ),
  plant(
    "state: the time of the last charge kept",
    charges,
    "newPacked <== newLevel + LAST_UNIT * time;",
    "newPacked <== newLevel + LAST_UNIT * last;",
  ),
  plant(
    "state: the new budgets unconstrained",
    charges,
    "next[i] <== packed[i] +",
    "next[i] <-- packed[i] +",
  ),
  plant(
    "state: the commitment not compared",
    "lib/stateCommitment.circom",
    "    hash.out === commitment;\n",
    "",
  ),
  plant(
    "state: committed to without its salt",
    "lib/stateCommitment.circom",
    "hash.inputs[BUDGETS] <== salt;",
    "hash.inputs[BUDGETS] <== 0;",
  ),
  plant(
    "state: the new one under the old salt",
    "policy.circom",
    "stateNew.salt <== saltNew;",
    "stateNew.salt <== saltOld;",
  ),
];
