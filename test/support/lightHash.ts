import { mod } from "../../src/field/field.ts";
import { type HashDomain, hashTag } from "../../src/field/poseidon.ts";

/**
 * A hash with Poseidon's interface and three rows per element: h ← (h + x)^5 from the tag. Each step
 * is a bijection in x, so that no single element can change. It stands in for Poseidon where a test is
 * about the restrictions and compiles them many times; it is no hash against an adversary.
 *
 * @returns field element below p
 */
export function lightHash(domain: HashDomain, elements: readonly bigint[]): bigint {
  return elements.reduce(
    (digest, element) => {
      const sum = mod(digest + element);
      const square = mod(sum * sum);
      return mod(mod(square * square) * sum);
    },
    hashTag(domain, elements.length),
  );
}

/** lib/hash.circom with `lightHash` as its template, and its own domains. */
export function lightHashSource(original: string): string {
  const domains = original.match(/^function DOMAIN_.*$/gm) ?? [];
  return `pragma circom 2.1.6;
${domains.join("\n")}
template Hash(DOMAIN, LENGTH) {
    signal input inputs[LENGTH];
    signal output out;
    signal digest[LENGTH + 1];
    signal sum[LENGTH];
    signal square[LENGTH];
    signal fourth[LENGTH];
    digest[0] <== DOMAIN * 2 ** 32 + LENGTH;
    for (var i = 0; i < LENGTH; i++) {
        sum[i] <== digest[i] + inputs[i];
        square[i] <== sum[i] * sum[i];
        fourth[i] <== square[i] * square[i];
        digest[i + 1] <== fourth[i] * sum[i];
    }
    out <== digest[LENGTH];
}
`;
}
