/**
 * Opt-in soak test of the kernel's prover: many proofs in a row on changing actions, each verified, with
 * the memory watched. Fails at the first proof that fails, or if memory grew after warming up.
 *
 * @example
 * node scripts/soak-prover.ts 10000
 */
import { createKernelProver } from "../src/prover/kernel/kernelProver.ts";
import { verifyProof } from "../src/prover/verify.ts";
import { basePolicy, baseSituation, claimedTransition, inputOf } from "../test/support/mandate.ts";

const proofs = Number(process.argv[2] ?? 10_000);
/** Proofs before memory is taken as settled, and how much it may then grow. Megabytes. */
const WARM_UP = Math.min(500, Math.ceil(proofs / 10));
const MAX_GROWTH_MB = 40;
/** Every so many proofs another implementation verifies too; the prover itself verifies all. */
const CHECK_EVERY = 250;

const residentMb = () => Math.round(process.memoryUsage().rss / 1e6);

const prover = createKernelProver({
  onFallback: (reason) => {
    throw new Error(`the kernel does not work here: ${reason}`);
  },
});
const start = performance.now();
let settledMb = 0;
for (let n = 1; n <= proofs; n++) {
  const time = baseSituation.time + BigInt(n);
  const input = inputOf(claimedTransition(basePolicy, { ...baseSituation, time }));
  const proof = await prover.prove("gate", input);
  if (n === WARM_UP) settledMb = residentMb();
  if (n % CHECK_EVERY !== 0 && n !== proofs) continue;
  if (!(await verifyProof("gate", proof))) throw new Error(`proof ${n} does not verify`);
  const perProof = ((performance.now() - start) / n).toFixed(1);
  process.stdout.write(`${n} proofs, ${perProof} ms each, ${residentMb()} MB resident\n`);
}
await prover.close();
const growth = residentMb() - settledMb;
if (growth > MAX_GROWTH_MB) {
  throw new Error(`memory grew by ${growth} MB after ${WARM_UP} proofs`);
}
