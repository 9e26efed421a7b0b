import { randomUUID } from "node:crypto";
import { type Address, keccak256, numberToHex, stringToHex } from "viem";
import type { Agent, AgentRequest, GateId, LaneReport } from "../../../src/agent/agent.ts";
import type { AgentObserver } from "../../../src/agent/observer.ts";
import { RequestEndedError } from "../../../src/errors/agent.ts";
import { DeniedError } from "../../../src/errors/signer.ts";
import type { RequestRecord } from "../../../src/journal/request.ts";

export const gate: Address = "0x00000000000000000000000000000000000000A1";
export const otherGate: Address = "0x00000000000000000000000000000000000000a2";
export const submitter: Address = "0x00000000000000000000000000000000000000F1";
/** wei that the agent's only rule allows; a limit, which nobody but an operator may read anywhere. */
export const secretLimit = 31_415_926_535n;

/** An agent that remembers in memory and sends nothing, for what the server itself has to do. */
export interface MemoryAgent extends Agent {
  requests: RequestRecord[];
  calls: string[];
  /** Thrown by the next call of whatever kind. */
  failure?: Error | undefined;
  lane: LaneReport;
}

export function createMemoryAgent(observer: AgentObserver = {}): MemoryAgent {
  const requests: RequestRecord[] = [];
  const served = [
    { name: "desk-a", chainId: 31_337, gate, lanes: [0], submitter },
    { name: "desk-b", chainId: 31_337, gate: otherGate, lanes: [0], submitter },
  ];
  const denial = () =>
    new DeniedError({
      verdict: { allowed: false, rules: [] },
      explanation: [`amount is at most ${secretLimit} wei`],
    });

  async function take(kind: "sign" | "send", request: AgentRequest): Promise<RequestRecord> {
    if (agent.failure) throw agent.failure;
    const { principal, idempotencyKey, chainId, call } = request;
    const known = requests.find(
      (other) =>
        idempotencyKey !== undefined &&
        other.idempotencyKey === idempotencyKey &&
        other.principal === principal,
    );
    if (known) return known;
    const id = randomUUID();
    const record: RequestRecord = {
      id,
      kind,
      principal,
      idempotencyKey,
      chainId,
      gate: request.gate,
      lane: request.lane ?? 0,
      call,
      submitter,
      status: call.value > secretLimit ? "denied" : "submitted",
      transactions: [keccak256(stringToHex(id))],
      createdAt: 0,
      updatedAt: 0,
    };
    observer.onStatus?.({ ...record, status: "queued" }, undefined);
    requests.push(record);
    if (record.status === "denied") {
      observer.onDenied?.(record, ["amount"]);
      const cause = denial();
      const message = cause.shortMessage;
      throw new RequestEndedError({ request: id, reason: "denied", message, cause });
    }
    observer.onStage?.("prove", 12, record);
    observer.onStatus?.(record, "queued");
    return record;
  }

  const agent: MemoryAgent = {
    requests,
    calls: [],
    lane: {
      chainId: 31_337,
      gate,
      lane: 0,
      isOwned: true,
      state: "serving",
      epoch: 1,
      seq: "7",
      inFlight: 1,
      queued: 2,
    },
    gates: () => served,
    async check({ call }) {
      const explanation = denial().details.slice();
      return call.value > secretLimit
        ? { lane: 0, verdict: { allowed: false, rules: [] }, explanation }
        : { lane: 0, verdict: { allowed: true } as never, explanation: [] };
    },
    sign: (request) => take("sign", request),
    send: (request) => take("send", request),
    status: async (id) =>
      requests.find((record) => record.id === id || record.transactions.includes(id as never)),
    lanes: async () => [agent.lane],
    budgets: async () => [{ chainId: 31_337, gate, lane: 0, budget: "daily", headroom: 0.25 }],
    pause: async (which) => void agent.calls.push(`pause ${named(which)}`),
    async resume(which) {
      agent.calls.push(`resume ${named(which)}`);
      return { stillPaused: [] };
    },
    reload: async () => void agent.calls.push("reload"),
    close: async () => void agent.calls.push("close"),
  };
  return agent;
}

/** A transaction of the gate, as JSON-RPC has it. */
export const transaction = (wei: bigint, from: Address = gate) => ({
  from,
  to: submitter,
  value: numberToHex(wei),
});

const named = (which: GateId | "*") => (which === "*" ? which : which.gate);
