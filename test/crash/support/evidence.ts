import type { Hex } from "viem";
import type { GateEvent } from "../../../src/chain/gateEvents.ts";
import type { DatabaseJournal } from "../../../src/journal/databaseJournal.ts";
import type { RequestRecord } from "../../../src/journal/request.ts";
import type { SignedGateCall } from "../../../src/signer/gateCall.ts";
import type { Archive } from "./archive.ts";
import type { CrashWorld } from "./crashWorld.ts";

/** What the checks look at. */
export interface Evidence {
  world: CrashWorld;
  journal: DatabaseJournal;
  archive: Archive;
  requests: readonly RequestRecord[];
  executed: readonly GateEvent<"ActionExecuted">[];
  /** Every signed call with its calldata, in the order of its sequence number and time. */
  signed: readonly (SignedGateCall & { calldata: Hex })[];
  violate(what: string): void;
}
