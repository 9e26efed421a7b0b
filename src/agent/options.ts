import type { Address } from "viem";
import type { ReadClient } from "../chain/client.ts";
import type { Journal } from "../journal/journal.ts";
import type { AgentKey } from "../keys/keys.ts";
import type { CommittedPolicy } from "../policy/commitment.ts";
import type { PolicyLabels } from "../policy/labels.ts";
import type { ArtifactManifest } from "../prover/manifest.ts";
import type { Prover } from "../prover/prover.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import type { LaneRecord } from "../state/laneStore.ts";
import type { State } from "../state/state.ts";
import type { AgentObserver } from "./observer.ts";

/** What a lane is bound to for one epoch. Secret. */
export interface LaneMandate {
  committed: CommittedPolicy;
  /** The epoch's state secret, 32 bytes; copied, the caller may overwrite its own. */
  secret: Uint8Array;
  /** For readable denials. */
  labels?: PolicyLabels | undefined;
  /** The state that the epoch's rotation kept, where it kept one and it is known. */
  kept?: State | undefined;
}

/** A lane as it is handed to the agent. */
export interface AgentLane {
  lane: number;
  /** Signs the lane's actions. The agent does not close it. */
  key: AgentKey;
  /**
   * Finds the mandate of a policy commitment: asked at the start, after a rotation, and on `reload`.
   *
   * @returns undefined if there is none: the lane is blocked until there is
   */
  mandate(commitment: bigint): Promise<LaneMandate | undefined>;
  /**
   * The lane's record for an epoch that the journal knows nothing of, from whoever kept it before. Without
   * one the record is rebuilt from the chain, and stays quiet until nothing forgotten can land.
   */
  record?(epoch: number): Promise<LaneRecord<SignedGateCall> | undefined>;
  /**
   * Makes sure that the journal is the one whose signatures for the lane count, before each of them: of two
   * journals neither knows what was signed from the other.
   *
   * @param journal its name
   * @throws {LaneBoundError} if it is not
   */
  assertBound?(journal: string): Promise<void>;
  /** Told the state that a rotation kept, without which the lane could not be recovered later. */
  keep?(commitment: bigint, state: State): Promise<void>;
}

/** A gate as it is handed to the agent. */
export interface AgentGate {
  /** Unique among the agent's gates; tokens name gates by it. */
  name: string;
  chainId: number;
  gate: Address;
  /** First block of the gate's events, inclusive; its deployment at the latest. */
  fromBlock: bigint;
  client: ReadClient;
  /** Pays for and submits the gate's actions; may serve several gates. The agent does not close it. */
  submitterKey: AgentKey;
  lanes: readonly AgentLane[];
}

/** What outer transactions may cost. */
export interface FeePolicy {
  /** wei per gas that is never exceeded */
  maxFeePerGas: bigint;
  /** wei per gas; the node's suggestion, at most `maxFeePerGas`, unless given */
  maxPriorityFeePerGas?: bigint | undefined;
  /** seconds without being mined after which a transaction's fees are raised by an eighth */
  stuckAfter: number;
}

/** What an agent may be tuned with; what is left out has its default. */
export interface AgentTuning {
  /** Actions of one lane that may be in flight at once; 4. */
  maxInFlight: number;
  fees: FeePolicy;
  /** Whether a call that would revert now is refused before anything is signed; true. */
  preflight: boolean;
  /** gas for an execution that cannot be estimated yet, because it stands on one that is not mined; 1,500,000. */
  fallbackGas: bigint;
  /** seconds that a request may wait before it is signed; 600. It is not executed later, at another price. */
  maxQueueSeconds: number;
  /** Requests that may wait for one lane; 200. */
  maxQueued: number;
  /**
   * Calls that one principal may have signed, or queued for it, without their being executed; 3. Each holds its
   * lane until it lands or is dead. Counted per process.
   */
  maxSignedPerPrincipal: number;
  /** milliseconds between looks at the chain while something is in flight; 1,000. */
  pollingInterval: number;
  /** milliseconds a lane's lease is good for without being renewed; 6,000. */
  leaseTtl: number;
  /** Whether `budgets` tells; false. Headroom is as secret as the limits are. */
  reportBudgets: boolean;
}

/** What holds unless it is tuned. */
export const defaultTuning: AgentTuning = {
  maxInFlight: 4,
  fees: { maxFeePerGas: 500_000_000_000n, stuckAfter: 36 },
  preflight: true,
  fallbackGas: 1_500_000n,
  maxQueueSeconds: 600,
  maxQueued: 200,
  maxSignedPerPrincipal: 3,
  pollingInterval: 1_000,
  leaseTtl: 6_000,
  reportBudgets: false,
};

export interface CreateAgentParameters {
  gates: readonly AgentGate[];
  journal: Journal;
  prover: Prover;
  /** Names this process in leases: unique among those that share the journal. */
  owner: string;
  /** What is pinned of the circuits, for the audit log; this package's own unless given. */
  manifest?: ArtifactManifest | undefined;
  options?: Partial<AgentTuning> | undefined;
  observer?: AgentObserver | undefined;
}
