import { secp256k1 } from "@noble/curves/secp256k1.js";
import fc from "fast-check";
import {
  concatHex,
  type Hex,
  hexToBigInt,
  keccak256,
  numberToHex,
  size,
  slice,
  zeroAddress,
} from "viem";
import { privateKeyToAddress } from "viem/accounts";
import { beforeAll, describe, expect, it } from "vitest";
import { schnorrChallenge, schnorrKeyPoint, verifySchnorr } from "../../src/keys/schnorr.ts";
import { type Chain, type Deployed, startChain } from "./support/chain.ts";
import { compiled } from "./support/contracts.ts";
import { addressOfPoint, schnorrSigner, xAboveOrder } from "./support/schnorr.ts";

const { Point } = secp256k1;
const { Fn, Fp } = Point;
const N = Fn.ORDER;

let chain: Chain;
let harness: Deployed;

beforeAll(async () => {
  chain = await startChain();
  harness = await chain.deploy(compiled("test/SchnorrHarness"));
});

const word = (value: bigint) => numberToHex(value, { size: 32 });
const verify = (px: bigint, digest: Hex, signature: Hex) =>
  chain.read<boolean>(harness, "verify", [px, digest, signature]);
const addressesOf = (px: bigint) => chain.read<[Hex, Hex]>(harness, "addressesOf", [px]);

const scalar = fc.bigInt({ min: 1n, max: N - 1n });
const digests = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map(word);
const digest = keccak256("0x01");
const signer = schnorrSigner(0xa9e47n);

describe("a Schnorr key", () => {
  it("has the addresses of its two points, which are those of its ECDSA keys", async () => {
    await fc.assert(
      fc.asyncProperty(scalar, async (seed) => {
        const { px, secret } = schnorrSigner(seed);
        const [even, odd] = await addressesOf(px);
        expect(even.toLowerCase()).toBe(addressOfPoint(Point.BASE.multiply(secret)));
        expect(even).toBe(privateKeyToAddress(word(secret)));
        expect(odd).toBe(privateKeyToAddress(word(Fn.neg(secret))));
      }),
      { numRuns: 60 },
    );
  });

  it("is none if x is no point's, as noble says too", async () => {
    await fc.assert(
      fc.asyncProperty(scalar, async (px) => {
        const [even] = await addressesOf(px);
        expect(even !== zeroAddress).toBe(schnorrKeyPoint(word(px)) !== undefined);
      }),
      { numRuns: 60 },
    );
  });

  it("is none if x is 0, the order, above it, or not even a field element", async () => {
    expect(xAboveOrder).toBeGreaterThanOrEqual(N);
    const max = 2n ** 256n - 1n;
    for (const px of [0n, N, xAboveOrder, Fp.ORDER - 1n, Fp.ORDER, Fp.ORDER + 1n, max]) {
      expect(await addressesOf(px), word(px)).toEqual([zeroAddress, zeroAddress]);
      expect(schnorrKeyPoint(word(px))).toBeUndefined();
    }
  });
});

