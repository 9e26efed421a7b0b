import { mod } from "../../src/field/field.ts";
import type { Policy, Rule } from "../../src/policy/policy.ts";
import type { Situation } from "../../src/policy/subject.ts";
import { packLevel } from "../../src/state/state.ts";
import type { Patch } from "../support/compile.ts";
import { type Claim, claimOf } from "../support/lightInput.ts";
import {
  basePolicy,
  baseRule,
  baseSituation,
  claimedTransition,
  NOON,
} from "../support/mandate.ts";

/**
 * What a malicious prover would try: the circuit with other hints (`<--`), which change the witness and no
 * constraint, and a claim that the policy denies.
 */
export interface Forgery {
  name: string;
  /** Changes of hints only. */
  hints: Patch[];
  policy: Policy;
  situation: Situation;
  /** What is claimed beyond the honest reading of the situation. */
  claim?: (honest: Claim) => Claim;
}

const DAY = 86_400n;
const LAST_UNIT = 1n << 200n;
const budget = { name: "volume", capacity: 1_000n, refillPerSecondPerBps: 0n };
const unused = { ...budget, capacity: 0n };
const charge = {
  budget: 0,
  givesBack: false,
  perAmount: 1n,
  perNotional: 0n,
  perCall: 0n,
};
/** A transfer of 500 that charges a full budget of 1,000. */
const full: Situation = {
  ...baseSituation,
  levels: [
    { level: 1_000n, last: NOON - DAY },
    ...[1, 2, 3].map(() => ({ level: 0n, last: NOON - DAY })),
  ],
};
const withRule = (rule: Partial<Rule>): Policy => ({
  ...basePolicy,
  rules: [{ ...baseRule, ...rule }],
  budgets: [budget, unused, unused, unused],
});
const charged = withRule({ charges: [charge] });
const chargedInSlot1 = withRule({ charges: [undefined, charge] });

/** Claims that budget 0 held nothing before the charge. */
const asIfEmpty = (claim: Claim): Claim => ({
  ...claim,
  packedNew: claim.packedNew.with(0, packLevel({ level: 500n, last: NOON })),
});

const hintLast = (value: string): Patch => ({
  file: "rules/charges.circom",
  find: "signal last <-- packedOfSlot.out \\ LAST_UNIT;",
  replace: `signal last <-- ${value};`,
});
const hintNegative = (value: string): Patch => ({
  file: "lib/compare.circom",
  find: "signal hint <-- in < 0 ? 1 : 0;",
  replace: `signal hint <-- ${value};`,
});
const hintDay = (value: string): Patch => ({
  file: "lib/divide.circom",
  find: "    quotient <-- in \\ DIVISOR;\n    remainder <==",
  replace: `    quotient <-- ${value};\n    remainder <==`,
});
const hintWeek = (value: string): Patch => ({
  file: "lib/divide.circom",
  find: "    quotient <-- in \\ DIVISOR;\n    var residue",
  replace: `    quotient <-- ${value};\n    var residue`,
});
const hintWeekday = (isChosen: string): Patch => ({
  file: "lib/divide.circom",
  find: "hint[r] <-- residue == r ? 1 : 0;",
  replace: `hint[r] <-- ${isChosen} ? 1 : 0;`,
});

const onlyWednesday = withRule({ days: 0b1000 });
const nightOnly = withRule({ hoursStart: 0, hoursEnd: 3_600 });
const wednesday: Situation = { ...baseSituation, time: NOON + 2n * DAY };

