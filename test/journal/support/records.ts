import type { Address, Hex } from "viem";
import type { OuterTransaction } from "../../../src/journal/journal.ts";
import type { NewRequest } from "../../../src/journal/request.ts";
import type { SignedGateCall } from "../../../src/signer/gateCall.ts";
import type { LaneId, LaneRecord } from "../../../src/state/laneStore.ts";

export const gate: Address = "0x00000000000000000000000000000000000A11cE";
export const submitter: Address = "0x00000000000000000000000000000000000000b0";
export const lane: LaneId = { chainId: 31337, gate, lane: 0 };

export const hash = (seed: number): Hex => `0x${seed.toString(16).padStart(64, "0")}`;

/** What must never be found in a database, unless encrypted: 24 bytes that nothing else has. */
export const planted = "PLANTED-SECRET-8f14e45f!";
export const plantedHex: Hex = `0x${Buffer.from(planted).toString("hex")}`;
export const plantedNumber = BigInt(plantedHex);

export const laneRecord = (
  changes: Partial<LaneRecord<SignedGateCall>> = {},
): LaneRecord<SignedGateCall> => ({
  ...lane,
  epoch: 1,
  seq: 4n,
  state: { levels: [{ level: plantedNumber, last: 7n }], salt: plantedNumber + 1n },
  quietUntil: 0n,
  pending: [
    {
      request: hash(8),
      digest: hash(9),
      deadline: 1_700_000_300n,
      stateNew: { levels: [], salt: plantedNumber + 2n },
      released: signedCall(),
    },
  ],
  final: [],
  ...changes,
});

export const newRequest = (changes: Partial<NewRequest> = {}): NewRequest => ({
  ...lane,
  principal: "desk",
  kind: "send",
  call: { target: gate, value: 10n ** 18n, data: plantedHex },
  submitter,
  ...changes,
});

export function signedCall(): SignedGateCall {
  return {
    call: newRequest().call,
    proof: {
      circuit: 1,
      lane: 0,
      time: 1_700_000_000n,
      deadline: 1_700_000_300n,
      submitter,
      priceFeed: submitter,
      priceRound: 0n,
      riskRound: 0n,
      stateNew: plantedNumber,
      contextCommitment: 2n ** 253n,
      points: [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n],
    },
    signature: plantedHex,
    digest: hash(9),
    epoch: 1,
    seq: 4n,
  };
}

export const outerTransaction = (request: string | undefined) => ({
  chainId: lane.chainId,
  submitter,
  request,
  to: gate,
  value: 0n,
  data: plantedHex,
  gas: 300_000n,
});

export const attempt = (seed: number): OuterTransaction["attempts"][number] => ({
  hash: hash(seed),
  raw: plantedHex,
  maxFeePerGas: 2n * 10n ** 9n,
  maxPriorityFeePerGas: 10n ** 9n,
  at: 1_700_000_000_000,
});
