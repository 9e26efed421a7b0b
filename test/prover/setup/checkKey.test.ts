import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bn254 } from "@noble/curves/bn254.js";
import { beforeAll, describe, expect, it } from "vitest";
import { BASE_FIELD_ORDER } from "../../../src/prover/baseField.ts";
import { G1_GENERATOR, G2_GENERATOR } from "../../../src/prover/curve.ts";
import {
  applyBeaconToPhase2,
  beginPhase2,
  contributeToPhase2,
  exportVerificationKey,
  verifyPhase1,
  verifyPhase2,
} from "../../../src/prover/setup/ceremony.ts";
import {
  checkConstraints,
  checkProvingKey,
  checkVerificationKey,
} from "../../../src/prover/setup/checkKey.ts";
import {
  checkKeyOfPtau,
  checkPowersOfTau,
  readPowersOfTau,
} from "../../../src/prover/setup/ptau.ts";
import { type ProvingKey, readProvingKey } from "../../../src/prover/setup/zkey.ts";
import { parseVerificationKey } from "../../../src/prover/verificationKey.ts";
import {
  makePhase1,
  privateProduct,
  product,
  r1csFile,
  temporaryFolder,
  testBeacon,
} from "./fixtures.ts";

/** A whole ceremony: two contributors and a beacon. */
async function soundSetup() {
  const folder = await temporaryFolder();
  const at = (name: string) => join(folder, name);
  const ptau = await makePhase1(folder);
  const r1cs = at("product.r1cs");
  await writeFile(r1cs, r1csFile(product));
  await beginPhase2(r1cs, ptau, at("0.zkey"));
  const hashes = [
    await contributeToPhase2(at("0.zkey"), at("1.zkey"), "first"),
    await contributeToPhase2(at("1.zkey"), at("2.zkey"), "second"),
    await applyBeaconToPhase2(at("2.zkey"), at("3.zkey"), testBeacon),
  ];
  const zkey = at("3.zkey");
  const key = readProvingKey(await readFile(zkey), zkey);
  const vkey = parseVerificationKey(await exportVerificationKey(zkey), "vkey.json");
  return { r1cs, ptau, zkey, key, vkey, hashes };
}
let sound: Awaited<ReturnType<typeof soundSetup>>;
beforeAll(async () => {
  sound = await soundSetup();
});

describe("a sound setup", () => {
  it("passes every check", async () => {
    const { r1cs, ptau, zkey, key, vkey } = sound;
    expect(checkProvingKey(key)).toEqual([]);
    expect(checkVerificationKey(vkey, key)).toEqual([]);
    expect(checkConstraints(key, r1csFile(product))).toEqual([]);
    const phase1 = readPowersOfTau(await readFile(ptau), ptau);
    expect(checkPowersOfTau(phase1)).toEqual([]);
    expect(checkKeyOfPtau(key, phase1)).toEqual([]);
    await verifyPhase1(ptau);
    await verifyPhase2({ r1cs, ptau, zkey });
  });

  it("keeps each contribution's name and published hash", async () => {
    const { key, hashes } = sound;
    expect(key.contributions.map(({ name, hash }) => ({ name, hash }))).toEqual([
      { name: "first", hash: hashes[0] },
      { name: "second", hash: hashes[1] },
      { name: "test beacon", hash: hashes[2] },
    ]);
    expect(key.contributions.map(({ beacon }) => beacon)).toEqual([
      undefined,
      undefined,
      { value: "abcd", iterationsExp: 10 },
    ]);
  });
});

