import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MalformedPolicyError } from "../../src/errors/policy.ts";
import { FIELD_ORDER } from "../../src/field/field.ts";
import { compilePolicy, withSalt } from "../../src/policy/compile.ts";
import { assertWellFormed, integrityProblems, isGroupKey } from "../../src/policy/integrity.ts";
import {
  type Budget,
  type Charge,
  type Condition,
  NO_TIME_BOUND,
  type Policy,
  type PriceBand,
  type Rule,
} from "../../src/policy/policy.ts";
import { deskPolicy, swapRule, transferRule } from "./compileFixture.ts";

const base8 = {
  x: 5299619240641551281634865583518297030282874472190772894086521144482721001553n,
  y: 16950150798460657717958625567821834550301663161624707787222815936182638968203n,
};

function fresh(): Policy {
  const budgets = {
    hedging: { capacity: "2_000_000 USD", refill: "24h" },
    velocity: { capacity: "20 calls", refill: "10m" },
    open: { capacity: "10 USDC", refill: "never" as const },
  };
  const rules = [
    swapRule(),
    transferRule({ charge: { open: "gives back amount", velocity: 1 }, cooldown: "1h" }),
  ];
  return {
    ...withSalt(compilePolicy(deskPolicy(rules, { budgets })).policy, 7n),
    approvers: { normal: base8, stressed: base8 },
  };
}

/** The fresh policy's rules and budgets, known to be there. */
interface SampleRule extends Rule {
  charges: [Charge, Charge];
  conditions: [Condition, Condition, Condition];
  band: PriceBand;
}
interface Sample extends Policy {
  rules: [SampleRule, SampleRule];
  budgets: [Budget, Budget, Budget, Budget];
  approvers: NonNullable<Policy["approvers"]>;
}
type Change = (policy: Sample, rule: SampleRule) => void;

/** Paths of what is wrong after a change. */
function brokenBy(change: Change): string[] {
  const policy = structuredClone(fresh()) as Sample;
  change(policy, policy.rules[0]);
  return integrityProblems(policy).map(({ path }) => path.join("."));
}

test("what the compiler makes is well-formed", () => {
  expect(integrityProblems(fresh())).toEqual([]);
});

