import { type Address, concatHex, type Hex, keccak256, numberToHex, size, slice } from "viem";
import { InvalidContextError } from "../errors/action.ts";
import { FIELD_ORDER, mod } from "../field/field.ts";
import { hash } from "../field/poseidon.ts";

/** One call that an agent wants a gate to execute. */
export interface Action {
  chainId: number;
  /** The contract that holds the assets and executes the call. */
  gate: Address;
  target: Address;
  /** wei, below 2^128 */
  value: bigint;
  /** Calldata: empty, or a selector of 4 bytes and its arguments; below 2^20 bytes. */
  data: Hex;
}

/** What the gate reads from the feeds at an action's time. Unused: zero address and 0. */
export interface FeedReadings {
  priceFeed: Address;
  /** Chainlink answer, below 2^80 */
  priceAnswer: bigint;
  /** unix seconds, below 2^34, not after the action's time */
  priceUpdatedAt: bigint;
  /** Chainlink answer, below 2^80; 0 = the gate has no risk feed */
  riskAnswer: bigint;
}

/** Everything the circuit reads of one gated action, before it is laid out as elements. */
export interface Context extends Action, FeedReadings {
  /** unix seconds, below 2^34 */
  time: bigint;
  /** Policy commitment, field element. */
  policy: bigint;
  /** State commitment before the action, field element. */
  stateOld: bigint;
  /** State commitment after the action, field element. */
  stateNew: bigint;
}

/** The order of the context vector's header; the calldata words follow (docs/PROTOCOL.md §2). */
export const contextHeader = [
  { name: "chainId", bound: 1n << 64n },
  { name: "gate", bound: 1n << 160n },
  { name: "time", bound: 1n << 34n },
  { name: "policy", bound: FIELD_ORDER },
  { name: "stateOld", bound: FIELD_ORDER },
  { name: "stateNew", bound: FIELD_ORDER },
  { name: "target", bound: 1n << 160n },
  { name: "value", bound: 1n << 128n },
  { name: "selector", bound: 1n << 32n },
  { name: "dataLength", bound: 1n << 20n },
  { name: "priceFeed", bound: 1n << 160n },
  { name: "priceAnswer", bound: 1n << 80n },
  { name: "priceUpdatedAt", bound: 1n << 34n },
  { name: "riskAnswer", bound: 1n << 80n },
] as const;

/** One calldata word as the circuit sees it: two 128-bit limbs. */
export interface Word {
  high: bigint;
  low: bigint;
}

/**
 * Reads the first `count` calldata words after the selector, zero-padded.
 *
 * @param data calldata
 * @param count how many words the circuit reads: 8 for `gate`, 32 for `wide`
 *
 * @example
 * calldataWords("0xa9059cbb…", 8)[1]; // the amount of an ERC-20 transfer
 */
export function calldataWords(data: Hex, count: number): Word[] {
  const digits = data
    .slice(2 + 8)
    .slice(0, count * 64)
    .padEnd(count * 64, "0");
  return Array.from({ length: count }, (_, k) => ({
    high: BigInt(`0x${digits.slice(64 * k, 64 * k + 32)}`),
    low: BigInt(`0x${digits.slice(64 * k + 32, 64 * k + 64)}`),
  }));
}

/** The first four calldata bytes as a number, 0 for empty calldata. */
export function selectorOf(data: Hex): bigint {
  return size(data) === 0 ? 0n : BigInt(slice(data, 0, 4));
}

type HeaderName = (typeof contextHeader)[number]["name"];

function assertBounds(header: Partial<Record<HeaderName, bigint>>): void {
  for (const { name, bound } of contextHeader) {
    const received = header[name];
    if (received !== undefined && (received < 0n || received >= bound)) {
      throw new InvalidContextError({
        element: name,
        expected: `0 ≤ ${name} < ${bound}`,
        received,
      });
    }
  }
}

function actionElements(action: Action, time: bigint, feeds: FeedReadings) {
  const dataLength = size(action.data);
  if (dataLength > 0 && dataLength < 4) {
    throw new InvalidContextError({
      element: "dataLength",
      expected: "0 bytes, or at least a selector of 4",
      received: dataLength,
    });
  }
  return {
    chainId: BigInt(action.chainId),
    gate: BigInt(action.gate),
    time,
    target: BigInt(action.target),
    value: action.value,
    selector: selectorOf(action.data),
    dataLength: BigInt(dataLength),
    priceFeed: BigInt(feeds.priceFeed),
    priceAnswer: feeds.priceAnswer,
    priceUpdatedAt: feeds.priceUpdatedAt,
    riskAnswer: feeds.riskAnswer,
  };
}

/**
 * Refuses an action that no gate executes, whatever the policy.
 *
 * @throws {InvalidContextError} if an element exceeds its bound, calldata has 1 to 3 bytes, or the
 *   price is from after the action's time
 */
export function assertActionBounds(input: {
  action: Action;
  time: bigint;
  feeds: FeedReadings;
}): void {
  const { action, time, feeds } = input;
  assertBounds(actionElements(action, time, feeds));
  if (feeds.priceUpdatedAt > time) {
    throw new InvalidContextError({
      element: "priceUpdatedAt",
      expected: `at most the action's time ${time}`,
      received: feeds.priceUpdatedAt,
    });
  }
}

/**
 * Lays a context out as the vector that the gate builds and the circuit reads.
 *
 * @param words how many calldata words the circuit reads
 * @returns 14 + 2·words field elements
 * @throws {InvalidContextError} if an element exceeds its bound or calldata has 1 to 3 bytes
 * @see docs/PROTOCOL.md §2
 */
export function contextVector(context: Context, words: number): bigint[] {
  const header: Record<HeaderName, bigint> = {
    ...actionElements(context, context.time, context),
    policy: context.policy,
    stateOld: context.stateOld,
    stateNew: context.stateNew,
  };
  assertBounds(header);
  return [
    ...contextHeader.map(({ name }) => header[name]),
    ...calldataWords(context.data, words).flatMap(({ high, low }) => [high, low]),
  ];
}

/** `c = H(context; v)`, the public input that fixes the prover's vector. */
export function contextCommitment(vector: readonly bigint[]): bigint {
  return hash("context", vector);
}

/** keccak256 of the vector's elements, 32 bytes each, for the signed digest. */
export function contextHash(vector: readonly bigint[]): Hex {
  return keccak256(concatHex(vector.map((element) => numberToHex(element, { size: 32 }))));
}

/**
 * `y`, the vector's value as a polynomial at `z`, the first element at the highest power.
 *
 * @param vector field elements
 * @param z field element drawn after `c` (the digest mod p)
 */
export function fingerprint(vector: readonly bigint[], z: bigint): bigint {
  return vector.reduce((accumulated, element) => mod(accumulated * z + element), 0n);
}
