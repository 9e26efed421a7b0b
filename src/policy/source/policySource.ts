/** A value as TypeScript may write it; text works everywhere. */
type Scalar = string | number | bigint | boolean;
/** `"2_000_000 USD"` */
type QuantityText = string;
/** `"24h"`, `"90s"`, `"7d"` */
type DurationText = string;
/** `"0.5%"`, `"50 bps"` */
type PercentText = string;
type WhereValue = Scalar | readonly WhereValue[] | { readonly [part: string]: WhereValue };

/** One kind of permitted action (docs/POLICY.md, "Rules"). */
export interface RuleDefinition {
  name: string;
  /** An asset, an address, or a range `[first, last]`. */
  target: string | readonly [string, string];
  /** A function in human-readable ABI with parameter names, or `none`. */
  call: string;
  where?: { readonly [parameter: string]: WhereValue };
  free?: string | readonly string[];
  /** A parameter, `<parameter> of <asset>`, or `msg.value`. */
  amount?: string;
  /** The smallest amount, inclusive; more than 0. */
  min?: QuantityText;
  max?: QuantityText;
  quorumAbove?: QuantityText;
  /** By budget; the first one carries the cooldown. */
  charge?: { readonly [budget: string]: Scalar };
  slippage?: { out: string; price: string; max: PercentText };
  /** `"06:00-22:00"`, UTC */
  hours?: string;
  /** `"mon-fri"` */
  days?: string | readonly string[];
  validFrom?: string | Date;
  validUntil?: string | Date;
  cooldown?: DurationText;
  scales?: boolean;
  quorum?: "always" | "never";
}

/** What a regime leaves of the limits. */
export interface RegimeDefinition {
  above: Scalar;
  limits: PercentText;
  quorum?: "always" | "never";
}

/** A policy as a desk writes it, for TypeScript users; YAML has the same shape. */
export interface PolicySource {
  name: string;
  chain: Scalar;
  /** Symbol of the native coin; ETH unless said otherwise. */
  native?: string;
  /** Units of account; USD unless said otherwise. */
  currencies?: string | readonly string[];
  assets?: {
    readonly [symbol: string]: { address: string; decimals: Scalar; worth?: QuantityText };
  };
  feeds?: {
    readonly [name: string]: {
      address: string;
      decimals: Scalar;
      maxAge: DurationText;
      base?: string | readonly string[];
      quote?: string;
      unit?: "percent" | "fraction";
      deviation?: PercentText;
    };
  };
  budgets?: { readonly [name: string]: { capacity: QuantityText; refill: DurationText | "never" } };
  regimes?: { feed: string; elevated?: RegimeDefinition; stressed: RegimeDefinition };
  approvers?: {
    normal: { x: Scalar; y: Scalar };
    stressed?: { x: Scalar; y: Scalar };
  };
  rules: readonly RuleDefinition[];
}
