import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type * as circomlibjs from "circomlibjs";
import { assertFieldElement } from "./field.ts";

/** circomlibjs offers only its index, which loads ethers too: 38 MB and a third of a second in every process. */
const poseidonModule = new URL(
  "../src/poseidon_wasm.js",
  pathToFileURL(createRequire(import.meta.url).resolve("circomlibjs")),
).href;
const { buildPoseidon }: Pick<typeof circomlibjs, "buildPoseidon"> = await import(poseidonModule);

/** The uses of Poseidon; each hashes under its own tag (docs/PROTOCOL.md §1). */
export const hashDomain = {
  context: 1n,
  leaf: 2n,
  node: 3n,
  policy: 4n,
  keys: 5n,
  state: 6n,
  approval: 7n,
} as const;
export type HashDomain = keyof typeof hashDomain;

const RATE = 16;
const poseidon = await buildPoseidon();

/** The capacity element a use starts from: `domain · 2^32 + n` for n hashed elements. */
export function hashTag(domain: HashDomain, length: number): bigint {
  return (hashDomain[domain] << 32n) + BigInt(length);
}

/**
 * Poseidon over any number of elements, chained in blocks of 16 under the tag of its use.
 *
 * @param domain the use, which sets the tag
 * @param elements field elements below p, at least one
 * @returns field element below p
 * @throws {InvalidFieldElementError} if an element is not canonical
 * @see docs/PROTOCOL.md §1; Grassi et al., "Poseidon", USENIX Security 2021; parameters of circomlib
 */
export function hash(domain: HashDomain, elements: readonly bigint[]): bigint {
  for (const element of elements) assertFieldElement(element, `${domain} hash input`);
  const tag = poseidon.F.e(hashTag(domain, elements.length));
  let digest = poseidon.F.toObject(poseidon(elements.slice(0, RATE), tag, 1));
  for (let next = RATE; next < elements.length; next += RATE - 1) {
    const block = [digest, ...elements.slice(next, next + RATE - 1)];
    digest = poseidon.F.toObject(poseidon(block, tag, 1));
  }
  return digest;
}
