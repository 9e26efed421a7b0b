/** How a figure of the circuit reads for a person: a symbol and base units per whole. */
export interface UnitLabel {
  symbol: string;
  /** Base units in one whole: 10^6 for USDC. */
  unitsPerWhole: bigint;
}

/** The human side of a compiled policy: what its bare integers stand for. */
export interface PolicyLabels {
  /** By rule index. */
  rules: { amount?: UnitLabel; minimumOutput?: UnitLabel }[];
  /** By budget index. */
  budgets: UnitLabel[];
  /** Lower-case address → name. */
  addresses: Record<string, string>;
}
