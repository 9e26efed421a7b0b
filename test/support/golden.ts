import { keccak256, numberToHex, toHex, zeroAddress } from "viem";
import { circuits } from "../../src/action/circuits.ts";
import { fingerprint } from "../../src/action/context.ts";
import { challenge, gatedActionDigest } from "../../src/action/digest.ts";
import { hash, hashTag } from "../../src/field/poseidon.ts";
import { commitPolicy } from "../../src/policy/commitment.ts";
import { ruleElements, ruleLeaf } from "../../src/policy/leaf.ts";
import type { Policy, Rule } from "../../src/policy/policy.ts";
import { merklePath } from "../../src/policy/tree.ts";
import { actionSalt, genesisSalt } from "../../src/state/salt.ts";
import { packLevel, stateCommitment } from "../../src/state/state.ts";
import { bindTransition } from "../../src/witness/witness.ts";
import { basePolicy, baseRule, baseSituation, claimedTransition, GATE, NOON } from "./mandate.ts";

const FEED = "0xfeed000000000000000000000000000000000001";

/** A rule that uses every field of the leaf. */
const fullRule: Rule = {
  ...baseRule,
  name: "everything",
  dataLengthMin: 100,
  dataLengthMax: 132,
  amount: { from: "word", word: 1 },
  limitAgent: 10n ** 21n,
  limitQuorum: 10n ** 22n,
  scales: true,
  conditions: [
    { word: 1, op: "ge", operand: 5n },
    { word: 1, op: "le", operand: 10n ** 30n },
    { word: 0, op: "self", operand: 0n },
    { word: 0, op: "eq", operand: (7n << 128n) + 9n },
  ],
  charges: [
    { budget: 3, givesBack: false, perAmount: 11n, perNotional: 13n, perCall: 17n },
    { budget: 0, givesBack: false, perAmount: 0n, perNotional: 0n, perCall: 1n },
  ],
  band: { direction: "buy", minOutWord: 2, pricedFactor: 9_950n, unpricedFactor: 10n ** 24n },
  priceFeed: FEED,
  priceMaxAge: 3_600n,
  validFrom: NOON - 86_400n,
  validUntil: NOON + 86_400n,
  hoursStart: 21_600,
  hoursEnd: 79_200,
  days: 0b0111110,
  cooldown: 60n,
  quorum: { calm: false, elevated: false, stressed: true },
};

const policy: Policy = {
  ...basePolicy,
  rules: [baseRule, fullRule],
  budgets: [1n, 2n, 3n, 4n].map((n) => ({
    name: `budget ${n}`,
    capacity: n * 10n ** 12n,
    refillPerSecondPerBps: n * 10n ** 3n,
  })),
  regimes: { elevatedAbove: 60n, stressedAbove: 120n, elevatedBps: 5_000n, stressedBps: 1_000n },
};

function golden(): unknown {
  const committed = commitPolicy(policy);
  const secret = new Uint8Array(32).fill(7);
  const { action } = baseSituation;
  const lane = { lane: 3, epoch: 2 };
  const transition = claimedTransition(policy, baseSituation);
  const contexts = (["gate", "wide"] as const).map((circuit) => {
    const binding = bindTransition({ ...transition, circuit });
    const message = {
      circuit: circuits[circuit].id,
      contextHash: binding.contextHash,
      ...lane,
      seq: 5n,
      dataHash: keccak256(action.data),
      deadline: NOON + 300n,
      submitter: zeroAddress,
      contextCommitment: binding.contextCommitment,
    };
    const digest = gatedActionDigest(action.chainId, GATE, message);
    const z = challenge(digest);
    return {
      circuit,
      calldata: action.data,
      vector: binding.vector,
      message,
      digest,
      z,
      y: fingerprint(binding.vector, z),
    };
  });
  return {
    hash: [1, 2, 16, 17, 31, 32].map((length) => {
      const elements = Array.from({ length }, (_, i) => BigInt(i));
      const tag = hashTag("context", length);
      return { domain: "context", tag, elements, digest: hash("context", elements) };
    }),
    leaf: policy.rules.map((rule) => ({ elements: ruleElements(rule), leaf: ruleLeaf(rule) })),
    tree: {
      leaves: policy.rules.map(ruleLeaf),
      root: committed.treeLevels.at(-1)?.[0],
      pathOfLeaf1: merklePath(committed.treeLevels, 1),
    },
    policy: {
      budgets: policy.budgets,
      regimes: policy.regimes,
      keysHash: committed.keysHash,
      salt: policy.salt,
      commitment: committed.commitment,
    },
    keysHash: {
      normal: { x: 1n, y: 2n },
      stressed: { x: 3n, y: 4n },
      digest: hash("keys", [1n, 2n, 3n, 4n]),
    },
    state: {
      ...transition.stateOld,
      packed: transition.stateOld.levels.map(packLevel),
      commitment: stateCommitment(transition.stateOld),
    },
    salt: {
      secret: toHex(secret),
      action: { ...action, ...lane, seq: 5n, time: NOON },
      actionSalt: actionSalt(secret, { ...lane, seq: 5n, time: NOON, action }),
      genesisSalt: genesisSalt(secret, { ...lane, chainId: action.chainId, gate: GATE, eta: NOON }),
    },
    contexts,
  };
}

/** The protocol's golden vectors as JSON text; integers of the protocol are 0x strings. */
export function goldenJson(): string {
  const text = (_: string, value: unknown) =>
    typeof value === "bigint" ? numberToHex(value) : value;
  return `${JSON.stringify(golden(), text, 2)}\n`;
}
