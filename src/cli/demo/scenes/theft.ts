import { parseEther, zeroAddress } from "viem";
import { executeAction } from "../../../chain/executeAction.ts";
import { readLane } from "../../../chain/readLane.ts";
import { revokeAgent } from "../../../chain/revokeAgent.ts";
import { CallRefusedError } from "../../../errors/chain.ts";
import { WitnessError } from "../../../errors/prover.ts";
import { type CommittedPolicy, commitPolicy } from "../../../policy/commitment.ts";
import { NO_TIME_BOUND, type Rule } from "../../../policy/policy.ts";
import type { GateCall, SignedGateCall } from "../../../signer/gateCall.ts";
import { stateCommitment } from "../../../state/state.ts";
import type { Desk } from "../desk.ts";
import type { Sender } from "../localChain.ts";
import { LANES, OTHER_CHAIN_ID } from "../mandate.ts";
import { sellCall, transferData } from "../market.ts";
import type { SceneResult, Stage } from "../steps.ts";
import { type Claim, createThief, type Thief } from "../thief.ts";
import { dollars, sell, TRADING_LANE } from "./trading.ts";

const OTHER_LANE = 1;

/** One try, and the gate's custom error that has to stop it. */
interface Try {
  signed: SignedGateCall;
  stoppedBy: string;
  sender?: Sender;
}

/** Sends each try for real: all have to be mined and reverted, for the right reason, without effect. */
async function refused(desk: Desk, thief: Thief, tries: readonly Try[]): Promise<SceneResult> {
  const { market, relayer } = desk;
  const before = await lanesOf(desk);
  const reasons: string[] = [];
  let [gas, ok] = [0n, true];
  for (const { signed, stoppedBy, sender = relayer } of tries) {
    const attempt = await thief.attempt(sender, signed);
    reasons.push(attempt.reason);
    gas += attempt.gas;
    ok &&= attempt.reason === stoppedBy;
  }
  const { address } = thief.account.account;
  const stolen = [
    await market.balance(market.uniswap.weth, address),
    await market.balance(market.usdc, address),
  ];
  ok &&= stolen.every((amount) => amount === 0n) && (await lanesOf(desk)) === before;
  const outcome = `${ok ? "refused" : "not refused as it should be"}: ${reasons.join(", ")}`;
  return { ok, outcome, gas };
}

async function lanesOf({ local, gate }: Desk): Promise<string> {
  const lanes = await Promise.all(
    Array.from({ length: LANES }, (_, lane) => readLane(local.control, { gate, lane })),
  );
  return lanes.map(({ state, seq }) => `${seq}:${state}`).join();
}

/** The thief's own mandate: any transfer of any amount. */
export function ownMandate(
  { policy }: CommittedPolicy,
  token: GateCall["target"],
): CommittedPolicy {
  const anything: Rule = {
    ...(policy.rules[0] as Rule),
    targetLo: token,
    targetHi: token,
    selector: 0xa9059cbbn,
    dataLengthMin: 68,
    dataLengthMax: 68,
    amount: { from: "word", word: 1 },
    limitAgent: (1n << 128n) - 1n,
    limitQuorum: (1n << 128n) - 1n,
    scales: false,
    conditions: [],
    charges: [undefined, undefined],
    band: undefined,
    priceFeed: zeroAddress,
    priceMaxAge: NO_TIME_BOUND,
  };
  return commitPolicy({ ...policy, rules: [anything] });
}

/** The claim without a price feed, for calls that are not priced. */
export function unpriced(claim: Claim): Claim {
  const { riskAnswer } = claim.feeds;
  return {
    ...claim,
    feeds: { priceFeed: zeroAddress, priceAnswer: 0n, priceUpdatedAt: 0n, riskAnswer },
    rounds: { ...claim.rounds, price: 0n },
  };
}

