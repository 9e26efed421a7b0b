import { fingerprint } from "../../src/action/context.ts";
import { mod } from "../../src/field/field.ts";
import { FULL_BPS, type Policy, type Rule } from "../../src/policy/policy.ts";
import type { Situation } from "../../src/policy/subject.ts";
import { packLevel } from "../../src/state/state.ts";
import type { CircuitInput } from "../../src/witness/witness.ts";
import { lightHash } from "../support/lightHash.ts";
import { type Claim, claimOf, lightInput } from "../support/lightInput.ts";
import {
  baseAction,
  basePolicy,
  baseRule,
  baseSituation,
  calldata,
  claimedTransition,
  NOON,
} from "../support/mandate.ts";
import { inverse } from "../support/r1cs.ts";

/** An input that says something false about the policy, the state or the context. */
export interface DishonestInput {
  name: string;
  input: CircuitInput;
}

const DAY = 86_400n;
const LAST_UNIT = 1n << 200n;
const charge = { budget: 0, givesBack: false, perAmount: 1n, perNotional: 0n, perCall: 0n };
const budgets = [10n ** 6n, 10n ** 6n, 100n, 0n].map((capacity, i) => ({
  name: `budget ${i}`,
  capacity,
  refillPerSecondPerBps: 0n,
}));
const levels = [
  { level: 1_000n, last: NOON - DAY },
  { level: 2_000n, last: NOON - 2n * DAY },
  { level: 3n, last: NOON },
  { level: 0n, last: NOON - 5n * DAY },
];
const situation: Situation = { ...baseSituation, levels };
const policyOf = (rule: Partial<Rule>): Policy => ({
  ...basePolicy,
  rules: [{ ...baseRule, ...rule }],
  budgets,
});
const honest = (rule: Partial<Rule> = {}, changes: Partial<Situation> = {}): Claim =>
  claimOf({
    ...claimedTransition(policyOf(rule), { ...situation, ...changes }),
    circuit: "gate",
  });
const noon = (level: bigint) => packLevel({ level, last: NOON });
const charged = () => honest({ charges: [charge, { ...charge, budget: 1 }] });
const element = (values: CircuitInput[string], i: number) => (values as bigint[])[i] as bigint;

/** The input of an honest claim with some inputs exchanged after everything was committed to. */
const exchanged = (claim: Claim, change: (input: CircuitInput) => CircuitInput): CircuitInput => {
  const input = lightInput(claim);
  return { ...input, ...change(input) };
};

/** A leaf outside the tree, between two children: index bit b reads first + b·(second − first). */
function interpolatedPath(input: CircuitInput): CircuitInput {
  const rule = (input.rule as bigint[]).with(5, 10n ** 20n).with(6, 10n ** 20n);
  const [first, second] = (input.pathChildren as bigint[][])[0] as [bigint, bigint];
  const bit = mod((lightHash("leaf", rule) - first) * inverse(second - first));
  const pathBits = (input.pathBits as bigint[][]).with(0, [bit, 0n]);
  return { rule, pathBits };
}

