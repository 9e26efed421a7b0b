import { readFile } from "node:fs/promises";
import { bn254 } from "@noble/curves/bn254.js";
import { beforeAll, describe, expect, it } from "vitest";
import { kernelFile } from "../../../scripts/build-kernel.ts";
import { signedLimbs } from "../../../src/prover/kernel/generate/limbs.ts";
import type { KernelExports } from "../../../src/prover/kernel/kernelExports.ts";
import { randomness } from "./fixtures.ts";

const R = 1n << 255n;
let kernel: KernelExports;
let addresses: [number, number, number];

beforeAll(async () => {
  const module = await WebAssembly.compile(await readFile(kernelFile));
  const { exports } = await WebAssembly.instantiate(module, {});
  kernel = exports as unknown as KernelExports;
  addresses = [kernel.reserve(160), kernel.reserve(160), kernel.reserve(160)];
});

/** Puts an integer in a lane of an element. */
function put(address: number, lane: number, value: bigint): void {
  const doubles = new Float64Array(kernel.memory.buffer, address, 10);
  signedLimbs(value).forEach((limb, i) => {
    doubles[2 * i + lane] = Number(limb);
  });
}

/** The integer in a lane; its low limbs must be carried. */
function get(address: number, lane: number): bigint {
  const doubles = new Float64Array(kernel.memory.buffer, address, 10);
  let value = 0n;
  for (let i = 4; i >= 0; i--) {
    const limb = doubles[2 * i + lane] as number;
    if (i < 4) expect(Math.abs(limb)).toBeLessThanOrEqual(2 ** 50);
    value = (value << 51n) + BigInt(limb);
  }
  return value;
}

describe.each(["fq", "fr"] as const)("arithmetic of %s in two lanes", (name) => {
  const order = bn254.fields[name === "fq" ? "Fp" : "Fr"].ORDER;
  const mod = (value: bigint) => ((value % order) + order) % order;
  const inverseR = bn254.fields[name === "fq" ? "Fp" : "Fr"].inv(mod(R));
  const bound = (order * 6n) / 5n;
  const { scalar } = randomness(7);
  const edges = [
    0n,
    1n,
    -1n,
    2n,
    order - 1n,
    order,
    -order,
    order / 2n,
    -(order / 2n),
    bound,
    -bound,
  ];
  const pairs = [
    ...edges.flatMap((a) => edges.map((b) => [a, b] as const)),
    // Values whose limbs are all at their extremes.
    ...edges.map((a) => [a, ((1n << 203n) - 1n) / ((1n << 51n) - 1n)] as const),
    ...Array.from({ length: 3000 }, () => [scalar() - order / 2n, -scalar()] as const),
  ];

  it("agrees with the integers on edge and random values, each lane on its own", () => {
    const [out, a, b] = addresses;
    const multiply = (kernel[`${name}Multiply`] as KernelExports["fqMultiply"]).bind(kernel);
    const square = (kernel[`${name}Square`] as KernelExports["fqSquare"]).bind(kernel);
    const add = (kernel[`${name}Add`] as KernelExports["fqAdd"]).bind(kernel);
    const subtract = (kernel[`${name}Subtract`] as KernelExports["fqSubtract"]).bind(kernel);
    const check = (expected: (x: bigint, y: bigint) => bigint, k: number) => {
      for (const lane of [0, 1]) {
        const [x, y] = pairs[(k + lane) % pairs.length] as readonly [bigint, bigint];
        const value = get(out, lane);
        expect(value <= bound && value >= -bound).toBe(true);
        expect(mod(value)).toBe(mod(expected(x, y)));
      }
    };
    for (let k = 0; k < pairs.length; k += 2) {
      for (const lane of [0, 1]) {
        const [x, y] = pairs[(k + lane) % pairs.length] as readonly [bigint, bigint];
        put(a, lane, x);
        put(b, lane, y);
      }
      multiply(out, a, b);
      check((x, y) => x * y * inverseR, k);
      square(out, a);
      check((x) => x * x * inverseR, k);
      add(out, a, b);
      check((x, y) => x + y, k);
      subtract(out, a, b);
      check((x, y) => x - y, k);
    }
  });

  it("keeps its bounds through a long chain on its own results", () => {
    const [out, a, b] = addresses;
    const multiply = (kernel[`${name}Multiply`] as KernelExports["fqMultiply"]).bind(kernel);
    const add = (kernel[`${name}Add`] as KernelExports["fqAdd"]).bind(kernel);
    let [x, y] = [scalar(), scalar()];
    for (const lane of [0, 1]) {
      put(a, lane, x);
      put(b, lane, y);
    }
    for (let k = 0; k < 20_000; k++) {
      multiply(out, a, b);
      add(b, b, a);
      multiply(a, out, out);
      [x, y] = [mod((x * y * inverseR) ** 2n * inverseR), mod(x + y)];
    }
    for (const lane of [0, 1]) {
      expect(mod(get(a, lane))).toBe(x);
      expect(mod(get(b, lane))).toBe(y);
    }
  });
});

