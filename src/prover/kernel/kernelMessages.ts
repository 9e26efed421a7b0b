import type { MessagePort } from "node:worker_threads";
import type { CircuitName } from "../../action/circuits.ts";
import type { CircuitInput } from "../../witness/witness.ts";
import type { ArtifactOptions } from "../artifacts.ts";
import type { Failure } from "../proverMessages.ts";
import type { ThreadWork } from "./threadShare.ts";

/** Whose arithmetic the threads use. */
export type EngineName = "kernel" | "reference";

export interface KernelSettings extends ArtifactOptions {
  engine: EngineName;
  threads: number;
  /** Every proof is verified before it is handed out. */
  verify: boolean;
  /** Bytes that the tables of one thread may take. */
  tableBytes: number;
  /** Folder of cached tables. */
  cacheDirectory: string | undefined;
}

/** What a thread starts with; the first one is the lead and has a port to each of the others. */
export interface ThreadData {
  settings: KernelSettings;
  index: number;
  ports: MessagePort[];
  /**
   * An empty script: the package web-worker, which ffjavascript imports, takes every thread for one of its
   * own and runs what this names.
   */
  mod: "data:text/javascript,";
}

/** What the lead is asked. */
export type LeadRequest =
  | { type: "prove"; circuit: CircuitName; input: CircuitInput }
  | { type: "proveWitness"; circuit: CircuitName; witness: Uint8Array }
  | { type: "prepare"; circuit: CircuitName; input: CircuitInput };

/** Milliseconds of the parts of one proof; they overlap where threads work side by side. */
export interface StageTimes {
  witness: number;
  /** A·w and B·w on the domain, then the quotient's scalars. */
  evaluate: number;
  quotient: number;
  /** A, B₁, B₂ and C: the longest thread's. */
  sums: number;
  /** H: the longest thread's. */
  h: number;
  /** Waiting for the other threads after the lead's own share. */
  wait: number;
  assemble: number;
  verify: number;
  total: number;
}

/** What the lead answers. */
export type LeadReply =
  | { ok: true; points: bigint[]; publicSignals: bigint[]; times: StageTimes }
  | { ok: false; failure: Failure }
  /** The engine does not work on this machine, and nothing was proven. */
  | { ok: false; unfit: string };

/** To any thread from the outside. */
export type ThreadMessage = { type: "request"; request: LeadRequest } | { type: "close" };

/** What the lead asks of another thread; each is answered by one `HelperReply`, in order. */
export type HelperRequest =
  | {
      type: "load";
      key: string;
      work: ThreadWork;
      witness: SharedArrayBuffer;
      h: SharedArrayBuffer;
    }
  | { type: "sums"; key: string }
  | { type: "h"; key: string; first: number; end: number }
  | { type: "forget"; key: string };

export type HelperReply =
  | { ok: true; points: Uint8Array[]; ms: number }
  | { ok: false; failure: Failure };
