import { hash } from "../field/poseidon.ts";
import { CHARGES, CONDITIONS, ORDERED_CONDITIONS, type Rule } from "./policy.ts";

const UNUSED_BUDGET = 4n;
const LIMB = 1n << 128n;

/** Where each flag of a rule stands in the leaf's packed element (docs/PROTOCOL.md §4). */
export const flagOffset = {
  amountWord: 0,
  amountFromValue: 5,
  minOutWord: 6,
  bandSell: 11,
  bandBuy: 12,
  condition: (i: number) => ({ word: 13 + 7 * i, eq: 18 + 7 * i, self: 19 + 7 * i }),
  ordered: (i: number) => ({ le: 41 + 2 * i, ge: 42 + 2 * i }),
  charge: (j: number) => ({ budget: 45 + 4 * j, givesBack: 48 + 4 * j }),
  scales: 53,
  quorum: { calm: 54, elevated: 55, stressed: 56 },
  days: 57,
} as const;

/**
 * Packs a rule's small fields into one element of 64 bits.
 *
 * @param rule a well-formed rule
 */
export function ruleFlags(rule: Rule): bigint {
  let flags = 0n;
  const set = (offset: number, value: bigint | number | boolean) => {
    flags |= BigInt(value) << BigInt(offset);
  };
  if (rule.amount.from === "word") set(flagOffset.amountWord, rule.amount.word);
  else set(flagOffset.amountFromValue, 1);
  if (rule.band) {
    set(flagOffset.minOutWord, rule.band.minOutWord);
    set(rule.band.direction === "sell" ? flagOffset.bandSell : flagOffset.bandBuy, 1);
  }
  rule.conditions.forEach(({ word, op }, i) => {
    const at = flagOffset.condition(i);
    set(at.word, word);
    if (op === "eq") set(at.eq, 1);
    else if (op === "self") set(at.self, 1);
    else if (i < ORDERED_CONDITIONS) set(flagOffset.ordered(i)[op], 1);
    else throw new RangeError(`condition ${i} cannot compare`);
  });
  for (let j = 0; j < CHARGES; j++) {
    const charge = rule.charges[j];
    const at = flagOffset.charge(j);
    set(at.budget, charge?.budget ?? UNUSED_BUDGET);
    set(at.givesBack, charge?.givesBack ?? false);
  }
  set(flagOffset.scales, rule.scales);
  for (const regime of ["calm", "elevated", "stressed"] as const) {
    set(flagOffset.quorum[regime], rule.quorum[regime]);
  }
  set(flagOffset.days, rule.days);
  return flags;
}

/**
 * The 31 elements of a rule, in the order of docs/PROTOCOL.md §4.
 *
 * @param rule a well-formed rule (see `assertWellFormed`); bounds are not checked here
 */
export function ruleElements(rule: Rule): bigint[] {
  const charges = Array.from({ length: CHARGES }, (_, j) => rule.charges[j]);
  const conditions = Array.from({ length: CONDITIONS }, (_, i) => rule.conditions[i]);
  return [
    BigInt(rule.chainId) + (rule.selector << 64n),
    BigInt(rule.targetLo),
    BigInt(rule.targetHi),
    BigInt(rule.dataLengthMin),
    BigInt(rule.dataLengthMax),
    rule.limitAgent,
    rule.limitQuorum,
    ...charges.flatMap((charge) =>
      charge ? [charge.perAmount, charge.perNotional, charge.perCall] : [0n, 0n, 0n],
    ),
    ...conditions.flatMap((condition) => {
      const operand = condition?.operand ?? 0n;
      return [operand / LIMB, operand % LIMB];
    }),
    BigInt(rule.priceFeed),
    rule.priceMaxAge,
    rule.band?.pricedFactor ?? 0n,
    rule.band?.unpricedFactor ?? 0n,
    rule.validFrom,
    rule.validUntil,
    BigInt(rule.hoursStart),
    BigInt(rule.hoursEnd),
    rule.cooldown,
    ruleFlags(rule),
  ];
}

/** The rule's Merkle leaf. */
export function ruleLeaf(rule: Rule): bigint {
  return hash("leaf", ruleElements(rule));
}
