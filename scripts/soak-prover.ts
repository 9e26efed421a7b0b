/**
 * Opt-in soak test of the kernel's prover: many proofs in a row, one after the other, with the memory
 * watched. Actions, rules, policies and circuits alternate, a preparation or an input that does not satisfy
 * the circuit comes between, so that what the prover keeps is of every age.
 *
 * Prints progress to stderr and one line of JSON to stdout. Fails if a proof failed, an impossible input
 * did not, or memory grew after warming up.
 *
 * @example
 * node scripts/soak-prover.ts 10000 >> soak.jsonl
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { CircuitName } from "../src/action/circuits.ts";
import { WitnessError } from "../src/errors/prover.ts";
import type { Budget, Policy, Rule } from "../src/policy/policy.ts";
import { createKernelProver } from "../src/prover/kernel/kernelProver.ts";
import { verifyProof } from "../src/prover/verify.ts";
import type { CircuitInput } from "../src/witness/witness.ts";
import {
  basePolicy,
  baseRule,
  baseSituation,
  calldata,
  claimedTransition,
  inputOf,
  RECIPIENT,
} from "../test/support/mandate.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: "string", default: "2" } },
});
const proofs = Number(positionals[0] ?? 10_000);
const threads = Number(values.threads);
/** Proofs before memory is taken as settled, and how much it may then grow. Megabytes. */
const WARM_UP = Math.min(500, Math.ceil(proofs / 5));
const MAX_GROWTH_MB = 40;
/** Every so many proofs another implementation verifies too; the prover itself verifies all. */
const CHECK_EVERY = 50;
/** Every so many proofs an impossible input, and a preparation, come first. */
const IMPOSSIBLE_EVERY = 97;
const PREPARE_EVERY = 41;
const REPORT_EVERY = 250;

const TRANSFER = 0xa9059cbbn;
const APPROVE = 0x095ea7b3n;
/** A word that only the wide circuit reads. */
const WIDE_WORD = 31;

const budget = (name: string): Budget => ({
  name,
  capacity: 10n ** 12n,
  refillPerSecondPerBps: 1n,
});
const rule = (change: Partial<Rule>): Rule => ({
  ...baseRule,
  charges: [{ budget: 0, givesBack: false, perAmount: 1n, perNotional: 0n, perCall: 0n }],
  ...change,
});
const wideLength = 4 + 32 * (WIDE_WORD + 1);
const policyWith = (salt: bigint): Policy => ({
  ...basePolicy,
  budgets: basePolicy.budgets.map((_, k) => budget(`budget ${k}`)),
  rules: [
    rule({ name: "transfer" }),
    rule({ name: "approve", selector: APPROVE, limitAgent: 900n }),
    rule({
      name: "wide",
      dataLengthMin: wideLength,
      dataLengthMax: wideLength,
      conditions: [{ word: WIDE_WORD, op: "eq", operand: 5n }],
    }),
  ],
  salt,
});
const policies = [policyWith(1n), policyWith(2n), policyWith(3n)] as const;

/** The n-th input: mostly transfers under one policy, and everything else now and then. */
function inputAt(n: number, amount = BigInt((n % 800) + 1)): [CircuitName, CircuitInput] {
  const policy = policies[Math.floor(n / 25) % policies.length] as Policy;
  const ruleIndex = n % 10 === 7 ? 2 : n % 4 === 3 ? 1 : 0;
  const words = [BigInt(RECIPIENT) + BigInt(n % 3), amount];
  const wide = Array.from({ length: WIDE_WORD + 1 }, (_, k) => words[k] ?? 0n).with(WIDE_WORD, 5n);
  const selector = ruleIndex === 1 ? APPROVE : TRANSFER;
  const situation = {
    ...baseSituation,
    action: {
      ...baseSituation.action,
      data: calldata(selector, ruleIndex === 2 ? wide : words),
    },
    time: baseSituation.time + BigInt(n),
    levels: baseSituation.levels.map((_, k) => ({
      level: BigInt(n * (k + 1)),
      last: baseSituation.time - 100n + BigInt(n),
    })),
  };
  const transition = claimedTransition(policy, situation, ruleIndex);
  return [transition.circuit, inputOf(transition)];
}

const residentMb = () => Math.round(process.memoryUsage.rss() / 1e6);
const median = (numbers: readonly number[]) =>
  Number((numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0).toFixed(1));

const prover = createKernelProver({
  threads,
  onFallback: (reason) => {
    throw new Error(`the kernel does not work here: ${reason}`);
  },
});
const start = performance.now();
const [times, failures] = [[] as number[], [] as string[]];
const proven: Partial<Record<CircuitName, number>> = {};
const memoryMb = { start: residentMb(), settled: 0, middle: 0, peak: 0, end: 0 };

for (let n = 1; n <= proofs; n++) {
  const [circuit, input] = inputAt(n);
  if (n % IMPOSSIBLE_EVERY === 0) {
    const outcome = await prover.prove(...inputAt(n, 5_000n)).catch((error) => error);
    if (!(outcome instanceof WitnessError)) failures.push(`${n}: an impossible input was proven`);
  }
  if (n % PREPARE_EVERY === 0) await prover.prepare(...inputAt(n - 1));
  const before = performance.now();
  try {
    const proof = await prover.prove(circuit, input);
    times.push(performance.now() - before);
    if (n % CHECK_EVERY === 0 && !(await verifyProof(circuit, proof))) {
      failures.push(`${n}: the proof does not verify`);
    }
    proven[circuit] = (proven[circuit] ?? 0) + 1;
  } catch (error) {
    failures.push(`${n}: ${error}`);
  }
  const now = residentMb();
  memoryMb.peak = Math.max(memoryMb.peak, now);
  if (n === WARM_UP) memoryMb.settled = now;
  if (n === Math.ceil(proofs / 2)) memoryMb.middle = now;
  if (n % REPORT_EVERY === 0) {
    const recent = median(times.slice(-REPORT_EVERY));
    process.stderr.write(
      `${n} proofs, median ${recent} ms, ${now} MB, ${failures.length} failed\n`,
    );
  }
}
memoryMb.end = residentMb();
await prover.close();

const half = times.length >> 1;
const result = {
  date: new Date().toISOString().slice(0, 10),
  machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version },
  threads,
  proofs: times.length,
  proven,
  failures,
  minutes: Number(((performance.now() - start) / 60_000).toFixed(1)),
  medianMs: {
    all: median(times),
    firstHalf: median(times.slice(0, half)),
    secondHalf: median(times.slice(half)),
  },
  memoryMb,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
const growth = memoryMb.end - memoryMb.settled;
if (failures.length > 0 || growth > MAX_GROWTH_MB) {
  throw new Error(
    `${failures.length} failures, memory grew by ${growth} MB after ${WARM_UP} proofs`,
  );
}
