import { keccak256 } from "viem";
import { circuits } from "../../../src/action/circuits.ts";
import { contextHash, contextVector } from "../../../src/action/context.ts";
import { gatedActionDigest } from "../../../src/action/digest.ts";
import type { AgentKey } from "../../../src/keys/keys.ts";
import type { CommittedPolicy } from "../../../src/policy/commitment.ts";
import type { SignedGateCall } from "../../../src/signer/gateCall.ts";
import type { GateReader, GateSnapshot, LanePosition } from "../../../src/signer/gateReader.ts";
import type { LaneId } from "../../../src/state/laneStore.ts";
import { type State, stateCommitment } from "../../../src/state/state.ts";
import { baseFeeds } from "../../support/mandate.ts";

export const MAX_DELAY = 300n;

/** A block of the model, and the lane after it. */
export interface ModelBlock {
  /** unix seconds */
  time: bigint;
  lane: LanePosition & { lastTime: bigint };
  executed: readonly SignedGateCall[];
}

/** What a node answers from; blocks of different forks or ages if it lags or lies. */
export interface ChainView {
  latest: ModelBlock;
  finalized: ModelBlock;
}

/**
 * A chain with one lane of a gate: it mines, reorganises and finalizes. A call executes by the gate's own rules:
 * bounds of time, and the digest that the gate computes from its storage.
 */
export interface ModelChain {
  /** From the first block on; those up to `finalized` never change. */
  blocks: ModelBlock[];
  /** Index of the last final block. */
  finalized: number;
  tip(): ModelBlock;
  /** Adds a block that executes what it can of the calls, in their order. */
  mine(seconds: bigint, calls?: readonly SignedGateCall[]): readonly SignedGateCall[];
  /** Forgets up to `depth` blocks that are not final. */
  reorganise(depth: number): void;
  /** Finalizes the next `count` blocks. */
  finalize(count: number): void;
  /** What an up-to-date node answers. */
  view(): ChainView;
  snapshot(view?: ChainView): GateSnapshot;
  reader: GateReader;
  /** Those of the calls that could still execute in some future of the chain. */
  live(calls: readonly SignedGateCall[]): SignedGateCall[];
  /** Every call that the chain has executed, with whether it is final. */
  executed(): { call: SignedGateCall; isFinal: boolean }[];
}

export function createModelChain(parameters: {
  lane: LaneId;
  committed: CommittedPolicy;
  key: AgentKey;
  genesis: State;
  /** unix seconds */
  startsAt: bigint;
}): ModelChain {
  const { lane: id, committed, key, genesis, startsAt } = parameters;
  const first = { epoch: 1, seq: 0n, state: stateCommitment(genesis), lastTime: startsAt - 100n };

  /** The digest that the gate computes for a call where the lane stands. */
  function digestOn({ epoch, seq, state }: LanePosition, { call, proof }: SignedGateCall) {
    const action = { chainId: id.chainId, gate: id.gate, ...call };
    const { time, deadline, submitter, stateNew, contextCommitment } = proof;
    const { commitment: policy } = committed;
    const context = { ...action, ...baseFeeds, time, policy, stateOld: state, stateNew };
    return gatedActionDigest(id.chainId, id.gate, {
      circuit: proof.circuit,
      contextHash: contextHash(contextVector(context, circuits.gate.words)),
      lane: id.lane,
      epoch,
      seq,
      dataHash: keccak256(call.data),
      deadline,
      submitter,
      contextCommitment,
    });
  }
  const fits = (position: LanePosition, call: SignedGateCall) =>
    call.seq === position.seq && digestOn(position, call) === call.digest;
  const after = (position: LanePosition, { proof }: SignedGateCall) => ({
    epoch: position.epoch,
    seq: position.seq + 1n,
    state: proof.stateNew,
    lastTime: proof.time,
  });

  const chain: ModelChain = {
    blocks: [{ time: startsAt, lane: first, executed: [] }],
    finalized: 0,
    tip: () => chain.blocks.at(-1) as ModelBlock,
    mine(seconds, calls = []) {
      const tip = chain.tip();
      const time = tip.time + seconds;
      const executed: SignedGateCall[] = [];
      let { lane } = tip;
      for (const call of calls) {
        const { proof } = call;
        const isTimely =
          proof.time <= time &&
          time <= proof.deadline &&
          time <= proof.time + MAX_DELAY &&
          proof.time >= lane.lastTime;
        if (!isTimely || !fits(lane, call)) continue;
        lane = after(lane, call);
        executed.push(call);
      }
      chain.blocks.push({ time, lane, executed });
      return executed;
    },
    reorganise(depth) {
      const length = Math.max(chain.finalized + 1, chain.blocks.length - depth);
      chain.blocks = chain.blocks.slice(0, length);
    },
    finalize(count) {
      chain.finalized = Math.min(chain.finalized + count, chain.blocks.length - 1);
    },
    view: () => ({
      latest: chain.tip(),
      finalized: chain.blocks[chain.finalized] as ModelBlock,
    }),
    snapshot: ({ latest, finalized } = chain.view()) => ({
      time: latest.time,
      finalizedTime: finalized.time,
      finalized: {
        epoch: finalized.lane.epoch,
        seq: finalized.lane.seq,
        state: finalized.lane.state,
      },
      epoch: latest.lane.epoch,
      paused: false,
      maxDelay: MAX_DELAY,
      agent: { ...key.onchain },
      lane: { ...latest.lane, policy: committed.commitment },
      prices: [],
    }),
    reader: { snapshot: async () => chain.snapshot() },
    live(calls) {
      const { finalized } = chain.view();
      const found: SignedGateCall[] = [];
      let positions: LanePosition[] = [finalized.lane];
      while (positions.length > 0) {
        const next: LanePosition[] = [];
        for (const position of positions) {
          for (const call of calls) {
            if (call.proof.deadline < finalized.time || !fits(position, call)) continue;
            found.push(call);
            next.push(after(position, call));
          }
        }
        positions = next;
      }
      return found;
    },
    executed: () =>
      chain.blocks.flatMap(({ executed }, i) =>
        executed.map((call) => ({ call, isFinal: i <= chain.finalized })),
      ),
  };
  return chain;
}
