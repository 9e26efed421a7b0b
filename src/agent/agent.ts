import type { Address, Hex } from "viem";
import type { RequestRecord } from "../journal/request.ts";
import type { Verdict } from "../policy/evaluate.ts";
import type { GateCall } from "../signer/gateCall.ts";
import type { LaneId } from "../state/laneStore.ts";

/** Names a gate: the same address may be another gate on another chain. */
export type GateId = Pick<LaneId, "chainId" | "gate">;

/** What an agent is asked for; the lane is the least busy of the gate's unless named. */
export interface AgentRequest {
  chainId: number;
  gate: Address;
  lane?: number | undefined;
  call: GateCall;
  /** Who may submit, for `sign`; the service's own account for `send`. */
  submitter?: Address | undefined;
  /** seconds */
  validFor?: bigint | undefined;
  principal: string;
  idempotencyKey?: string | undefined;
  /** Stops waiting; the request itself goes on. */
  signal?: AbortSignal | undefined;
}

/** A gate that the agent serves. */
export interface ServedGate {
  name: string;
  chainId: number;
  gate: Address;
  lanes: readonly number[];
  /** The account that pays and submits. */
  submitter: Address;
}

/** What is known of a lane, without its limits. */
export interface LaneReport {
  chainId: number;
  gate: Address;
  lane: number;
  /** Whether this process serves it. */
  isOwned: boolean;
  /** serving; or why not: paused, blocked by an error (the journal's, where it is not owned), owned elsewhere. */
  state: "serving" | "paused" | "blocked" | "elsewhere";
  /** For `blocked`: what is wrong, in words. */
  problem?: string | undefined;
  epoch?: number | undefined;
  seq?: string | undefined;
  inFlight: number;
  queued: number;
  /**
   * unix seconds: nothing new is signed until a finalized block is past it, or until one that is in flight has
   * landed; absent when the lane is free. A record that was rebuilt or restored is quiet so.
   */
  busyUntil?: string | undefined;
  policy?: Hex | undefined;
}

/** How far a restriction's budget is used up; only where the operator opted in. */
export interface BudgetReport {
  chainId: number;
  gate: Address;
  lane: number;
  budget: string;
  /** 0 to 1 */
  headroom: number;
}

/** Everything between a request and its landing, for many gates and lanes. */
export interface Agent {
  gates(): readonly ServedGate[];
  /** What the policy says now; nothing is recorded but the question. */
  check(request: AgentRequest): Promise<{ lane: number; verdict: Verdict; explanation: string[] }>;
  /** Resolves when it is signed, durable; a request that ended otherwise throws its error. */
  sign(request: AgentRequest): Promise<RequestRecord>;
  /** Resolves when its transaction was sent. */
  send(request: AgentRequest): Promise<RequestRecord>;
  status(idOrTransaction: string): Promise<RequestRecord | undefined>;
  lanes(): Promise<LaneReport[]>;
  budgets(): Promise<BudgetReport[]>;
  /** At once: nothing is signed for the gate afterwards; what is in flight is watched on. */
  pause(gate: GateId | "*", principal: string): Promise<void>;
  /**
   * Takes back a pause of just this gate, or of all.
   *
   * @returns the pauses that hold all the same: `*` over the gate, or those of single gates by their names
   */
  resume(gate: GateId | "*", principal: string): Promise<{ stillPaused: string[] }>;
  /** Takes over new mandates without a gap: a lane is served by the old or by the new one. */
  reload(principal: string): Promise<void>;
  /** Finishes or parks what is in flight, gives the lanes back. */
  close(): Promise<void>;
}