describe("a Schnorr signature", () => {
  it("of any key over any digest is accepted on-chain and by src/keys", async () => {
    await fc.assert(
      fc.asyncProperty(scalar, digests, scalar, async (seed, hash, nonce) => {
        const { px, id, signWith } = schnorrSigner(seed);
        const signature = signWith(hash, nonce);
        expect(verifySchnorr(id, hash, signature)).toBe(true);
        expect(await verify(px, hash, signature)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it("satisfies s·G = R + e·P in noble, with the challenge of chain and src/keys", async () => {
    await fc.assert(
      fc.asyncProperty(scalar, digests, scalar, async (seed, hash, nonce) => {
        const { px, id, signWith } = schnorrSigner(seed);
        const commitment = Point.BASE.multiply(nonce);
        const address = addressOfPoint(commitment);
        const onchain = await chain.read<bigint>(harness, "challenge", [px, hash, address]);
        const key = schnorrKeyPoint(id) as InstanceType<typeof Point>;
        const e = schnorrChallenge(commitment, key, Buffer.from(hash.slice(2), "hex"));
        expect(Fn.create(onchain)).toBe(e);
        const s = hexToBigInt(slice(signWith(hash, nonce), 20));
        expect(Point.BASE.multiply(s).equals(commitment.add(key.multiply(e)))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("is refused with any single bit turned, by chain and src/keys alike", async () => {
    const signature = await signer.sign({ hash: digest });
    const turned = (hex: Hex, bit: number) =>
      numberToHex(hexToBigInt(hex) ^ (1n << BigInt(bit)), { size: size(hex) });
    for (let bit = 0; bit < 416; bit += 5) {
      const other = turned(signature, bit);
      expect(await verify(signer.px, digest, other)).toBe(false);
      expect(verifySchnorr(signer.id, digest, other)).toBe(false);
    }
    for (let bit = 0; bit < 256; bit += 17) {
      const message = turned(digest, bit);
      expect(await verify(signer.px, message, signature)).toBe(false);
      expect(verifySchnorr(signer.id, message, signature)).toBe(false);
      const key = turned(signer.id, bit);
      expect(await verify(hexToBigInt(key), digest, signature)).toBe(false);
      expect(verifySchnorr(key, digest, signature)).toBe(false);
    }
  });

  it("is refused or accepted alike by chain and src/keys, whatever the bytes", async () => {
    const edges = fc.constantFrom(0n, 1n, N - 1n, N, N + 1n, 2n ** 256n - 1n);
    const bytes = fc.oneof(
      fc
        .uint8Array({ minLength: 0, maxLength: 70 })
        .map((b): Hex => `0x${Buffer.from(b).toString("hex")}`),
      fc
        .tuple(fc.bigInt({ min: 0n, max: 2n ** 160n - 1n }), edges)
        .map(([a, s]) => concatHex([numberToHex(a, { size: 20 }), word(s)])),
    );
    const keys = fc.oneof(scalar, edges, fc.constant(signer.px));
    await fc.assert(
      fc.asyncProperty(keys, digests, bytes, async (px, hash, signature) => {
        expect(await verify(px, hash, signature)).toBe(verifySchnorr(word(px), hash, signature));
      }),
      { numRuns: 150 },
    );
  });

  it("has one s: 0, n and s + n are refused even where the equation holds", async () => {
    const isOpening = (e: bigint, address: Hex, s: bigint) =>
      chain.read<boolean>(harness, "isOpening", [signer.px, e, address, s]);
    const key = Point.BASE.multiply(signer.secret);
    const opened = (s: bigint, e: bigint) =>
      addressOfPoint(Point.BASE.multiplyUnsafe(s).add(key.multiplyUnsafe(Fn.neg(e))));
    await fc.assert(
      fc.asyncProperty(scalar, fc.bigInt({ min: 1n, max: 2n ** 128n }), async (e, s) => {
        expect(await isOpening(e, opened(s, e), s)).toBe(true);
        expect(await isOpening(e, opened(s, e), s + N)).toBe(false);
        expect(await isOpening(e, opened(0n, e), 0n)).toBe(false);
        expect(await isOpening(e, opened(0n, e), N)).toBe(false);
        // A challenge of 0 would make the key irrelevant.
        expect(await isOpening(0n, opened(s, 0n), s)).toBe(false);
        expect(await isOpening(N, opened(s, 0n), s)).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  it("is never one of what is no key", async () => {
    const zero = concatHex([zeroAddress, word(1n)]);
    for (const px of [0n, N, Fp.ORDER, 2n ** 256n - 1n, 5n]) {
      expect(schnorrKeyPoint(word(px))).toBeUndefined();
      expect(await verify(px, digest, zero)).toBe(false);
      expect(verifySchnorr(word(px), digest, zero)).toBe(false);
    }
  });
});
