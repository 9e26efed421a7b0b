import type { Address } from "viem";
import { LaneConflictError } from "../../../src/errors/signer.ts";
import { ecdsaKey } from "../../../src/keys/ecdsaKey.ts";
import { commitPolicy } from "../../../src/policy/commitment.ts";
import type { Prover } from "../../../src/prover/prover.ts";
import type { SignedGateCall } from "../../../src/signer/gateCall.ts";
import type { SigningRequest } from "../../../src/signer/signingRequest.ts";
import type { LaneRecord, LaneStore } from "../../../src/state/laneStore.ts";
import type { State } from "../../../src/state/state.ts";
import {
  basePolicy,
  baseRule,
  baseSituation,
  CHAIN_ID,
  calldata,
  GATE,
  RECIPIENT,
  TOKEN,
} from "../../support/mandate.ts";

export const LANE = { chainId: CHAIN_ID, gate: GATE, lane: 0 };
export const SUBMITTER: Address = "0x5b00000000000000000000000000000000000005";
export const secret = new Uint8Array(32).fill(9);
export const key = ecdsaKey(new Uint8Array(32).fill(0x11));

/** A budget that never refills: what it has counted is what was spent. */
export const committedTo = (capacity: bigint) =>
  commitPolicy({
    ...basePolicy,
    rules: [
      {
        ...baseRule,
        charges: [{ budget: 0, givesBack: false, perAmount: 1n, perNotional: 0n, perCall: 0n }],
      },
    ],
    budgets: basePolicy.budgets.map((budget, i) => (i === 0 ? { ...budget, capacity } : budget)),
  });

export const genesis: State = {
  levels: baseSituation.levels.map((level) => ({ ...level })),
  salt: 77n,
};

export const transfer = (amount: bigint): SigningRequest => ({
  target: TOKEN,
  value: 0n,
  data: calldata(0xa9059cbbn, [BigInt(RECIPIENT), amount]),
  submitter: SUBMITTER,
});

/** What a signed transfer moves. */
export const amountOf = ({ call }: SignedGateCall) => BigInt(`0x${call.data.slice(-64)}`);

/** For tests about order and time alone: what is proven, a model of the gate computes for itself. */
export const unproven: Prover = {
  name: "unproven",
  prove: async (circuit) => ({
    circuit,
    points: Array<bigint>(8).fill(0n),
    publicSignals: [0n, 0n, 0n],
  }),
  close: async () => undefined,
};

/** A store in memory; its lock only keeps tasks apart that ask for it. */
export function createMemoryStore(): LaneStore<SignedGateCall> & {
  record: LaneRecord<SignedGateCall> | undefined;
} {
  let queue: Promise<unknown> = Promise.resolve();
  const store = {
    record: undefined as LaneRecord<SignedGateCall> | undefined,
    read: async () => structuredClone(store.record),
    async write(record: LaneRecord<SignedGateCall>) {
      const received = store.record?.version;
      if (received !== record.version) {
        throw new LaneConflictError({ lane: record.lane, expected: record.version, received });
      }
      store.record = structuredClone({ ...record, version: (received ?? 0) + 1 });
      return structuredClone(store.record);
    },
    async exclusive<T>(_: unknown, work: () => Promise<T>) {
      const turn = queue.then(work, work);
      queue = turn.catch(() => undefined);
      return turn;
    },
  };
  return store;
}
