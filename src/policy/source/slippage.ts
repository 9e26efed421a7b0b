import type { PriceBand } from "../policy.ts";
import { type CallFacts, readAmountParameter } from "./amount.ts";
import { readBand } from "./band.ts";
import type { AbiNode } from "./call.ts";
import { dropsHighBits, integerType } from "./constraint.ts";
import type { SourcePath } from "./document.ts";
import type { Rational } from "./rational.ts";
import type { RuleSource } from "./schema.ts";
import type { Asset } from "./scope.ts";

/** A price band before the word of its minimum output is known. */
export interface BandDraft {
  band: Omit<PriceBand, "minOutWord">;
  node: AbiNode;
  token: Asset;
  /** The call itself says which token comes out, through a pinned parameter. */
  tokenPinned: boolean;
  /** As a fraction of one. */
  slippage: Rational;
}

/**
 * Reads `slippage`: the minimum output, its token and the band it is held to.
 *
 * @param amount the token that the rule's amount counts
 */
export function readSlippage(
  facts: CallFacts,
  slippage: NonNullable<RuleSource["slippage"]>,
  amount: Asset,
  path: SourcePath,
): BandDraft | undefined {
  const { problems } = facts.scope;
  const at = [...path, "out"];
  const place = readAmountParameter(facts, slippage.out, at, undefined, "output");
  if (!place?.node) return undefined;
  const { node, token, tokenPinned } = place;
  const type = integerType(node.type);
  if (type && dropsHighBits(type)) {
    const message = `${node.path} is ${node.type}: a contract that drops the word's high bits would read a smaller minimum`;
    return problems.add(at, message, { expected: "a minimum output of at least 128 bits" });
  }
  if (!token) {
    const expected = `${node.path} of <asset or parameter>`;
    return problems.add(at, `nothing says which token ${node.path} counts`, { expected });
  }
  const input = { feedName: slippage.price, slippage: slippage.max, amount, minimumOutput: token };
  const band = readBand(facts.scope, input, path);
  return band && { band, node, token, tokenPinned, slippage: slippage.max };
}
