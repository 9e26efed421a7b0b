import pc from "picocolors";
import { numberToHex } from "viem";
import { verifyDeployment } from "../../chain/verifyDeployment.ts";
import { type Desk, openDesk } from "./desk.ts";
import { groupScenes } from "./scenes/group.ts";
import { rotationScenes } from "./scenes/rotation.ts";
import { theftScenes } from "./scenes/theft.ts";
import { tradingScenes } from "./scenes/trading.ts";
import { createStage, type DemoStep, type Stage } from "./steps.ts";

export interface DemoOptions {
  /** Tells nothing on stdout; the caller prints the result. */
  json: boolean;
}

export interface DemoResult {
  steps: readonly DemoStep[];
}

/**
 * Plays the whole story on a local chain with real contracts, proofs and transactions: a desk sets up,
 * its agent trades, a thief tries everything, the desk rotates, and gives the key to three nodes.
 *
 * @returns every step and whether its outcome is the one that should be
 *
 * @example
 * const { steps } = await runDemo({ json: true });
 * process.exitCode = steps.every(({ ok }) => ok) ? 0 : 1;
 */
export async function runDemo({ json }: DemoOptions): Promise<DemoResult> {
  const stage = createStage(json ? undefined : process.stdout);
  if (!json) {
    console.log(pc.bold("A hidden mandate, proven before each signature, enforced on-chain"));
  }
  let desk: Desk | undefined;
  try {
    stage.chapter("A desk sets up");
    await stage.scene("deploy the gate", async () => {
      desk = await openDesk();
      return {
        ok: true,
        outcome: `400 WETH behind policy ${short(desk.epoch.mandate.lanes[0]?.commitment)}`,
        gas: desk.deploymentGas,
      };
    });
    if (desk) await playScenes(stage, desk);
  } finally {
    await desk?.close();
  }
  if (!json) console.log(`\n${summary(stage.steps)}`);
  return { steps: stage.steps };
}

async function playScenes(stage: Stage, desk: Desk): Promise<void> {
  await stage.scene("an investor checks the code", async () => {
    const { ok, checks } = await verifyDeployment(desk.local.control, { gate: desk.gate });
    const wrong = checks.filter((check) => !check.ok).map(({ name }) => name);
    return {
      ok,
      outcome: ok ? "gate, verifiers and timelock are as released" : `wrong: ${wrong.join(", ")}`,
    };
  });
  await tradingScenes(stage, desk);
  await theftScenes(stage, desk);
  await rotationScenes(stage, desk);
  await groupScenes(stage, desk);
}

function short(commitment = 0n): string {
  return `${numberToHex(commitment, { size: 32 }).slice(0, 10)}…`;
}

function summary(steps: readonly DemoStep[]): string {
  const wrong = steps.filter(({ ok }) => !ok);
  const seconds = steps.reduce((total, { ms }) => total + ms, 0) / 1_000;
  return wrong.length === 0
    ? pc.green(`All ${steps.length} steps ended as they should, in ${seconds.toFixed(0)} s.`)
    : pc.red(`${wrong.length} of ${steps.length} steps did not end as they should.`);
}
