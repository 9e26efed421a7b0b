import type { MessagePort } from "node:worker_threads";
import type { CircuitName } from "../../action/circuits.ts";
import type { CircuitInput } from "../../witness/witness.ts";
import type { Failure } from "../proverMessages.ts";
import type { CircuitSource } from "./circuitSource.ts";
import type { ThreadWork } from "./threadShare.ts";

/** Whose arithmetic the threads use. */
export type EngineName = "kernel" | "reference";

export interface KernelSettings {
  engine: EngineName;
  /** Refuses keys with the development mark. */
  production: boolean;
  threads: number;
  /** Every proof is verified before it is handed out. */
  verify: boolean;
  /** Bytes that the tables of one thread may take. */
  tableBytes: number;
  /** Folder of cached tables and witness generators. */
  cacheDirectory: string | undefined;
}

/** What a thread starts with; the first one is the lead and has a port to each of the others. */
export interface ThreadData {
  settings: KernelSettings;
  index: number;
  ports: MessagePort[];
}

/** What is asked of a prover. */
export type Task =
  | { type: "prove"; input: CircuitInput }
  | { type: "proveWitness"; witness: Uint8Array }
  | { type: "prepare"; input: CircuitInput };

/** What the lead is asked; it loads the circuit from its source the first time. */
export type LeadRequest = Task & { circuit: CircuitName; source: CircuitSource };

/** Milliseconds of the parts of one proof; they overlap where threads work side by side. */
export interface StageTimes {
  witness: number;
  /** A·w and B·w on the domain, then the quotient's scalars. */
  evaluate: number;
  quotient: number;
  /** A, B₂ and C: the longest thread's. */
  sums: number;
  /** Each of them alone; where threads share a list, all of theirs together. */
  a: number;
  b2: number;
  c: number;
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

/** What the lead says of its own accord: memory that the threads share, and that holds secrets. */
export interface SharedSecrets {
  shared: readonly SharedArrayBuffer[];
}

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
  | {
      ok: true;
      points: Uint8Array[];
      ms: number;
      /** Of the sums, for each list that the thread sums. */
      listMs: number[];
    }
  | { ok: false; failure: Failure }
  /** The engine does not work in that thread. */
  | { ok: false; unfit: string };
