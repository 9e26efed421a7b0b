import type { Address } from "viem";

/** How many budgets a policy has; unused ones have capacity 0. */
export const BUDGETS = 4;
/** How many conditions a rule has; the first ORDERED_CONDITIONS may also compare. */
export const CONDITIONS = 4;
export const ORDERED_CONDITIONS = 2;
/** How many budgets one rule can charge. */
export const CHARGES = 2;
/** How many rules fit a policy: a 4-ary tree of depth 4. */
export const MAX_RULES = 256;
/** Limits are scaled in basis points; calm is always the whole. */
export const FULL_BPS = 10_000n;
/** "No bound" for a maximum age or an end of validity: the largest time. */
export const NO_TIME_BOUND = (1n << 34n) - 1n;
/** A risk threshold that no answer reaches. */
export const NO_THRESHOLD = 1n << 80n;

export type Regime = "calm" | "elevated" | "stressed";

/** A restriction on one 32-byte calldata word. */
export interface Condition {
  /** Index of the word after the selector, 0 to 31. */
  word: number;
  /**
   * eq: equals `operand` (256 bits). self: is the gate's address. le, ge: below 2^128 and at most, at
   * least `operand` (the first two conditions only).
   */
  op: "eq" | "self" | "le" | "ge";
  /** Below 2^256 for eq, below 2^128 for le and ge, 0 for self. */
  operand: bigint;
}

/** What an action adds to (or gives back to) one budget, in the budget's units. */
export interface Charge {
  /** Index of the budget, 0 to 3; the charges of a rule name different budgets. */
  budget: number;
  givesBack: boolean;
  /** charge = amount · perAmount + amount · price · perNotional + perCall */
  perAmount: bigint;
  perNotional: bigint;
  perCall: bigint;
}

/** A minimum output that follows the price feed. */
export interface PriceBand {
  /** sell: the amount is priced by the feed. buy: the minimum output is. */
  direction: "sell" | "buy";
  /** Index of the calldata word that holds the minimum output. */
  minOutWord: number;
  /** Factor on the side priced by the feed, below 2^32. */
  pricedFactor: bigint;
  /** Factor on the other side, below 2^112. */
  unpricedFactor: bigint;
}

/** One kind of permitted action with its own limits. */
export interface Rule {
  name: string;
  chainId: number;
  /** target in [targetLo, targetHi] */
  targetLo: Address;
  targetHi: Address;
  /** First four calldata bytes as a number; 0 for a plain transfer. */
  selector: bigint;
  /** Calldata bytes, selector included; in [min, max]. */
  dataLengthMin: number;
  dataLengthMax: number;
  /** Where the amount stands: `value`, or a calldata word. */
  amount: { from: "value" } | { from: "word"; word: number };
  /** Largest amount that the agent alone may move, below 2^128. */
  limitAgent: bigint;
  /** Largest amount with an approval; at least limitAgent. */
  limitQuorum: bigint;
  /** Whether the limits shrink with the regime. */
  scales: boolean;
  conditions: Condition[];
  /** At most two; an empty slot charges nothing. */
  charges: (Charge | undefined)[];
  band?: PriceBand | undefined;
  /** The only price feed an action may name; the zero address = none. */
  priceFeed: Address;
  /** seconds */
  priceMaxAge: bigint;
  /** unix seconds, validFrom ≤ time < validUntil */
  validFrom: bigint;
  validUntil: bigint;
  /** seconds of the UTC day, hoursStart ≤ s < hoursEnd */
  hoursStart: number;
  hoursEnd: number;
  /** Seven bits, bit 0 = Sunday. */
  days: number;
  /** seconds since charge slot 0's budget was last charged */
  cooldown: bigint;
  /** In which regimes an action needs an approval. */
  quorum: Record<Regime, boolean>;
}

/** A leaky bucket. */
export interface Budget {
  name: string;
  /** In the budget's own units, below 2^160. */
  capacity: bigint;
  /** Units that leak per second and per basis point of the regime's limit; · 10^4 · 2^34 < 2^160. */
  refillPerSecondPerBps: bigint;
}

/** Thresholds on the risk feed's answer and what each regime leaves of the limits. */
export interface Regimes {
  /** risk answer ≥, at most 2^80 */
  elevatedAbove: bigint;
  /** at least elevatedAbove */
  stressedAbove: bigint;
  elevatedBps: bigint;
  stressedBps: bigint;
}

/** A point of BabyJubJub in circomlib's twisted Edwards coordinates. */
export interface GroupKey {
  x: bigint;
  y: bigint;
}

/** The hidden risk parameters in the units of the circuit. Default deny. */
export interface Policy {
  name: string;
  rules: Rule[];
  /** Exactly BUDGETS. */
  budgets: Budget[];
  regimes: Regimes;
  approvers?: { normal: GroupKey; stressed: GroupKey } | undefined;
  /** Uniform field element, fresh for each gate, lane and rotation. */
  salt: bigint;
}

/** One budget's counter. */
export interface BudgetLevel {
  /** Units, below 2^160. */
  level: bigint;
  /** unix seconds of the last charge */
  last: bigint;
}

/** Which limit and quorum flags an action is held to. */
export type Tier = "gate" | "quorum";
