/** The restrictions a rule can set; each has one file here, one circuit file and one vectors file. */
export const restrictions = [
  "target",
  "call",
  "amount",
  "conditions",
  "priceFeed",
  "priceBand",
  "schedule",
  "regime",
  "charges",
  "cooldown",
  "quorum",
] as const;
export type Restriction = (typeof restrictions)[number];

/** How a finding's figures are to be read. */
export type FindingUnit =
  | "address"
  | "amount"
  | "answer"
  | "bytes"
  | "budget"
  | "chain"
  | "day"
  | "minimumOutput"
  | "secondOfDay"
  | "seconds"
  | "selector"
  | "time"
  | "wei"
  | "word"
  | "none";

/** One requirement of a rule, held against one action. Reveals limits: it stays with the desk. */
export interface Finding {
  restriction: Restriction;
  ok: boolean;
  /** What is required, in words that name the field: "at most", "exactly", … */
  requirement: string;
  /** The limit in the unit's base (wei, seconds, budget units, …). */
  limit: bigint;
  observed: bigint;
  unit: FindingUnit;
  /** Which budget, for unit "budget". */
  budget?: number;
}