/** Somebody has the agent's key, policy, secrets, host and relayer, and makes real proofs. */
export async function theftScenes(stage: Stage, desk: Desk): Promise<void> {
  const { market, local, gate, relayer, guardian, epoch } = desk;
  const thief = await createThief(desk);
  const { address } = thief.account.account;
  const trade = sell(desk, 5);
  const stoppedBy = "InvalidProof";

  stage.chapter("A thief has the agent's key, policy, state and host");
  await stage.scene("what the mandate allows, he can do", async () => {
    const before = await market.balance(market.usdc, gate);
    const call = sell(desk, 1);
    const signed = await thief.forge(await thief.truth(OTHER_LANE, call));
    const { reason, gas } = await thief.attempt(relayer, signed);
    const received = (await market.balance(market.usdc, gate)) - before;
    const ok = reason === "executed" && received > 0n;
    return { ok, outcome: `${reason}, ${dollars(received)} to the gate`, gas };
  });
  await stage.scene("stolen key: send 380 WETH home", async () => {
    const call = {
      target: market.uniswap.weth,
      value: 0n,
      data: transferData(address, parseEther("380")),
    };
    const truth = unpriced(await thief.truth(TRADING_LANE, call));
    const unproven = await thief.proveForbidden(truth, "allow-router").catch((error) => error);
    const noWitness = unproven instanceof WitnessError;
    const committed = ownMandate(truth.committed, market.uniswap.weth);
    const result = await refused(desk, thief, [
      { signed: await thief.forge({ ...truth, committed }), stoppedBy },
    ]);
    return {
      ...result,
      ok: result.ok && noWitness,
      details: [
        noWitness
          ? `under the desk's policy there is no witness: restriction ${unproven.restriction}`
          : "under the desk's policy there is a witness",
        "under a policy of his own he has a proof, but the gate holds the desk's commitment",
      ],
    };
  });
  await stage.scene("replay the last trade", async () => {
    const signed = await lastTrade(desk);
    return refused(desk, thief, [
      { signed, stoppedBy: "InvalidSignature" },
      { signed: await thief.resign(signed), stoppedBy },
    ]);
  });
  await stage.scene("a trade's proof, paying the thief", async () => {
    const truth = await thief.truth(TRADING_LANE, trade);
    const call = sellCall(market, { weth: parseEther("5"), recipient: address });
    return refused(desk, thief, [{ signed: await thief.forge(truth, { call }), stoppedBy }]);
  });
  await stage.scene("the proof of another lane", async () => {
    const truth = await thief.truth(TRADING_LANE, trade);
    const signed = await thief.forge(truth, { proof: { lane: OTHER_LANE } });
    return refused(desk, thief, [{ signed, stoppedBy }]);
  });
  await stage.scene("a proof for another chain", async () => {
    const truth = await thief.truth(TRADING_LANE, trade);
    const signed = await thief.forge({ ...truth, chainId: OTHER_CHAIN_ID });
    return refused(desk, thief, [{ signed, stoppedBy }]);
  });
  await stage.scene("a state with empty budgets", async () => {
    const truth = await thief.truth(TRADING_LANE, sell(desk, 20));
    const levels = truth.state.levels.map(({ last }) => ({ level: 0n, last }));
    const emptied = { ...truth.state, levels };
    const small = { ...truth, call: trade };
    return refused(desk, thief, [
      { signed: await thief.forge({ ...truth, state: emptied }), stoppedBy },
      {
        signed: await thief.forge(small, { proof: { stateNew: stateCommitment(emptied) } }),
        stoppedBy,
      },
    ]);
  });

  stage.say("volatility jumps from 80 % to 130 %");
  const earlier = await thief.truth(TRADING_LANE, trade);
  await local.advance(10);
  await market.publish(130);
  await stage.scene("the calmer round of before", async () => {
    const now = await thief.truth(TRADING_LANE, earlier.call);
    const { riskAnswer } = earlier.feeds;
    const calmer = { ...now, feeds: { ...now.feeds, riskAnswer } };
    const oldRound = { ...calmer, rounds: { ...now.rounds, risk: earlier.rounds.risk } };
    return refused(desk, thief, [
      { signed: await thief.proveAsClaimed(oldRound), stoppedBy: "FeedRoundNotCurrent" },
      { signed: await thief.proveAsClaimed(earlier), stoppedBy: "RiskAnswerBelowLatest" },
      { signed: await thief.forge(calmer), stoppedBy },
    ]);
  });
  await market.publish(45);

  stage.say("markets calm down to 45 %");
  const submitter = relayer.account.address;
  const signer = desk.signer(epoch, TRADING_LANE);
  await stage.scene("front-run from another account", async () => {
    const signed = await signer.sign({ ...trade, submitter });
    const truth = await thief.truth(TRADING_LANE, trade);
    const result = await refused(desk, thief, [
      { signed, sender: thief.account, stoppedBy: "WrongSubmitter" },
      {
        signed: await thief.forge({ ...truth, submitter: address }),
        sender: thief.account,
        stoppedBy: "SubmitterNotAllowed",
      },
    ]);
    const { receipt } = await executeAction(relayer, { gate, signed });
    return {
      ...result,
      gas: (result.gas ?? 0n) + receipt.gasUsed,
      details: ["the relayer's own submission then goes through"],
    };
  });
  await stage.scene("the guardian revokes the key", async () => {
    const signed = await signer.sign({ ...trade, submitter });
    const receipt = await revokeAgent(guardian, { gate });
    const error = await executeAction(relayer, { gate, signed }).catch((thrown) => thrown);
    const ok = error instanceof CallRefusedError && error.reason === "NoAgent";
    return {
      ok,
      outcome: ok ? "at once: NoAgent, whatever is signed" : "the key still works",
      gas: receipt.gasUsed,
    };
  });
}

/** The trading lane's last executed action, as its relayer handed it in. */
export async function lastTrade({ store, gate, local }: Desk): Promise<SignedGateCall> {
  const record = await store.read({ chainId: local.chain.id, gate, lane: TRADING_LANE });
  const signed = record?.pending.at(-1)?.released;
  if (!signed) throw new Error("nothing was traded");
  return signed;
}
