import { type Address, getAddress, isAddress } from "viem";
import { z } from "zod";
import { isMapping, type SourceTree } from "./document.ts";
import { parseDays, parseDuration, parseHours, parseInstant } from "./time.ts";
import { NAME, parseDecimal, parsePercent, parseQuantity } from "./units.ts";

/** Text that `parse` understands; `expected` says to a person what that is. */
function lexeme<T>(expected: string, parse: (text: string) => T | undefined) {
  return z.string({ error: expected }).transform((text, context): T => {
    const value = parse(text.trim());
    if (value !== undefined) return value;
    context.issues.push({ code: "custom", message: expected, input: text });
    return z.NEVER;
  });
}

const address = lexeme(
  "an address: 0x and 40 hexadecimal digits, with a valid checksum if mixed in case",
  (text) =>
    isAddress(text) || (isAddress(text, { strict: false }) && text === text.toLowerCase())
      ? getAddress(text)
      : undefined,
);
const contractAddress = lexeme(
  "the address of a contract, with a valid checksum and not zero",
  (text) => (isAddress(text) && BigInt(text) !== 0n ? getAddress(text) : undefined),
);

function integer(low: bigint, high: bigint) {
  return lexeme(`a whole number from ${low} to ${high}`, (text) => {
    const value = parseDecimal(text);
    const whole = value?.denominator === 1n ? value.numerator : undefined;
    return whole !== undefined && whole >= low && whole <= high ? whole : undefined;
  });
}

const name = lexeme(
  "a name: a letter, then letters, digits, '.', '_' or '-', at most 32",
  (text) => (NAME.test(text) ? text : undefined),
);
const label = lexeme("a name of 1 to 64 printable characters", (text) =>
  /^[^\p{C}]{1,64}$/u.test(text) ? text : undefined,
);
const text = (expected: string) => lexeme(expected, (value) => (value === "" ? undefined : value));
const quantity = lexeme("a number and its unit, such as 2_000_000 USD", parseQuantity);
const percent = lexeme("a percentage or basis points, such as 0.5% or 50 bps", parsePercent);
const duration = lexeme("a duration, such as 90s, 10m, 24h or 7d", parseDuration);
const instant = lexeme(
  "a date or an instant, such as 2026-12-01 or 2026-12-01T10:00:00Z",
  parseInstant,
);
const boolean = lexeme("true or false", (value) =>
  value === "true" ? true : value === "false" ? false : undefined,
);

function choice<const T extends string>(...options: readonly T[]) {
  return lexeme(options.join(" or "), (value) => options.find((option) => option === value));
}

/** One piece of text, or a list of them. */
function oneOrMany<T>(expected: string, item: z.ZodType<T, string>) {
  return z.preprocess(
    (value) => (typeof value === "string" ? [value] : value),
    z.array(item, { error: expected }),
  );
}

const assetSchema = z.strictObject({
  address: contractAddress,
  decimals: integer(0n, 36n).transform(Number),
  worth: quantity.optional(),
});
export type AssetSource = z.output<typeof assetSchema>;

const feedSchema = z.strictObject({
  address: contractAddress,
  decimals: integer(0n, 36n).transform(Number),
  maxAge: duration,
  base: oneOrMany("the name of the priced asset, or a list of names", name).optional(),
  quote: name.optional(),
  unit: choice("percent", "fraction").optional(),
  deviation: percent.optional(),
});
export type FeedSource = z.output<typeof feedSchema>;

const budgetSchema = z.strictObject({
  capacity: quantity,
  refill: lexeme("the duration in which it refills from empty, such as 24h, or never", (value) =>
    value === "never" ? ("never" as const) : parseDuration(value),
  ),
});
export type BudgetSource = z.output<typeof budgetSchema>;

const regimeSchema = z.strictObject({
  above: text("a threshold on the risk feed, such as 60%"),
  limits: percent,
  quorum: choice("always", "never").optional(),
});
export type RegimeSource = z.output<typeof regimeSchema>;

