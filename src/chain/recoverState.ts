import { type Address, isAddressEqual, keccak256 } from "viem";
import { getBlock, getChainId, getTransaction } from "viem/actions";
import type { Action } from "../action/context.ts";
import { UnrecoverableLaneError } from "../errors/chain.ts";
import { mod } from "../field/field.ts";
import type { CommittedPolicy } from "../policy/commitment.ts";
import { levelsAfter } from "../policy/evaluate.ts";
import type { BudgetLevel } from "../policy/policy.ts";
import { chargeOutcomes } from "../policy/restrictions/charges.ts";
import { subjectOf } from "../policy/subject.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import { type LaneRecord, startRecord } from "../state/laneStore.ts";
import { actionSalt, genesisSalt } from "../state/salt.ts";
import { initialLevels, packLevel, type State, stateCommitment } from "../state/state.ts";
import type { ReadClient } from "./client.ts";
import { type ExecutedCall, executedCalls } from "./executedCalls.ts";
import { type GateEvent, gateEvents } from "./gateEvents.ts";
import { type ReadLaneReturnType, readLane } from "./readLane.ts";

/**
 * How long a recovered record stays quiet: twice the longest maxDelay a gate can have, since the node may lag
 * behind the one that a forgotten signature took its time from.
 */
export const QUIET_SECONDS = 600n;

export interface RecoverStateParameters {
  gate: Address;
  lane: number;
  /** The lane's policy in its current epoch. */
  committed: CommittedPolicy;
  /** The epoch's state secret, 32 bytes. */
  secret: Uint8Array;
  /** First block to search, inclusive: at or before the rotation that began the epoch. */
  fromBlock: bigint;
  /** The state that the rotation kept; needed only where it kept one. */
  kept?: State | undefined;
}

/** One action of the lane, as the chain tells it. */
export interface RecoveredTransition {
  seq: bigint;
  /** Name of the rule that it was proven under. */
  rule: string;
  /** The budgets after it. */
  levels: readonly BudgetLevel[];
  transactionHash: `0x${string}`;
}

export interface RecoverStateReturnType {
  /** For a lane store. It stays quiet until nothing forgotten can land any more. */
  record: LaneRecord<SignedGateCall>;
  /** Every action of the epoch, oldest first. */
  transitions: RecoveredTransition[];
}

/**
 * Rebuilds a lane's hidden state from the epoch's secret, the policy and the chain: each rule is tried
 * against each state commitment that the gate stored.
 *
 * @throws {UnrecoverableLaneError} if a commitment does not open: wrong secret or policy, or an action
 *   that was signed with the agent key by somebody else
 * @throws {LogsUnavailableError} if the node does not hand out the gate's events
 *
 * @example
 * const { record } = await recoverState(client, { gate, lane: 0, committed, secret, fromBlock });
 * await replaceRecord(store, record);
 */
export async function recoverState(
  client: ReadClient,
  parameters: RecoverStateParameters,
): Promise<RecoverStateReturnType> {
  const { gate, lane, committed } = parameters;
  const [chainId, block] = await Promise.all([getChainId(client), getBlock(client)]);
  const onchain = await readLane(client, { gate, blockNumber: block.number, lane });
  if (onchain.epoch === 0) throw unrecoverable(parameters, "no rotation ever named it");
  if (onchain.policy !== committed.commitment) {
    throw unrecoverable(parameters, "the gate holds another policy for it");
  }

  const { opening, actions } = await readEpoch(client, parameters, onchain, block.number);
  let state = firstState(parameters, opening, chainId);
  const transitions: RecoveredTransition[] = [];
  for (const event of actions) {
    const { call, proof } = await readCall(client, parameters, event);
    const action = { chainId, gate, ...call };
    const found = openTransition(parameters, { state, event, action, priceFeed: proof.priceFeed });
    state = found.state;
    transitions.push({
      seq: event.args.seq,
      rule: found.rule,
      levels: state.levels,
      transactionHash: event.transactionHash,
    });
  }
  if (stateCommitment(state) !== onchain.state) {
    throw unrecoverable(parameters, "the node did not tell all of its actions");
  }
  return {
    record: startRecord({
      chainId,
      gate,
      lane,
      epoch: onchain.epoch,
      seq: onchain.seq,
      state,
      quietUntil: block.timestamp + QUIET_SECONDS,
    }),
    transitions,
  };
}