describe("bounds", () => {
  test.each<[at: string, last: Change, first: Change]>([
    [
      "rules.0.chainId",
      (_, r) => {
        r.chainId = 1;
      },
      (_, r) => {
        r.chainId = 0;
      },
    ],
    [
      "rules.0.selector",
      (_, r) => {
        r.selector = 2n ** 32n - 1n;
      },
      (_, r) => {
        r.selector = 2n ** 32n;
      },
    ],
    [
      "rules.0.dataLengthMax",
      (_, r) => {
        r.dataLengthMax = 2 ** 20 - 1;
      },
      (_, r) => {
        r.dataLengthMax = 2 ** 20;
      },
    ],
    [
      "rules.0.limitQuorum",
      (_, r) => {
        Object.assign(r, { charges: [] });
        r.limitQuorum = 2n ** 128n - 1n;
      },
      (_, r) => {
        Object.assign(r, { charges: [] });
        r.limitQuorum = 2n ** 128n;
      },
    ],
    [
      "rules.0.limitQuorum",
      (_, r) => {
        r.limitQuorum = r.limitAgent;
      },
      (_, r) => {
        r.limitQuorum = r.limitAgent - 1n;
      },
    ],
    [
      "rules.0.charges.0.perAmount",
      (_, r) => {
        r.charges[0].perAmount = 2n ** 96n - 1n;
      },
      (_, r) => {
        r.charges[0].perAmount = 2n ** 96n;
      },
    ],
    [
      "rules.0.charges.0.perCall",
      (_, r) => {
        r.charges[0].perCall = 2n ** 128n - 1n;
      },
      (_, r) => {
        r.charges[0].perCall = 2n ** 128n;
      },
    ],
    [
      "rules.0.charges.0.perNotional",
      (_, r) => {
        r.limitQuorum = r.limitAgent = 1n << 100n;
        r.charges[0].perNotional = (1n << 59n) - 1n;
      },
      (_, r) => {
        r.limitQuorum = r.limitAgent = 1n << 100n;
        r.charges[0].perNotional = 1n << 59n;
      },
    ],
    [
      "rules.0.charges.0.budget",
      (_, r) => {
        r.charges[0].budget = 3;
      },
      (_, r) => {
        r.charges[0].budget = 4;
      },
    ],
    [
      "rules.0.charges",
      (_, r) => {
        r.charges[1].budget = 2;
      },
      (_, r) => {
        r.charges[1].budget = 0;
      },
    ],
    [
      "rules.0.conditions.0.operand",
      (_, r) => {
        r.conditions[0].operand = 2n ** 256n - 1n;
      },
      (_, r) => {
        r.conditions[0].operand = 2n ** 256n;
      },
    ],
    [
      "rules.0.conditions.2.operand",
      (_, r) => {
        r.conditions[2].operand = 0n;
      },
      (_, r) => {
        r.conditions[2].operand = 1n;
      },
    ],
    [
      "rules.0.conditions.1.operand",
      (_, r) => {
        r.conditions[1] = { word: 0, op: "le", operand: 2n ** 128n - 1n };
      },
      (_, r) => {
        r.conditions[1] = { word: 0, op: "le", operand: 2n ** 128n };
      },
    ],
    [
      "rules.0.conditions.2.op",
      (_, r) => {
        r.conditions[1] = { word: 0, op: "ge", operand: 1n };
      },
      (_, r) => {
        r.conditions[2] = { word: 0, op: "ge", operand: 1n };
      },
    ],
    [
      "rules.0.conditions.0.word",
      (_, r) => {
        r.conditions[0].word = 7;
      },
      (_, r) => {
        r.conditions[0].word = 8;
      },
    ],
    [
      "rules.0.amount.word",
      (_, r) => {
        r.amount = { from: "word", word: 7 };
      },
      (_, r) => {
        r.amount = { from: "word", word: 8 };
      },
    ],
    [
      "rules.0.band.minOutWord",
      (_, r) => {
        r.band.minOutWord = 7;
      },
      (_, r) => {
        r.band.minOutWord = 8;
      },
    ],
    [
      "rules.0.band.pricedFactor",
      (_, r) => {
        r.band.pricedFactor = 2n ** 32n - 1n;
      },
      (_, r) => {
        r.band.pricedFactor = 2n ** 32n;
      },
    ],
    [
      "rules.0.band.unpricedFactor",
      (_, r) => {
        r.band.unpricedFactor = 2n ** 112n - 1n;
      },
      (_, r) => {
        r.band.unpricedFactor = 2n ** 112n;
      },
    ],
    [
      "rules.0.priceMaxAge",
      (_, r) => {
        r.priceMaxAge = 2n ** 34n - 1n;
      },
      (_, r) => {
        r.priceMaxAge = 2n ** 34n;
      },
    ],
    [
      "rules.0.validUntil",
      (_, r) => {
        r.validUntil = 2n ** 34n - 1n;
      },
      (_, r) => {
        r.validUntil = 2n ** 34n;
      },
    ],
    [
      "rules.0.hoursEnd",
      (_, r) => {
        r.hoursEnd = 86_400;
      },
      (_, r) => {
        r.hoursEnd = 86_401;
      },
    ],
    [
      "rules.0.days",
      (_, r) => {
        r.days = 127;
      },
      (_, r) => {
        r.days = 128;
      },
    ],
    [
      "rules.0.cooldown",
      (_, r) => {
        r.cooldown = 2n ** 34n - 1n;
      },
      (_, r) => {
        r.cooldown = 2n ** 34n;
      },
    ],
    [
      "budgets.0.capacity",
      (p) => {
        p.budgets[0].capacity = 2n ** 160n - 1n;
      },
      (p) => {
        p.budgets[0].capacity = 2n ** 160n;
      },
    ],
    [
      "budgets.0.refillPerSecondPerBps",
      (p) => {
        p.budgets[0].refillPerSecondPerBps = (2n ** 126n - 1n) / 10_000n;
      },
      (p) => {
        p.budgets[0].refillPerSecondPerBps = (2n ** 126n - 1n) / 10_000n + 1n;
      },
    ],
    [
      "regimes.stressedAbove",
      (p) => {
        p.regimes.stressedAbove = 2n ** 80n;
      },
      (p) => {
        p.regimes.stressedAbove = 2n ** 80n + 1n;
      },
    ],
    [
      "regimes.stressedAbove",
      (p) => {
        p.regimes.elevatedAbove = p.regimes.stressedAbove = 5n;
      },
      (p) => {
        p.regimes.elevatedAbove = 5n;
        p.regimes.stressedAbove = 4n;
      },
    ],
    [
      "regimes.stressedBps",
      (p) => {
        p.regimes.stressedBps = 10_000n;
      },
      (p) => {
        p.regimes.stressedBps = 10_001n;
      },
    ],
    [
      "salt",
      (p) => {
        p.salt = FIELD_ORDER - 1n;
      },
      (p) => {
        p.salt = FIELD_ORDER;
      },
    ],
  ])("%s", (at, last, first) => {
    expect(brokenBy(last)).toEqual([]);
    expect(brokenBy(first)).toEqual([at]);
  });

  test.each<[what: string, at: string, change: Change]>([
    [
      "calldata of 1 to 3 bytes",
      "rules.0.dataLengthMin",
      (_, r) => {
        r.dataLengthMin = 3;
        Object.assign(r, { conditions: [] });
        r.amount = { from: "value" };
        Object.assign(r, { band: undefined });
      },
    ],
    [
      "an open length from 0",
      "rules.0.dataLengthMax",
      (_, r) => {
        Object.assign(r, {
          dataLengthMin: 0,
          selector: 0n,
          conditions: [],
          amount: { from: "value" },
        });
        Object.assign(r, { band: undefined });
      },
    ],
    [
      "a selector without calldata",
      "rules.0.selector",
      (_, r) => {
        Object.assign(r, {
          dataLengthMin: 0,
          dataLengthMax: 0,
          conditions: [],
          amount: { from: "value" },
        });
        Object.assign(r, { band: undefined });
      },
    ],
    [
      "a maximum length below the minimum",
      "rules.0.dataLengthMax",
      (_, r) => {
        r.dataLengthMax = r.dataLengthMin - 1;
      },
    ],
    [
      "an empty range of targets",
      "rules.0.targetHi",
      (_, r) => {
        r.targetHi = "0x0000000000000000000000000000000000000001";
      },
    ],
    [
      "a target that is no address",
      "rules.0.targetLo",
      (_, r) => {
        r.targetLo = "0x12";
      },
    ],
    [
      "five conditions",
      "rules.0.conditions",
      (_, r) => {
        Object.assign(r, {
          conditions: Array.from({ length: 5 }, () => ({ word: 0, op: "self", operand: 0n })),
        });
      },
    ],
    [
      "an unknown condition",
      "rules.0.conditions.0.op",
      (_, r) => {
        r.conditions[0].op = "ne" as never;
      },
    ],
    [
      "three charges",
      "rules.0.charges",
      (_, r) => {
        Object.assign(r, { charges: [undefined, undefined, undefined] });
      },
    ],
    [
      "cooldown without charge 0",
      "rules.1.cooldown",
      (p) => {
        Object.assign(p.rules[1], { charges: [undefined, undefined] });
      },
    ],
    [
      "a band without a feed",
      "rules.0.band",
      (_, r) => {
        Object.assign(r, { charges: [] });
        r.priceFeed = "0x0000000000000000000000000000000000000000";
        r.priceMaxAge = NO_TIME_BOUND;
      },
    ],
    [
      "a notional without a feed",
      "rules.0.charges.0.perNotional",
      (_, r) => {
        Object.assign(r, { band: undefined });
        r.priceFeed = "0x0000000000000000000000000000000000000000";
        r.priceMaxAge = NO_TIME_BOUND;
      },
    ],
    [
      "an age without a feed",
      "rules.1.priceMaxAge",
      (p) => {
        p.rules[1].priceMaxAge = NO_TIME_BOUND - 1n;
      },
    ],
    [
      "a band of unknown direction",
      "rules.0.band.direction",
      (_, r) => {
        r.band.direction = "both" as never;
      },
    ],
    [
      "giving back at a price",
      "rules.1.charges.0.perNotional",
      (p) => {
        const r = p.rules[1];
        r.charges[0].perNotional = 1n;
        r.priceFeed = p.rules[0].priceFeed;
      },
    ],
    [
      "giving back to a budget that refills",
      "rules.1.charges.0",
      (p) => {
        p.budgets[2].refillPerSecondPerBps = 1n;
      },
    ],
    [
      "giving back without a second charge",
      "rules.1.charges.0",
      (p) => {
        Object.assign(p.rules[1].charges, [p.rules[1].charges[0], undefined]);
      },
    ],
    [
      "giving back beside a charge of nothing",
      "rules.1.charges.0",
      (p) => {
        p.rules[1].charges[1].perCall = 0n;
      },
    ],
    [
      "three budgets",
      "budgets",
      (p) => {
        (p.budgets as unknown[]).pop();
      },
    ],
    [
      "257 rules",
      "rules",
      (p) => {
        Object.assign(p, { rules: Array.from({ length: 257 }, () => p.rules[0] as Rule) });
      },
    ],
    [
      "a key that is the identity",
      "approvers.stressed",
      (p) => {
        p.approvers.stressed = { x: 0n, y: 1n };
      },
    ],
    [
      "a flag that is no boolean",
      "rules.0.scales",
      (_, r) => {
        r.scales = 1 as never;
      },
    ],
    [
      "a quorum flag that is missing",
      "rules.0.quorum.stressed",
      (_, r) => {
        delete (r.quorum as Partial<Rule["quorum"]>).stressed;
      },
    ],
    [
      "a number where a bigint belongs",
      "rules.0.validFrom",
      (_, r) => {
        r.validFrom = 5 as never;
      },
    ],
  ])("%s", (_, at, change) => {
    expect(brokenBy(change)).toEqual([at]);
  });

  test.each<[what: string, change: (charges: [Charge, Charge]) => void, broken: string[]]>([
    [
      "per call beside a charge per amount: a call of amount 0 would give back for nothing",
      ([back, adding]) => {
        Object.assign(back, { perAmount: 0n, perCall: 5n });
        Object.assign(adding, { perAmount: 1n, perCall: 0n });
      },
      ["rules.1.charges.0"],
    ],
    [
      "per call and per amount beside a charge per amount",
      ([back, adding]) => {
        Object.assign(back, { perAmount: 1n, perCall: 5n });
        Object.assign(adding, { perAmount: 1n, perCall: 0n });
      },
      ["rules.1.charges.0"],
    ],
    [
      "per call beside a charge per call",
      ([back, adding]) => {
        Object.assign(back, { perAmount: 0n, perCall: 5n });
        Object.assign(adding, { perAmount: 0n, perCall: 1n });
      },
      [],
    ],
    [
      "per amount beside a charge per call",
      ([back, adding]) => {
        Object.assign(back, { perAmount: 1n, perCall: 0n });
        Object.assign(adding, { perAmount: 0n, perCall: 1n });
      },
      [],
    ],
    [
      "per amount beside a charge per amount",
      ([back, adding]) => {
        Object.assign(back, { perAmount: 1n, perCall: 0n });
        Object.assign(adding, { perAmount: 1n, perCall: 0n });
      },
      [],
    ],
    [
      "per amount beside a charge of nothing",
      ([back, adding]) => {
        Object.assign(back, { perAmount: 1n, perCall: 0n });
        Object.assign(adding, { perAmount: 0n, perCall: 0n });
      },
      ["rules.1.charges.0"],
    ],
  ])("giving back %s", (_, change, broken) => {
    expect(brokenBy(({ rules }) => change(rules[1].charges))).toEqual(broken);
  });

  test("two rules that give back to each other's bound are both refused", () => {
    const broken = brokenBy((policy, rule) => {
      const [, second] = policy.rules;
      policy.budgets[1] = { name: "velocity", capacity: 1n, refillPerSecondPerBps: 0n };
      const [back, adding] = structuredClone(second.charges);
      Object.assign(rule, structuredClone(second), {
        band: undefined,
        charges: [
          { ...adding, givesBack: true },
          { ...back, givesBack: false },
        ],
      });
    });
    expect(broken).toEqual(["rules.0.charges.0", "rules.1.charges.0"]);
  });
});