const regimesSchema = z.strictObject({
  feed: name,
  elevated: regimeSchema.optional(),
  stressed: regimeSchema,
});
export type RegimesSource = z.output<typeof regimesSchema>;

const coordinate = lexeme("a coordinate: a decimal or 0x integer", (value) =>
  /^(?:\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value) ? BigInt(value) : undefined,
);
const groupKeySchema = z.strictObject({ x: coordinate, y: coordinate });
const approversSchema = z.strictObject({
  normal: groupKeySchema,
  stressed: groupKeySchema.optional(),
});
export type ApproversSource = z.output<typeof approversSchema>;

const target = z.unknown().transform((value, context): string | [Address, Address] => {
  const expected = "an asset, an address, or a range of addresses [first, last]";
  if (typeof value === "string" && value.trim() !== "") return value.trim();
  const ends = z.tuple([address, address]).safeParse(value);
  if (ends.success) return ends.data;
  context.issues.push({ code: "custom", message: expected, input: value });
  return z.NEVER;
});
const tree = z.custom<SourceTree>(() => true);

const ruleSchema = z.strictObject({
  name: label,
  target,
  call: text(
    "a function with parameter names, such as transfer(address to, uint256 amount), or none",
  ),
  where: z.record(z.string(), tree, { error: "a mapping from parameters to values" }).optional(),
  free: oneOrMany("a list of parameter names", text("a parameter name")).optional(),
  amount: text("a parameter, or msg.value").optional(),
  min: text("a number and its unit, such as 1 WETH").optional(),
  max: text("a number and its unit, such as 100 WETH").optional(),
  quorumAbove: text("a number and its unit, such as 40 WETH").optional(),
  charge: z
    .record(z.string(), text("what to charge, such as a feed, amount, or 1"), {
      error: "a mapping from budgets to charges",
    })
    .optional(),
  slippage: z
    .strictObject({
      out: text("the parameter that holds the minimum output"),
      price: text("the price feed that the minimum output follows"),
      max: percent,
    })
    .optional(),
  hours: lexeme("hours of the UTC day, such as 06:00-22:00", parseHours).optional(),
  days: z
    .preprocess(
      (value) => (Array.isArray(value) ? value.join(",") : value),
      lexeme("days, such as mon-fri or sat, sun", parseDays),
    )
    .optional(),
  validFrom: instant.optional(),
  validUntil: instant.optional(),
  cooldown: duration.optional(),
  scales: boolean.optional(),
  quorum: choice("always", "never").optional(),
});
export type RuleSource = z.output<typeof ruleSchema>;

const section = z.record(z.string(), tree, { error: "a mapping from names to definitions" });
/** The whole policy: its sections are parsed one by one, so that one error hides no other. */
const policySchema = z.strictObject({
  name: label,
  chain: integer(1n, BigInt(Number.MAX_SAFE_INTEGER)).transform(Number),
  native: name.optional(),
  currencies: oneOrMany("a list of currencies", name).optional(),
  assets: section.optional(),
  feeds: section.optional(),
  budgets: section.optional(),
  regimes: tree.optional(),
  approvers: tree.optional(),
  rules: z.array(tree, { error: "a list of rules" }),
});

export const schemas = {
  policy: policySchema,
  asset: assetSchema,
  feed: feedSchema,
  budget: budgetSchema,
  regimes: regimesSchema,
  approvers: approversSchema,
  rule: ruleSchema,
} as const;

/** The keys that a strict schema knows at a path inside it, for suggestions. */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let current: unknown = schema;
  for (const part of [...path, undefined]) {
    while (current instanceof z.ZodOptional) current = current.unwrap();
    if (!(current instanceof z.ZodObject)) return [];
    if (part === undefined) return Object.keys(current.shape);
    current = current.shape[part as string];
  }
  return [];
}

/** What a part of the source is, in a word or in itself. */
export function describe(value: SourceTree | undefined): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isMapping(value)) return "a mapping";
  return value === "" ? "nothing" : value.length > 80 ? `${value.slice(0, 77)}…` : value;
}