export const forgeries = {
  openingLater: {
    name: "a full budget opened a second later, as one far below zero",
    hints: [hintLast("packedOfSlot.out \\ LAST_UNIT + 1")],
    policy: charged,
    situation: full,
    claim: asIfEmpty,
  },
  openingLaterNarrow: {
    name: "a full budget opened a second later, where level and time stand 2^128 apart",
    hints: [hintLast("packedOfSlot.out \\ LAST_UNIT + 1")],
    policy: charged,
    situation: full,
    claim: (honest) => ({
      ...honest,
      packed: full.levels.map(({ level, last }) => level + (last << 128n)),
      packedNew: full.levels
        .map(({ level, last }) => level + (last << 128n))
        .with(0, 500n + (NOON << 128n)),
    }),
  },
  openingEarlier: {
    name: "a budget opened a thousand seconds earlier, for the cooldown",
    hints: [hintLast("packedOfSlot.out \\ LAST_UNIT - 1000")],
    policy: withRule({ charges: [charge], cooldown: 1_000n }),
    situation: { ...full, levels: full.levels.with(0, { level: 0n, last: NOON - 1n }) },
  },
  openingAsFraction: {
    name: "a full budget opened as level 0 and a fraction of the field as time",
    hints: [hintLast("packedOfSlot.out / LAST_UNIT")],
    policy: chargedInSlot1,
    situation: full,
    claim: asIfEmpty,
  },
  openingAtTime: {
    name: "a full budget opened as charged just now",
    hints: [hintLast("time")],
    policy: charged,
    situation: full,
    claim: asIfEmpty,
  },
  positiveCutOff: {
    name: "a level above its leak called negative, and cut off",
    hints: [hintNegative("1")],
    policy: charged,
    situation: full,
    claim: asIfEmpty,
  },
  negativeKept: {
    name: "a level below its leak called positive, and kept as credit",
    hints: [hintNegative("0")],
    policy: {
      ...charged,
      budgets: [{ ...budget, refillPerSecondPerBps: 1n }, unused, unused, unused],
    },
    situation: {
      ...full,
      // Twice the capacity: only credit from below zero would make room for it.
      action: baseSituation.action,
      levels: full.levels.with(0, { level: 600n, last: NOON - 1n }),
    },
    claim: (honest) => ({
      ...honest,
      packedNew: honest.packedNew.with(0, mod(600n - 10_000n + 500n + LAST_UNIT * NOON)),
    }),
  },
  dayBefore: {
    name: "six in the morning as 30 hours after the previous midnight, to be another weekday",
    hints: [hintDay("in \\ DIVISOR - 1")],
    policy: withRule({ days: 0b0000001 }),
    situation: { ...baseSituation, time: NOON - 6n * 3_600n },
  },
  dayAfter: {
    name: "noon as minus 12 hours of the next day",
    hints: [hintDay("in \\ DIVISOR + 1")],
    policy: withRule({ days: 0b0000100 }),
    situation: baseSituation,
  },
  hourByFieldDivision: {
    name: "noon as the fifth second of a day whose number is a fraction of the field",
    hints: [hintDay("(in - 5) / DIVISOR")],
    policy: nightOnly,
    situation: baseSituation,
  },
  weekdayByFieldDivision: {
    name: "a Monday as a Wednesday of a week whose number is a fraction of the field",
    hints: [hintWeek("(in - 3) / DIVISOR"), hintWeekday("r == 3")],
    policy: onlyWednesday,
    situation: baseSituation,
  },
  otherWeekday: {
    name: "a Monday called a Wednesday",
    hints: [hintWeekday("r == 3")],
    policy: onlyWednesday,
    situation: baseSituation,
  },
  twoWeekdays: {
    name: "a Wednesday as Monday and Tuesday at once",
    hints: [hintWeekday("r == 1 || r == 2")],
    policy: withRule({ days: 0b0000010 }),
    situation: wednesday,
  },
  noWeekday: {
    name: "a Sunday as no weekday at all",
    hints: [hintWeekday("r == 99")],
    policy: withRule({ days: 0b0111110 }),
    situation: { ...baseSituation, time: NOON - DAY },
  },
  selectorBorrowed: {
    name: "a selector one less, lent to the chain id",
    hints: [
      {
        file: "lib/leaf.circom",
        find: "selector <-- rule[0] \\ 2 ** 64;",
        replace: "selector <-- rule[0] \\ 2 ** 64 - 1;",
      },
    ],
    policy: basePolicy,
    situation: {
      ...baseSituation,
      action: {
        ...baseSituation.action,
        data: baseSituation.action.data.replace("0xa9059cbb", "0xa9059cba") as `0x${string}`,
      },
    },
  },
} satisfies Record<string, Forgery>;

/** The claim of a forgery: honest, but for what it forges. */
export function forgedClaim({ policy, situation, claim = (honest) => honest }: Forgery): Claim {
  return claim(claimOf({ ...claimedTransition(policy, situation), circuit: "gate" }));
}