/** The rotation that made the lane live and the actions since. */
async function readEpoch(
  client: ReadClient,
  parameters: RecoverStateParameters,
  onchain: ReadLaneReturnType,
  toBlock: bigint,
) {
  const { gate, lane, fromBlock } = parameters;
  let opening: GateEvent<"LaneRotated"> | undefined;
  const actions: GateEvent<"ActionExecuted">[] = [];
  for await (const event of gateEvents(client, { gate, fromBlock, toBlock })) {
    if (event.eventName === "LaneRotated") {
      if (event.args.lane === lane && event.args.epoch === onchain.epoch) opening = event;
    } else if (event.eventName === "ActionExecuted") {
      if (event.args.lane === lane && event.args.epoch === onchain.epoch) actions.push(event);
    }
  }
  if (!opening) {
    throw unrecoverable(parameters, `its rotation is not among the events from block ${fromBlock}`);
  }
  const first = opening.args.seq;
  const complete =
    actions.every(({ args }, i) => args.seq === first + BigInt(i)) &&
    onchain.seq === first + BigInt(actions.length);
  if (!complete) throw unrecoverable(parameters, "the node did not tell all of its actions");
  return { opening, actions };
}

function firstState(
  parameters: RecoverStateParameters,
  { args }: GateEvent<"LaneRotated">,
  chainId: number,
): State {
  const { gate, lane, committed, secret, kept } = parameters;
  if (args.keptState) {
    if (kept && stateCommitment(kept) === args.state) return kept;
    const reason = kept ? "another state was kept" : "the state that the rotation kept is needed";
    throw unrecoverable(parameters, reason);
  }
  const eta = args.lastTime;
  const salt = genesisSalt(secret, { chainId, gate, lane, epoch: args.epoch, eta });
  for (const fill of ["full", "empty"] as const) {
    const state = { levels: initialLevels(committed.policy, eta, fill), salt };
    if (stateCommitment(state) === args.state) return state;
  }
  throw unrecoverable(parameters, "the secret does not open its first state");
}

/** Finds an action's calldata in its transaction. */
async function readCall(
  client: ReadClient,
  parameters: RecoverStateParameters,
  { args, transactionHash }: GateEvent<"ActionExecuted">,
): Promise<ExecutedCall> {
  const { input } = await getTransaction(client, { hash: transactionHash });
  const match = executedCalls(input).find(
    ({ call, proof }) =>
      proof.lane === args.lane &&
      proof.stateNew === args.stateNew &&
      isAddressEqual(call.target, args.target) &&
      call.value === args.value &&
      keccak256(call.data) === args.dataHash,
  );
  if (match) return match;
  const reason = "its calldata is not in the transaction's input";
  throw unrecoverable(parameters, reason, { seq: args.seq, transactionHash });
}

/** Tries every rule for the one whose charges lead to the state that the gate stored. */
function openTransition(
  { gate, lane, committed, secret }: RecoverStateParameters,
  input: {
    state: State;
    event: GateEvent<"ActionExecuted">;
    action: Action;
    priceFeed: Address;
  },
): { state: State; rule: string } {
  const { state, event, action, priceFeed } = input;
  const { epoch, seq, time, priceAnswer, riskAnswer, stateNew } = event.args;
  const salt = actionSalt(secret, { lane, epoch, seq, time, action });
  for (const rule of committed.policy.rules) {
    const subject = subjectOf(committed.policy, rule, {
      action,
      time,
      // The round's date does not matter to what is charged.
      feeds: { priceFeed, priceAnswer, priceUpdatedAt: time, riskAnswer },
      levels: state.levels,
      tier: "gate",
    });
    const levels = levelsAfter(subject, chargeOutcomes(subject));
    const canonical = levels.every((level) => level.level >= 0n && isElement(packLevel(level)));
    const after = { levels, salt };
    if (canonical && stateCommitment(after) === stateNew) return { state: after, rule: rule.name };
  }
  throw unrecoverable(
    { gate, lane },
    "no rule leads to the state that the gate stored: someone else may hold the agent key",
    { seq, transactionHash: event.transactionHash },
  );
}

const isElement = (value: bigint) => mod(value) === value;

function unrecoverable(
  { gate, lane }: Pick<RecoverStateParameters, "gate" | "lane">,
  reason: string,
  action?: { seq: bigint; transactionHash: `0x${string}` },
): UnrecoverableLaneError {
  return new UnrecoverableLaneError({ gate, lane, reason, action });
}
