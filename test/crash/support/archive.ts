import type { Hex } from "viem";
import type { AuditCheckpoint } from "../../../src/audit/hashChain.ts";
import { executeCalldata } from "../../../src/chain/executeCalldata.ts";
import type { DatabaseJournal } from "../../../src/journal/databaseJournal.ts";
import type { SignedGateCall } from "../../../src/signer/gateCall.ts";

/** Everything that a journal ever had of what was signed, also what it has since forgotten. */
export interface Archive {
  /** By the calldata that hands it to the gate. */
  signed: ReadonlyMap<Hex, SignedGateCall>;
  /** State commitments that transitions lead to, of those that were only reserved too. */
  states: readonly { lane: number; epoch: number; seq: bigint; state: bigint }[];
  /** Heads of the audit log. */
  checkpoints: readonly AuditCheckpoint[];
  /** Takes a copy of what is there now. */
  collect(journal: DatabaseJournal): Promise<void>;
}

export function createArchive(
  lanes: readonly { chainId: number; gate: Hex; lane: number }[],
): Archive {
  const signed = new Map<Hex, SignedGateCall>();
  const states = new Map<bigint, Archive["states"][number]>();
  const checkpoints: AuditCheckpoint[] = [];
  return {
    signed,
    get states() {
      return [...states.values()];
    },
    checkpoints,
    async collect(journal) {
      const records = await Promise.all(lanes.map((lane) => journal.lanes.read(lane)));
      const reserved = records.flatMap((record) => record?.pending ?? []);
      const requests = await journal.requests.list({});
      const calls = [
        ...reserved.map(({ released }) => released),
        ...requests.flatMap((request) => request.signed ?? []),
      ];
      for (const call of calls) {
        const { epoch, seq, proof } = call;
        states.set(proof.stateNew, { lane: proof.lane, epoch, seq, state: proof.stateNew });
        // What is only reserved has no signature: there is nothing that could land.
        if (call.signature !== "0x") signed.set(executeCalldata(call), call);
      }
      const head = await journal.audit.head();
      if (head) checkpoints.push({ index: head.index, hash: head.hash });
    },
  };
}