describe("invert", () => {
  const { Fp, Fp2 } = bn254.fields;
  const { scalar } = randomness(13);
  // Of a Montgomery form x·R the inverse's is R²/(x·R).
  const squaredR = Fp.create(R * R);
  const edges = [0n, 1n, 2n, 3n, Fp.ORDER - 1n, Fp.ORDER / 2n, 1n << 253n, (1n << 30n) - 1n];
  const values = [...edges, ...Array.from({ length: 3_000 }, () => Fp.create(scalar() * 3n))];

  it("inverts in Fq as noble does, each lane on its own, and 0 to 0", () => {
    const [out, a] = addresses;
    for (const [k, first] of values.entries()) {
      const second = (k < edges.length ** 2 ? edges[k % edges.length] : scalar()) as bigint;
      for (const [x, y] of [
        [first, second],
        [second, first],
      ] as const) {
        put(a, 0, x);
        put(a, 1, y);
        kernel.invert(1, out, a);
        for (const [lane, value] of [x, y].entries()) {
          const expected = value === 0n ? 0n : Fp.mul(squaredR, Fp.inv(value));
          expect(Fp.create(get(out, lane))).toBe(expected);
        }
      }
    }
  });

  it("inverts in Fq2 as noble does", () => {
    const [out, a] = addresses;
    for (const [k, c0] of values.slice(1, 300).entries()) {
      const c1 = values[(7 * k) % values.length] as bigint;
      for (const lane of [0, 1]) {
        put(a, lane, c0);
        put(a + 80, lane, c1);
      }
      kernel.invert(2, out, a);
      const expected = Fp2.mul(
        Fp2.inv(Fp2.fromBigTuple([c0, c1])),
        Fp2.create({ c0: squaredR, c1: 0n }),
      );
      expect(Fp.create(get(out, 0))).toBe(expected.c0);
      expect(Fp.create(get(out + 80, 1))).toBe(expected.c1);
    }
  });
});

it("multiplies in Fq2 as noble does", () => {
  const { Fp, Fp2 } = bn254.fields;
  const inverseR = Fp.inv(Fp.create(R));
  const { scalar } = randomness(11);
  const [out, a, b] = addresses;
  const values = [0n, 1n, Fp.ORDER - 1n];
  for (let k = 0; k < 500; k++) {
    const [x0, x1, y0, y1] = [0, 1, 2, 3].map((i) => values[(k >> (2 * i)) & 3] ?? scalar()) as [
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    for (const lane of [0, 1]) {
      put(a, lane, x0);
      put(a + 80, lane, x1);
      put(b, lane, y0);
      put(b + 80, lane, y1);
    }
    kernel.fq2Multiply(out, a, b);
    const expected = Fp2.mul(
      Fp2.mul(Fp2.fromBigTuple([x0, x1]), Fp2.fromBigTuple([y0, y1])),
      Fp2.fromBigTuple([inverseR, 0n]),
    );
    for (const lane of [0, 1]) {
      expect(Fp.create(get(out, lane))).toBe(expected.c0);
      expect(Fp.create(get(out + 80, lane))).toBe(expected.c1);
    }
  }
});