test("the error names every broken bound with what came", () => {
  const policy = fresh();
  (policy.rules[0] as Rule).limitAgent = -1n;
  (policy.budgets[3] as { capacity: bigint }).capacity = -2n;
  expect(() => assertWellFormed(policy)).toThrow(MalformedPolicyError);
  expect(() => assertWellFormed(policy)).toThrow(
    /rules\[0\]\.limitAgent.*received: -1.*budgets\[3\]\.capacity.*received: -2/s,
  );
});

test("group keys: the subgroup's base, but no point of small order and none off the curve", () => {
  expect(isGroupKey(base8)).toBe(true);
  expect(isGroupKey({ x: 0n, y: FIELD_ORDER - 1n })).toBe(false);
  expect(isGroupKey({ x: base8.x + FIELD_ORDER, y: base8.y })).toBe(false);
  expect(isGroupKey({ x: 1n, y: 1n })).toBe(false);
});

test("whatever stands in for a part of a policy is refused, never misread", () => {
  const leaves: (string | number)[][] = [];
  const collect = (value: unknown, path: (string | number)[]) => {
    if (typeof value !== "object" || value === null) return void leaves.push(path);
    leaves.push(path);
    for (const [key, item] of Object.entries(value))
      collect(item, [...path, Array.isArray(value) ? Number(key) : key]);
  };
  collect(fresh(), []);
  const named = ["name"];
  const replaceable = leaves.filter(
    (path) => path.length > 0 && !named.includes(String(path.at(-1))),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...replaceable),
      fc.oneof(
        fc.constantFrom<unknown>(
          null,
          "",
          "0",
          {},
          Number.NaN,
          -1,
          1.5,
          -1n,
          FIELD_ORDER << 10n,
          Symbol("x"),
        ),
        fc.string(),
      ),
      (path, value) => {
        const policy = structuredClone(fresh());
        let parent: Record<string | number, unknown> = policy as never;
        for (const key of path.slice(0, -1)) parent = parent[key] as never;
        parent[path.at(-1) as string] = value;
        const optional =
          ["band", "approvers"].includes(String(path.at(-1))) || path.at(-2) === "charges";
        if (optional && !value) return;
        expect(() => assertWellFormed(policy)).toThrow(MalformedPolicyError);
      },
    ),
    { numRuns: 500 },
  );
});