/** Every input the circuit must refuse although each restriction's own evaluation would pass. */
export function dishonestInputs(): DishonestInput[] {
  const twoChildren = honest();
  twoChildren.pathChildren[0] = [0n, 1n, 0n, 0n];
  const longRule: Partial<Rule> = {
    dataLengthMin: 4 + 320,
    dataLengthMax: 4 + 320,
    amount: { from: "word", word: 9 },
  };
  const tenWords = calldata(baseRule.selector, [1n, 500n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 5_000n]);
  const state = (name: string, claim: Claim, packedNew: bigint[]) => ({
    name: `new state: ${name}`,
    input: lightInput({ ...claim, packedNew }),
  });
  const giveBack = { ...charge, givesBack: true };
  const returning = honest({ charges: [giveBack, { ...charge, budget: 1 }] });
  const returningTooMuch = honest({
    charges: [
      { ...giveBack, perAmount: 3n },
      { ...charge, budget: 1 },
    ],
  });
  return [
    state("nothing was charged", charged(), charged().packed),
    state("the second slot charged, the first not", charged(), [
      charged().packed[0] as bigint,
      noon(2_500n),
      ...charged().packed.slice(2),
    ]),
    state("the first slot charged, the second not", charged(), [
      noon(1_500n),
      ...charged().packed.slice(1),
    ]),
    state("charged, but the time of the last charge kept", charged(), [
      packLevel({ level: 1_500n, last: NOON - DAY }),
      ...charged().packedNew.slice(1),
    ]),
    state("charged twice", charged(), charged().packedNew.with(0, noon(2_000n))),
    state("an unused budget emptied", charged(), charged().packedNew.with(2, noon(0n))),
    state("an unused slot touches the first budget's time", honest(), [
      noon(1_000n),
      ...honest().packed.slice(1),
    ]),
    state("returned, but charged instead", returning, returning.packedNew.with(0, noon(1_500n))),
    state("more returned than there is", returningTooMuch, [
      mod(1_000n - 1_500n + LAST_UNIT * NOON),
      ...returningTooMuch.packedNew.slice(1),
    ]),
    {
      name: "charges: the second slot's budget was charged in the future",
      input: lightInput(
        honest(
          { charges: [undefined, charge] },
          { levels: levels.with(0, { level: 1_000n, last: NOON + 60n }) },
        ),
      ),
    },
    {
      name: "state: another one than the lane's",
      input: exchanged(charged(), ({ packed }) => ({
        packed: (packed as bigint[]).with(0, packLevel({ level: 0n, last: NOON - DAY })),
      })),
    },
    {
      name: "state: another salt than the lane's",
      input: exchanged(honest(), () => ({ saltOld: 1n })),
    },
    {
      name: "state: another salt than the new one's",
      input: exchanged(honest(), () => ({ saltNew: 1n })),
    },
    {
      name: "policy: another capacity",
      input: exchanged(charged(), ({ capacity }) => ({
        capacity: (capacity as bigint[]).with(0, 10n ** 9n),
      })),
    },
    { name: "policy: another salt", input: exchanged(honest(), () => ({ policySalt: 1n })) },
    { name: "policy: other keys", input: exchanged(honest(), () => ({ keysHash: 1n })) },
    {
      name: "policy: another regime",
      input: exchanged(honest(), () => ({ stressedBps: FULL_BPS - 1n })),
    },
    {
      name: "tree: a rule with a larger limit at the same place",
      input: exchanged(honest(), ({ rule }) => ({ rule: (rule as bigint[]).with(5, 10n ** 20n) })),
    },
    {
      name: "tree: a rule between two children, at a place that is neither",
      input: exchanged(twoChildren, interpolatedPath),
    },
    {
      name: "tree: a rule among its neighbours' places",
      input: exchanged(twoChildren, ({ pathBits }) => ({
        pathBits: (pathBits as bigint[][]).with(0, [1n, 0n]),
      })),
    },
    {
      name: "leaf: flags of 65 bits",
      input: lightInput({
        ...honest(),
        rule: honest().rule.map((value, i) => (i === 30 ? value + (1n << 64n) : value)),
      }),
    },
    {
      name: "word: an index past the circuit's last word, with the word eight before it in its place",
      input: lightInput(honest(longRule, { action: { ...baseAction, data: tenWords } })),
    },
    {
      name: "context: another commitment",
      input: exchanged(honest(), ({ contextCommitment }) => ({
        contextCommitment: mod((contextCommitment as bigint) + 1n),
      })),
    },
    {
      name: "context: another fingerprint",
      input: exchanged(honest(), ({ fingerprint }) => ({
        fingerprint: mod((fingerprint as bigint) + 1n),
      })),
    },
    {
      name: "context: another amount than the gate's, committed to",
      input: (() => {
        const gate = lightInput(honest());
        const forged = lightInput({ ...honest(), words: honest().words.with(1, [0n, 1n]) });
        return { ...forged, fingerprint: gate.fingerprint as bigint };
      })(),
    },
    {
      name: "context: the gate's fingerprint of another amount than the one committed to",
      input: (() => {
        const input = lightInput(honest());
        const words = honest().words.with(1, [0n, 1n]);
        const vector = [...(input.header as bigint[]), ...words.flat()];
        const challenge = input.challenge as bigint;
        return { ...input, words, fingerprint: fingerprint(vector, challenge) };
      })(),
    },
    ...[0, 1, 2, 6, 8, 9, 10, 12, 13].map((i) => ({
      name: `context: element ${i} another than the gate's`,
      input: exchanged(honest(), ({ header }) => ({
        header: (header as bigint[]).with(i, mod(element(header as bigint[], i) + 1n)),
      })),
    })),
  ];
}
