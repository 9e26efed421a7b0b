import { type Address, encodeFunctionData, erc20Abi, type Hex, padHex, zeroAddress } from "viem";
import type { CircuitName } from "../../action/circuits.ts";
import { type CommittedPolicy, commitPolicy } from "../../policy/commitment.ts";
import {
  type Budget,
  type Condition,
  FULL_BPS,
  NO_THRESHOLD,
  NO_TIME_BOUND,
  type Rule,
} from "../../policy/policy.ts";

const DAY_SECONDS = 86_400;
const TRANSFER_SELECTOR = 0xa9059cbbn;
/** A word that only the wide circuit reads. */
const WIDE_WORD = 31;

/**
 * A policy of one rule: ERC-20 transfers up to 10^18 that charge a volume and a call budget. For
 * `wide` the rule also reads calldata word 31.
 */
export function benchPolicy(input: {
  circuit: CircuitName;
  chainId: number;
  token: Address;
}): CommittedPolicy {
  const { circuit, chainId, token } = input;
  const length = circuit === "wide" ? 4 + 32 * (WIDE_WORD + 1) : 68;
  const conditions: Condition[] =
    circuit === "wide" ? [{ word: WIDE_WORD, op: "eq", operand: 0n }] : [];
  const rule: Rule = {
    name: "transfer",
    chainId,
    targetLo: token,
    targetHi: token,
    selector: TRANSFER_SELECTOR,
    dataLengthMin: length,
    dataLengthMax: length,
    amount: { from: "word", word: 1 },
    limitAgent: 10n ** 18n,
    limitQuorum: 10n ** 18n,
    scales: true,
    conditions,
    charges: [
      { budget: 0, givesBack: false, perAmount: 1n, perNotional: 0n, perCall: 0n },
      { budget: 1, givesBack: false, perAmount: 0n, perNotional: 0n, perCall: 1n },
    ],
    priceFeed: zeroAddress,
    priceMaxAge: NO_TIME_BOUND,
    validFrom: 0n,
    validUntil: NO_TIME_BOUND,
    hoursStart: 0,
    hoursEnd: DAY_SECONDS,
    days: 0b1111111,
    cooldown: 0n,
    quorum: { calm: false, elevated: false, stressed: false },
  };
  const budget = (name: string, capacity: bigint): Budget => ({
    name,
    capacity,
    refillPerSecondPerBps: 1n,
  });
  return commitPolicy({
    name: `bench ${circuit}`,
    rules: [rule],
    budgets: [
      budget("volume", 10n ** 24n),
      budget("calls", 10n ** 9n),
      budget("unused", 0n),
      budget("unused", 0n),
    ],
    regimes: {
      elevatedAbove: NO_THRESHOLD,
      stressedAbove: NO_THRESHOLD,
      elevatedBps: FULL_BPS,
      stressedBps: FULL_BPS,
    },
    salt: 1n,
  });
}

/** Calldata that the bench policy allows. */
export function benchCalldata(circuit: CircuitName, recipient: Address, amount: bigint): Hex {
  const transfer = encodeFunctionData({
    abi: erc20Abi,
    functionName: "transfer",
    args: [recipient, amount],
  });
  return circuit === "wide"
    ? padHex(transfer, { dir: "right", size: 4 + 32 * (WIDE_WORD + 1) })
    : transfer;
}
