import { hexToBigInt, numberToHex, parseEther } from "viem";
import { executeRotation } from "../../../chain/executeRotation.ts";
import { readGate } from "../../../chain/readGate.ts";
import { readLane } from "../../../chain/readLane.ts";
import { scheduleRotation } from "../../../chain/scheduleRotation.ts";
import { type NodeFault, QuorumMissingError } from "../../../errors/node.ts";
import { groupKeyId } from "../../../keys/frost/group.ts";
import type { SignatureShare } from "../../../keys/frost/rounds.ts";
import { replaceRecord, startRecord } from "../../../state/laneStore.ts";
import { stateCommitment } from "../../../state/state.ts";
import { recordedStates } from "../../laneRecords.ts";
import { serveChain } from "../chainServer.ts";
import {
  CHAIN_ID,
  type Desk,
  type Epoch,
  MAX_DELAY,
  RISK_MAX_AGE,
  TIMELOCK_DELAY,
} from "../desk.ts";
import { transferData } from "../market.ts";
import { type DemoNodes, openNodes } from "../nodes.ts";
import type { SceneResult, Stage } from "../steps.ts";
import { createThief } from "../thief.ts";
import { lastTrade, ownMandate, unpriced } from "./theft.ts";
import { permitted, sell, TRADING_LANE } from "./trading.ts";

const NEXT_EPOCH = 3;

/** The agent's key goes to three nodes that check before they sign; then a thief has the desk and one of them. */
export async function groupScenes(stage: Stage, desk: Desk): Promise<void> {
  const server = await serveChain(desk.local);
  const nodes = await openNodes({ chainId: CHAIN_ID, rpcUrl: server.rpcUrl, gate: desk.gate });
  try {
    await playScenes(stage, desk, nodes);
  } finally {
    await nodes.close();
    await server.close();
  }
}

async function playScenes(stage: Stage, desk: Desk, nodes: DemoNodes): Promise<void> {
  const { market, local } = desk;
  stage.chapter("Three nodes share the key, and two sign once each has checked");
  await stage.scene("make a key that nobody has", async () => {
    const group = await nodes.generateKey();
    return {
      ok: true,
      outcome: `${group.threshold} of ${group.participants.length} nodes sign, key ${groupKeyId(group).slice(0, 10)}…`,
    };
  });
  const prepared = await desk.prepareEpoch("15 WETH");
  const epochWith = () => {
    const { key, faults } = nodes.openKey();
    return { epoch: { ...prepared, key }, faults };
  };
  await stage.scene("rotate from one key to the group", () => rotate(desk, epochWith().epoch));
  await stage.scene("start the nodes", async () => {
    await nodes.entrust(prepared);
    await nodes.serve(1, 2, 3);
    return { ok: true, outcome: "each with its own view of chain and policy" };
  });
  await market.publish(45);
  await nodes.stop(1);
  await stage.scene("sell 5 WETH, node 1 is down", async () => {
    const { epoch, faults } = epochWith();
    const result = await permitted(desk, epoch, sell(desk, 5));
    return { ...result, ok: result.ok && told(faults) === "1 absent", details: explained(faults) };
  });

  stage.say("a thief has the desk's host, and node 2 signs whatever he wants");
  await nodes.serve(1);
  await nodes.corrupt(2);
  await local.advance(1);
  await stage.scene("send 380 WETH home", async () => {
    const { epoch, faults } = epochWith();
    const thief = await createThief({ ...desk, epoch });
    const { weth } = market.uniswap;
    const data = transferData(thief.account.account.address, parseEther("380"));
    const truth = unpriced(await thief.truth(TRADING_LANE, { target: weth, value: 0n, data }));
    const committed = ownMandate(truth.committed, weth);
    return notSigned(thief.forge({ ...truth, committed }), faults, "denied");
  });
  await stage.scene("sell 5 WETH with an old proof", async () => {
    const { epoch, faults } = epochWith();
    const thief = await createThief({ ...desk, epoch });
    const { points } = (await lastTrade(desk)).proof;
    const truth = await thief.truth(TRADING_LANE, sell(desk, 5));
    return notSigned(thief.forge(truth, { proof: { points } }), faults, "invalid-proof");
  });

  stage.say("the desk has its host back; node 2 spoils what it can");
  await nodes.corrupt(2, spoiled);
  await stage.scene("sell 2 WETH, node 2 sends a lie", async () => {
    const { epoch, faults } = epochWith();
    const result = await permitted(desk, epoch, sell(desk, 2));
    return { ...result, ok: result.ok && told(faults) === "2 cheated", details: explained(faults) };
  });
}

/** Another share of the signature than the one that node 2 owes. */
function spoiled({ share, participant }: SignatureShare): SignatureShare {
  return { participant, share: numberToHex(hexToBigInt(share) ^ 1n, { size: 32 }) };
}

const told = (faults: readonly NodeFault[]) =>
  faults.map(({ participant, kind }) => `${participant} ${kind}`).join(", ");

const explained = (faults: readonly NodeFault[]) =>
  faults.map(({ participant, kind, reason }) => `node ${participant} ${kind}: ${reason}`);

/** The honest nodes, 1 and 3, have to refuse by themselves and for the right reason. */
async function notSigned(
  signing: Promise<unknown>,
  faults: readonly NodeFault[],
  reason: string,
): Promise<SceneResult> {
  const error = await signing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof QuorumMissingError)) {
    return { ok: false, outcome: error ? `failed: ${error}` : "the group has signed" };
  }
  const refusals = faults.filter((fault) => fault.kind === "refused" && fault.reason === reason);
  const ok = refusals.length === 2 && faults.length === 2;
  return { ok, outcome: "one share, no signature", details: explained(faults) };
}

/** Announces and makes a rotation that changes nothing but the key: the lanes keep what they have used. */
async function rotate(desk: Desk, { mandate, key }: Epoch): Promise<SceneResult> {
  const { local, market, gate, timelock, governor, store } = desk;
  const eta = (await local.now()) + TIMELOCK_DELAY + 60n;
  const { operation, receipt } = await scheduleRotation(governor, {
    timelock,
    gate,
    rotation: {
      epoch: NEXT_EPOCH,
      eta,
      agent: key.onchain,
      riskFeed: market.volatility,
      riskMaxAge: RISK_MAX_AGE,
      maxDelay: MAX_DELAY,
      lanes: mandate.lanes.map(({ commitment }, lane) => ({
        lane,
        keepState: true,
        policy: commitment,
        state: 0n,
      })),
    },
  });
  await local.advance(Number(TIMELOCK_DELAY) + 60);
  const { gasUsed } = await executeRotation(governor, { timelock, operation });
  for (const lane of mandate.lanes.keys()) {
    const id = { chainId: CHAIN_ID, gate, lane };
    const { seq, state: commitment } = await readLane(local.control, { gate, lane });
    const record = await store.read(id);
    const state = recordedStates(record).find((known) => stateCommitment(known) === commitment);
    if (!state) throw new Error(`nobody knows the state of lane ${lane}`);
    await replaceRecord(
      store,
      startRecord({ ...id, epoch: NEXT_EPOCH, seq, state, quietUntil: 0n }),
    );
  }
  const { epoch, agent } = await readGate(local.control, { gate });
  const ok = epoch === NEXT_EPOCH && agent.id === key.onchain.id;
  return {
    ok,
    outcome: `48 hours later: epoch ${epoch}, budgets kept`,
    gas: receipt.gasUsed + gasUsed,
  };
}
