import { type Address, encodeFunctionData, type Hex, keccak256, size, zeroAddress } from "viem";
import { circuits } from "../../../src/action/circuits.ts";
import {
  type Context,
  calldataWords,
  contextCommitment,
  contextHash,
  contextHeader,
  fingerprint,
  selectorOf,
} from "../../../src/action/context.ts";
import { challenge, gatedActionDigest } from "../../../src/action/digest.ts";
import { FIELD_ORDER } from "../../../src/field/field.ts";
import type { Outcome } from "./chain.ts";
import { openProof, type Points } from "./openProof.ts";
import { type DigestSigner, laneOf, roles, type World } from "./world.ts";

export interface Call {
  target: Address;
  value: bigint;
  data: Hex;
}

export interface Proof {
  circuit: number;
  lane: number;
  time: bigint;
  deadline: bigint;
  submitter: Address;
  priceFeed: Address;
  priceRound: bigint;
  riskRound: bigint;
  stateNew: bigint;
  contextCommitment: bigint;
  points: Points;
}

export interface SignedAction {
  call: Call;
  proof: Proof;
  signature: Hex;
  /** What the agent signed for. */
  context: Context;
  vector: bigint[];
  digest: Hex;
  z: bigint;
  y: bigint;
}

/** What the agent signs and proves, where it is not what the gate would find. */
export type Claims = Partial<Context> & {
  epoch?: number;
  seq?: bigint;
  verifyingContract?: Address;
};

export interface ActionRequest extends Partial<Call>, Partial<Omit<Proof, "points">> {
  claims?: Claims;
  signer?: DigestSigner;
  /** Whose proving key to use, if it is not the declared circuit's. */
  provingKey?: "gate" | "wide";
}

const GENEROUS = 1_000n;
let lastState = 5_000n;

/** Calldata of a transfer of the test token. */
export function transferData(world: World, to: Address, amount: bigint): Hex {
  return encodeFunctionData({ abi: world.token.abi, functionName: "transfer", args: [to, amount] });
}

/**
 * Signs and proves an action as the agent would, with the TypeScript of src/action and a real proof of the
 * open circuit. Out-of-range elements are allowed: a thief's prover does not check bounds.
 */
export async function signAction(world: World, request: ActionRequest = {}): Promise<SignedAction> {
  const { claims = {}, signer = world.signer } = request;
  const time = request.time ?? (await world.chain.now());
  const laneId = request.lane ?? 0;
  const lane = await laneOf(world, laneId);
  const call: Call = {
    target: request.target ?? world.token.address,
    value: request.value ?? 0n,
    data: request.data ?? transferData(world, roles.recipient, 5n),
  };
  lastState += 1n;
  const draft: Omit<Proof, "points" | "contextCommitment"> = {
    circuit: request.circuit ?? circuits.gate.id,
    lane: laneId,
    time,
    deadline: request.deadline ?? time + GENEROUS,
    submitter: request.submitter ?? roles.submitter,
    priceFeed: request.priceFeed ?? zeroAddress,
    priceRound: request.priceRound ?? 0n,
    riskRound: request.riskRound ?? 0n,
    stateNew: request.stateNew ?? lastState,
  };
  const context: Context = {
    chainId: 31_337,
    gate: world.gate.address,
    ...call,
    time,
    policy: lane.policy,
    stateOld: lane.state,
    stateNew: draft.stateNew,
    ...(await feedReadings(world, draft)),
    ...claims,
  };
  const isWide = draft.circuit !== circuits.gate.id;
  const vector = looseVector(context, isWide ? circuits.wide.words : circuits.gate.words);
  const commitment =
    request.contextCommitment ??
    (vector.every((element) => element < FIELD_ORDER) ? contextCommitment(vector) : 1n);
  const digest = gatedActionDigest(context.chainId, claims.verifyingContract ?? context.gate, {
    circuit: draft.circuit,
    contextHash: contextHash(vector),
    lane: draft.lane,
    epoch: claims.epoch ?? lane.epoch,
    seq: claims.seq ?? lane.seq,
    dataHash: keccak256(context.data),
    deadline: draft.deadline,
    submitter: draft.submitter,
    contextCommitment: commitment,
  });
  const z = challenge(digest);
  const y = fingerprint(vector, z);
  const provingKey = request.provingKey ?? (isWide ? "wide" : "gate");
  const points = await openProof(provingKey, [commitment % FIELD_ORDER, z, y]);
  const signature = await signer.sign({ hash: digest });
  return {
    call,
    proof: { ...draft, contextCommitment: commitment, points },
    signature,
    context,
    vector,
    digest,
    z,
    y,
  };
}

/** Submits an action; by default from its submitter, two seconds after the latest block. */
export async function submit(
  world: World,
  action: Pick<SignedAction, "call" | "proof" | "signature">,
  options: { from?: Address; timestamp?: bigint; value?: bigint } = {},
): Promise<Outcome> {
  const { from = roles.submitter, ...rest } = options;
  const args = [action.call, action.proof, action.signature];
  return world.chain.transact(from, world.gate, "execute", args, rest);
}

/** Calldata of execute. */
export function executeData(world: World, { call, proof, signature }: SignedAction): Hex {
  return encodeFunctionData({
    abi: world.gate.abi,
    functionName: "execute",
    args: [call, proof, signature],
  });
}

/** The vector as src/action lays it out, without its bounds. */
function looseVector(context: Context, words: number): bigint[] {
  const header: Record<(typeof contextHeader)[number]["name"], bigint> = {
    chainId: BigInt(context.chainId),
    gate: BigInt(context.gate),
    time: context.time,
    policy: context.policy,
    stateOld: context.stateOld,
    stateNew: context.stateNew,
    target: BigInt(context.target),
    value: context.value,
    selector: size(context.data) < 4 ? 0n : selectorOf(context.data),
    dataLength: BigInt(size(context.data)),
    priceFeed: BigInt(context.priceFeed),
    priceAnswer: context.priceAnswer,
    priceUpdatedAt: context.priceUpdatedAt,
    riskAnswer: context.riskAnswer,
  };
  return [
    ...contextHeader.map(({ name }) => header[name]),
    ...calldataWords(context.data, words).flatMap(({ high, low }) => [high, low]),
  ];
}

/** What the named rounds say, or nothing where a feed does not answer. */
async function feedReadings(
  world: World,
  { priceFeed, priceRound, riskRound }: Pick<Proof, "priceFeed" | "priceRound" | "riskRound">,
) {
  const round = async (address: Address, id: bigint) => {
    if (address === zeroAddress || id === 0n) return { answer: 0n, updatedAt: 0n };
    const feed = { address, abi: world.priceFeed.abi };
    try {
      const [, answer, , updatedAt] = await world.chain.read<bigint[]>(feed, "getRoundData", [id]);
      return { answer: answer as bigint, updatedAt: updatedAt as bigint };
    } catch {
      return { answer: 0n, updatedAt: 0n };
    }
  };
  const price = await round(priceFeed, priceRound);
  const risk = await round(world.riskFeed.address, riskRound);
  return {
    priceFeed,
    priceAnswer: price.answer < 0n ? 0n : price.answer,
    priceUpdatedAt: price.updatedAt,
    riskAnswer: risk.answer < 0n ? 0n : risk.answer,
  };
}
