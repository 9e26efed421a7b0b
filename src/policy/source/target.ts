import { type Address, getAddress, isAddress } from "viem";
import type { SourcePath } from "./document.ts";
import type { RuleSource } from "./schema.ts";
import { type Asset, assetAt, findAsset, type Scope } from "./scope.ts";

/** The addresses that a rule may call, both ends included. */
export interface Target {
  lo: Address;
  hi: Address;
  /** The asset that stands there, if the range is one address and the policy declares it. */
  asset: Asset | undefined;
}

/** Reads `target`: an asset, an address or a range. */
export function readTarget(
  scope: Scope,
  source: RuleSource["target"],
  path: SourcePath,
): Target | undefined {
  const { problems } = scope;
  if (Array.isArray(source)) {
    const [lo, hi] = source;
    if (BigInt(lo) <= BigInt(hi)) return { lo, hi, asset: undefined };
    return problems.add(path, "the range of addresses is empty", { expected: "first ≤ last" });
  }
  if (/^0x/i.test(source)) {
    if (
      isAddress(source) ||
      (isAddress(source, { strict: false }) && source === source.toLowerCase())
    ) {
      const address = getAddress(source);
      return { lo: address, hi: address, asset: assetAt(scope, BigInt(address)) };
    }
    const expected = "0x and 40 hexadecimal digits, with a valid checksum if mixed in case";
    return problems.add(path, "is not an address", { expected, received: source });
  }
  const asset = findAsset(scope, source, path);
  if (!asset) return undefined;
  if (asset.address) return { lo: asset.address, hi: asset.address, asset };
  const expected = "an address: a plain transfer names its recipient as the target";
  return problems.add(path, `${source} is the native coin and has no address`, { expected });
}
