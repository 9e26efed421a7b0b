import fc from "fast-check";
import { type Address, type Hex, numberToHex, pad, toHex } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Context,
  contextHash,
  contextHeader,
  contextVector,
  fingerprint,
} from "../../src/action/context.ts";
import { FIELD_ORDER } from "../../src/field/field.ts";
import { type Chain, type Deployed, startChain } from "./support/chain.ts";
import { compiled } from "./support/contracts.ts";

let chain: Chain;
let harness: Deployed;

beforeAll(async () => {
  chain = await startChain();
  harness = await chain.deploy(compiled("test/ContextHarness"));
});

const below = (bound: bigint) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.bigInt({ min: 0n, max: bound - 1n }) },
    fc.constantFrom(0n, 1n, bound - 1n),
  );
const address = below(1n << 160n).map((value): Address => numberToHex(value, { size: 20 }));
const element = below(FIELD_ORDER);

/** Empty calldata, and any length around the words that the circuits read. */
const calldata = fc
  .oneof(
    fc.constant(new Uint8Array()),
    fc.uint8Array({ minLength: 4, maxLength: 4 + 9 * 32 }),
    fc.uint8Array({ minLength: 4 + 31 * 32, maxLength: 4 + 33 * 32 }),
    fc
      .constantFrom(4, 5, 35, 36, 37, 4 + 8 * 32, 5 + 8 * 32)
      .map((n) => new Uint8Array(n).fill(255)),
  )
  .map((bytes): Hex => toHex(bytes));

const context: fc.Arbitrary<Context> = fc.record({
  chainId: fc.nat(),
  gate: address,
  target: address,
  value: below(1n << 128n),
  data: calldata,
  priceFeed: address,
  priceAnswer: below(1n << 80n),
  priceUpdatedAt: below(1n << 34n),
  riskAnswer: below(1n << 80n),
  time: below(1n << 34n),
  policy: element,
  stateOld: element,
  stateNew: element,
});

describe("ContextLib", () => {
  it.each([8, 32])(
    "lays out, hashes and fingerprints a context of %d words as src/action does",
    async (words) => {
      await fc.assert(
        fc.asyncProperty(context, element, async (input, z) => {
          const vector = contextVector(input, words);
          const header = Object.fromEntries(contextHeader.map(({ name }, i) => [name, vector[i]]));
          const args = [header, input.data, BigInt(words), z];
          const [elements, hash, y] = await chain.read<[bigint[], Hex, bigint]>(
            harness,
            "context",
            args,
          );
          expect(elements).toEqual(vector);
          expect(hash).toBe(contextHash(vector));
          expect(y).toBe(fingerprint(vector, z));
        }),
        { numRuns: 150 },
      );
    },
  );

  it("separates contexts that differ in one limb", async () => {
    const base = { data: pad("0x", { size: 260 }) };
    const header = Object.fromEntries(contextHeader.map(({ name }) => [name, 1n]));
    const digests = new Set<Hex>();
    for (let byte = 4; byte < 260; byte += 16) {
      const data = `${base.data.slice(0, 2 + 2 * byte)}01${base.data.slice(4 + 2 * byte)}`;
      const [, hash] = await chain.read<[bigint[], Hex]>(harness, "context", [
        header,
        data,
        8n,
        2n,
      ]);
      digests.add(hash);
    }
    expect(digests.size).toBe(16);
  });
});
