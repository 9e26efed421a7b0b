import { hash, hashDomain } from "../../../src/field/poseidon.ts";
import { type Forgery, forgeries } from "../../soundness/forgeries.ts";
import { type Gadget, type Mutant, plant } from "./mutant.ts";

const context = "lib/context.circom";
const divide = "lib/divide.circom";
const hashFile = "lib/hash.circom";
const leaf = "lib/leaf.circom";

/** Poseidon itself, against the TypeScript one. */
function poseidon(domain: "node" | "state" | "leaf", length: number): Gadget {
  const inputs = Array.from({ length }, (_, i) => BigInt(i + 1));
  return {
    main: `pragma circom 2.1.6;
include "../lib/hash.circom";
component main = Hash(DOMAIN_${domain.toUpperCase()}(), ${length});
`,
    input: { inputs },
    expected: [hash(domain, inputs)],
  };
}

const dayOfSeconds = `pragma circom 2.1.6;
include "../lib/divide.circom";
component main = DivideBy(86400, 18, 17);
`;
/** Other parts of the statement shield the division, so it is attacked alone. */
const division = ({ hints }: Forgery, secondOfDay: bigint): Gadget => ({
  main: dayOfSeconds,
  hints,
  input: { in: 20_000n * 86_400n + secondOfDay },
  expected: "refused",
});

/** Bugs in what ties the statement to the gate, the policy and the numbers. */
export const bindingMutants: Mutant[] = [
  plant("context: the commitment not compared", context, "    hash.out === commitment;\n", ""),
  plant(
    "context: the fingerprint not compared",
    context,
    "    horner[LENGTH - 1] === fingerprint;\n",
    "",
  ),
  plant(
    "context: Horner skips an element",
    context,
    "horner[i] <== horner[i - 1] * challenge + vector[i];",
    "horner[i] <== horner[i - 1] * challenge + (i == 7 ? 0 : vector[i]);",
  ),
  plant(
    "context: Horner in the other order",
    context,
    "horner[i] <== horner[i - 1] * challenge + vector[i];",
    "horner[i] <== horner[i - 1] + challenge * vector[i];",
  ),
  plant(
    "context: the words' limbs exchanged",
    context,
    "vector[HEADER + 2 * k] <== words[k][0];\n        vector[HEADER + 2 * k + 1] <== words[k][1];",
    "vector[HEADER + 2 * k] <== words[k][1];\n        vector[HEADER + 2 * k + 1] <== words[k][0];",
  ),
  plant(
    "context: one element unconstrained",
    context,
    "time <== header[2];",
    "time <-- header[2];",
  ),
  plant(
    "policy: the commitment not compared",
    "lib/policyCommitment.circom",
    "    hash.out === commitment;\n",
    "",
  ),
  plant(
    "policy: the keys not committed to",
    "lib/policyCommitment.circom",
    "hash.inputs[1] <== keysHash;",
    "hash.inputs[1] <== 0;",
  ),
  plant(
    "tree: the child at the position not compared",
    "lib/merklePath.circom",
    "        child[level].out === below[level];\n",
    "",
  ),
  plant(
    "tree: a path bit may be any number",
    "lib/range.circom",
    "    in * (in - 1) === 0;\n    out <== in;",
    "    out <== in;",
  ),
  plant(
    "select: index bits in the wrong order",
    "lib/select.circom",
    "tree[child] + index[level] * (tree[child + 1] - tree[child]);",
    "tree[child] + index[BITS - 1 - level] * (tree[child + 1] - tree[child]);",
  ),
  plant(
    "select: a node of the tree unconstrained",
    "lib/select.circom",
    "tree[node] <== tree[child] +",
    "tree[node] <-- tree[child] +",
  ),
  plant(
    "word: an index past the last word wraps round",
    "lib/word.circom",
    "        index[i] === 0;\n",
    "",
  ),
  plant(
    "word: the high limb read twice",
    "lib/word.circom",
    "low <== limb[1].out;",
    "low <== limb[0].out;",
  ),
  plant(
    "leaf: flags not tied to their element",
    leaf,
    "flags.in <== rule[30];",
    "flags.in <-- rule[30] % 2 ** 64;",
  ),
  plant(
    "leaf: the days' flags shifted",
    leaf,
    "days[d] <== flags.out[57 + d];",
    "days[d] <== flags.out[57 + (d + 1) % 7];",
  ),
  plant(
    "leaf: the quorum flags dropped",
    leaf,
    "quorum[r] <== flags.out[54 + r];",
    "quorum[r] <== 0;",
  ),
  plant(
    "leaf: the selector not tied to its element",
    leaf,
    "chainId <== rule[0] - 2 ** 64 * selector;",
    "chainId <-- rule[0] % 2 ** 64;",
    { attack: forgeries.selectorBorrowed },
  ),
  plant(
    "range: bits not tied to their number",
    "lib/range.circom",
    "decomposition.in <== in;",
    "decomposition.in <-- in % 2 ** BITS;",
  ),
  plant(
    "divide: the remainder may exceed the divisor",
    divide,
    "belowDivisor.in <== DIVISOR - 1 - remainder;",
    "belowDivisor.in <== 0;",
    { gadget: division(forgeries.dayBefore, 5n) },
  ),
  plant(
    "divide: the remainder may be negative",
    divide,
    "notNegative.in <== remainder;",
    "notNegative.in <== 0;",
    { gadget: division(forgeries.dayAfter, 80_000n) },
  ),
  plant(
    "divide: the quotient may be a fraction of the field",
    divide,
    "quotientRange.in <== quotient;\n\n    // 3. 0 ≤ remainder",
    "quotientRange.in <== 0;\n\n    // 3. 0 ≤ remainder",
    { gadget: division(forgeries.hourByFieldDivision, 43_200n) },
  ),
  plant(
    "weekday: its week may be a fraction of the field",
    divide,
    "quotientRange.in <== quotient;\n\n    // 4. Both",
    "quotientRange.in <== 0;\n\n    // 4. Both",
    { attack: forgeries.weekdayByFieldDivision },
  ),
  plant("weekday: two at once", divide, "    count === 1;\n", "", {
    attack: forgeries.twoWeekdays,
  }),
  plant(
    "weekday: not tied to the day",
    divide,
    "    in === DIVISOR * quotient + remainder;\n",
    "",
    { attack: forgeries.otherWeekday },
  ),
  plant(
    "hash: no domain tag",
    hashFile,
    "start.initialState <== TAG;",
    "start.initialState <== 0;",
    { gadget: poseidon("state", 5) },
  ),
  plant(
    "hash: the tag without the length",
    hashFile,
    "var TAG = DOMAIN * 2 ** 32 + LENGTH;",
    "var TAG = DOMAIN * 2 ** 32;",
    { gadget: poseidon("state", 5) },
  ),
  plant(
    "hash: a node hashes as a leaf",
    hashFile,
    `function DOMAIN_NODE() { return ${hashDomain.node}; }`,
    `function DOMAIN_NODE() { return ${hashDomain.leaf}; }`,
    { gadget: poseidon("node", 4) },
  ),
  plant(
    "hash: later blocks without the tag",
    hashFile,
    "block[b].initialState <== TAG;",
    "block[b].initialState <== 0;",
    { gadget: poseidon("leaf", 17) },
  ),
  plant(
    "hash: the chain forgets the first block",
    hashFile,
    "block[b].inputs[0] <== digest[b];",
    "block[b].inputs[0] <== 0;",
    { gadget: poseidon("leaf", 17) },
  ),
];
