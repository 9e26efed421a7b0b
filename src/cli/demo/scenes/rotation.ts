import { executeRotation } from "../../../chain/executeRotation.ts";
import { readGate } from "../../../chain/readGate.ts";
import { readLane } from "../../../chain/readLane.ts";
import { recoverState } from "../../../chain/recoverState.ts";
import { laneGenesis } from "../../../chain/rotation.ts";
import { scheduleRotation } from "../../../chain/scheduleRotation.ts";
import type { TimelockOperation } from "../../../chain/timelockOperation.ts";
import { CallRefusedError } from "../../../errors/chain.ts";
import { GateNotReadyError } from "../../../errors/signer.ts";
import type { CommittedPolicy } from "../../../policy/commitment.ts";
import { replaceRecord, startRecord } from "../../../state/laneStore.ts";
import { stateCommitment } from "../../../state/state.ts";
import { counted } from "../../output.ts";
import { CHAIN_ID, type Desk, MAX_DELAY, RISK_MAX_AGE, TIMELOCK_DELAY } from "../desk.ts";
import type { Stage } from "../steps.ts";
import { denied, permitted, sell, TRADING_LANE } from "./trading.ts";

const NEXT_EPOCH = 2;

/** A new policy, secret and key come into force, in the open and with notice. */
export async function rotationScenes(stage: Stage, desk: Desk): Promise<void> {
  const { local, market, gate, timelock, governor, store } = desk;
  const next = await desk.prepareEpoch("15 WETH");
  const eta = (await local.now()) + TIMELOCK_DELAY + 60n;
  const opened = next.mandate.lanes.map((committed, lane) =>
    laneGenesis({
      chainId: CHAIN_ID,
      gate,
      lane,
      epoch: NEXT_EPOCH,
      eta,
      committed,
      secret: next.secret,
      fill: "full",
    }),
  );
  let operation: TimelockOperation | undefined;

  stage.chapter("The desk rotates policy, secret and key");
  await stage.scene("announce it in the timelock", async () => {
    const scheduled = await scheduleRotation(governor, {
      timelock,
      gate,
      rotation: {
        epoch: NEXT_EPOCH,
        eta,
        agent: next.key.onchain,
        riskFeed: market.volatility,
        riskMaxAge: RISK_MAX_AGE,
        maxDelay: MAX_DELAY,
        lanes: opened.map(({ rotation }) => rotation),
      },
    });
    operation = scheduled.operation;
    const early = await executeRotation(governor, { timelock, operation }).catch((error) => error);
    const ok =
      early instanceof CallRefusedError && early.reason === "TimelockUnexpectedOperationState";
    return {
      ok,
      outcome: ok ? "scheduled; executing it at once is refused" : "it could be executed at once",
      gas: scheduled.receipt.gasUsed,
    };
  });

  stage.say("48 hours later");
  await local.advance(Number(TIMELOCK_DELAY) + 60);
  await stage.scene("execute the rotation", async () => {
    if (!operation) throw new Error("nothing was announced");
    const { gasUsed } = await executeRotation(governor, { timelock, operation });
    const { epoch, agent } = await readGate(local.control, { gate });
    for (const [lane, { state }] of opened.entries()) {
      const { seq } = await readLane(local.control, { gate, lane });
      const record = { chainId: CHAIN_ID, gate, lane, epoch, seq, state, quietUntil: 0n };
      await replaceRecord(store, startRecord(record));
    }
    const ok = epoch === NEXT_EPOCH && agent.id === next.key.onchain.id;
    return { ok, outcome: `epoch ${epoch}, a new commitment for each lane`, gas: gasUsed };
  });

  await market.publish(45);
  await stage.scene("the budgets start full", () => denied(desk, next, sell(desk, 5), "charges"));
  await local.advance(12 * 3_600);
  await market.publish(45);
  stage.say("12 hours later");
  await stage.scene("sell 16 WETH: over the new limit", () =>
    denied(desk, next, sell(desk, 16), "amount"),
  );
  await stage.scene("sell 5 WETH with the new key", () => permitted(desk, next, sell(desk, 5)));
  await stage.scene("the old mandate is worth nothing", async () => {
    const submitter = desk.relayer.account.address;
    const signing = desk.signer(desk.epoch, TRADING_LANE).sign({ ...sell(desk, 1), submitter });
    const error = await signing.catch((thrown) => thrown);
    const ok = error instanceof GateNotReadyError;
    return { ok, outcome: ok ? "refused: it holds another policy" : "it is still honoured" };
  });
  await stage.scene("rebuild the lost state", async () => {
    const { record, transitions } = await recoverState(local.control, {
      gate,
      lane: TRADING_LANE,
      committed: next.mandate.lanes[TRADING_LANE] as CommittedPolicy,
      secret: next.secret,
      fromBlock: desk.fromBlock,
    });
    const { state, seq } = await readLane(local.control, { gate, lane: TRADING_LANE });
    const ok = stateCommitment(record.state) === state && record.seq === seq;
    return {
      ok,
      outcome: `from the secret, the policy and ${counted(transitions.length, "action")} on-chain`,
    };
  });
}