describe("checkProvingKey", () => {
  const infinity = { x: 0n, y: 0n };
  const other = bn254.G1.Point.BASE.multiply(7n).toAffine();
  const offCurve = { x: other.x, y: other.y + 1n };
  const other2 = bn254.G2.Point.BASE.multiply(7n).toAffine();
  /** On the curve of G2 but outside the subgroup of prime order. */
  const outside = (() => {
    const { Fp2 } = bn254.fields;
    const b = Fp2.div(Fp2.fromBigTuple([3n, 0n]), Fp2.fromBigTuple([9n, 1n]));
    for (let i = 1n; ; i++) {
      const x = Fp2.fromBigTuple([i, 0n]);
      try {
        return { x, y: Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b)) };
      } catch {}
    }
  })();

  const cases: Record<string, [change: (key: ProvingKey) => Partial<ProvingKey>, finding: string]> =
    {
      "another curve": [() => ({ baseFieldOrder: BASE_FIELD_ORDER - 2n }), "wrong curve"],
      "another scalar field": [() => ({ scalarFieldOrder: 7n }), "wrong curve"],
      "α at infinity": [() => ({ alpha1: infinity }), "α in G1 is the point at infinity"],
      "α off the curve": [() => ({ alpha1: offCurve }), "α in G1 is not a point"],
      "β off the curve": [() => ({ beta1: offCurve }), "β in G1 is not a point"],
      "δ outside the subgroup": [() => ({ delta2: outside }), "δ in G2 is not a point"],
      "γ at infinity": [
        () => ({ gamma2: { x: { c0: 0n, c1: 0n }, y: { c0: 0n, c1: 0n } } }),
        "γ in G2 is the point at infinity",
      ],
      "a coordinate not reduced": [
        (key) => ({ alpha1: { ...key.alpha1, x: key.alpha1.x + BASE_FIELD_ORDER } }),
        "α in G1 is not a point",
      ],
      "an IC point at infinity": [
        (key) => ({ ic: [...key.ic.slice(0, -1), infinity] }),
        "IC 3 is the point at infinity",
      ],
      "α the generator": [() => ({ alpha1: G1_GENERATOR }), "α is the generator"],
      "α the negated generator": [
        () => ({ alpha1: { ...G1_GENERATOR, y: BASE_FIELD_ORDER - G1_GENERATOR.y } }),
        "α is the generator",
      ],
      "β the generator in G1": [() => ({ beta1: G1_GENERATOR }), "β is the generator"],
      "β the generator in G2": [() => ({ beta2: G2_GENERATOR }), "β is the generator"],
      "β of two secrets": [() => ({ beta2: other2 }), "β differs between G1 and G2"],
      "α = β": [(key) => ({ alpha1: key.beta1 }), "α = ±β"],
      "δ = −α": [
        ({ alpha1 }) => ({ delta1: { ...alpha1, y: BASE_FIELD_ORDER - alpha1.y } }),
        "δ is ±α or ±β",
      ],
      "δ = β": [(key) => ({ delta1: key.beta1 }), "δ is ±α or ±β"],
      "γ = δ": [(key) => ({ gamma2: key.delta2 }), "γ = δ"],
      "γ not the generator": [() => ({ gamma2: other2 }), "γ is not the generator"],
      "δ the generator": [() => ({ delta1: G1_GENERATOR }), "δ is the generator"],
      "δ of two secrets": [() => ({ delta2: other2 }), "δ differs between G1 and G2"],
      "no contribution": [() => ({ contributions: [] }), "no contribution"],
      "a δ that no contribution gave": [
        () => ({ delta1: other }),
        "δ is not the last contribution's",
      ],
      "a contribution left out": [
        (key) => ({ contributions: key.contributions.slice(1) }),
        "contribution 1 does not follow",
      ],
      "a contribution of nothing": [
        (key) => ({
          contributions: key.contributions.map((contribution) => ({
            ...contribution,
            deltaAfter: key.delta1,
          })),
        }),
        "contribution 2 left δ as it was",
      ],
    };

  it.each(Object.entries(cases))("refuses %s", (_, [change, finding]) => {
    const { key } = sound;
    expect(checkProvingKey({ ...key, ...change(key) }).join("\n")).toContain(finding);
  });
});

describe("checkVerificationKey", () => {
  it.each([
    ["α", { alpha1: G1_GENERATOR }],
    ["β", { beta2: G2_GENERATOR }],
    ["δ", { delta2: G2_GENERATOR }],
    ["IC", { ic: Array(4).fill(G1_GENERATOR) }],
    ["the number of public signals", { ic: [] }],
  ])("refuses another %s than the proving key's", (what, change) => {
    const { key, vkey } = sound;
    const findings = checkVerificationKey({ ...vkey, ...change }, key);
    expect(findings).toContain(`verification key and proving key differ in ${what}`);
  });
});

describe("checkConstraints", () => {
  it("refuses another circuit's constraints", async () => {
    const { key } = sound;
    expect(checkConstraints(key, r1csFile(privateProduct))).toEqual([
      "proving key and r1cs differ in the number of wires",
    ]);
    const [constraint] = product.constraints;
    const changed = { ...product, constraints: [{ ...constraint, b: { 5: 2n } }] };
    expect(checkConstraints(key, r1csFile(changed as typeof product))).toEqual([
      "proving key and r1cs differ in a constraint",
    ]);
  });

  it("leaves a changed matrix C to verifyPhase2, which refuses it", async () => {
    const { key, ptau, zkey } = sound;
    const [constraint] = product.constraints;
    const changed = {
      ...product,
      constraints: [{ ...constraint, c: { 2: 1n } }],
    } as typeof product;
    expect(checkConstraints(key, r1csFile(changed))).toEqual([]);
    const r1cs = join(await temporaryFolder(), "changed.r1cs");
    await writeFile(r1cs, r1csFile(changed));
    await expect(verifyPhase2({ r1cs, ptau, zkey })).rejects.toThrow("does not follow");
  });
});

describe("readProvingKey", () => {
  it("refuses a truncated file", async () => {
    const { zkey } = sound;
    const bytes = await readFile(zkey);
    expect(() => readProvingKey(bytes.subarray(0, -1), "cut.zkey")).toThrow("cut.zkey");
    expect(() => readProvingKey(bytes.subarray(0, 40), "cut.zkey")).toThrow("it ends in section");
    expect(() => readProvingKey(r1csFile(product), "p.r1cs")).toThrow("a complete zkey file");
  });
});
