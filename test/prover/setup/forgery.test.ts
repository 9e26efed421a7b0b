import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bn254 } from "@noble/curves/bn254.js";
import { curves, type Groth16Proof, groth16, type VerificationKey } from "snarkjs";
import { afterAll, describe, expect, it } from "vitest";
import { FIELD_ORDER } from "../../../src/field/field.ts";
import { type G1, type G1Point, type G2, toG1 } from "../../../src/prover/curve.ts";
import { verifyGroth16 } from "../../../src/prover/groth16.ts";
import { Reader, readSections } from "../../../src/prover/setup/binFile.ts";
import {
  applyBeaconToPhase2,
  beginPhase2,
  contributeToPhase2,
  exportVerificationKey,
  verifyPhase1,
  verifyPhase2,
} from "../../../src/prover/setup/ceremony.ts";
import { checkDistinctDeltas, checkProvingKey } from "../../../src/prover/setup/checkKey.ts";
import { readG1 } from "../../../src/prover/setup/points.ts";
import { readProvingKey } from "../../../src/prover/setup/zkey.ts";
import { toEvmPoints } from "../../../src/prover/snarkjsFormat.ts";
import { parseVerificationKey } from "../../../src/prover/verificationKey.ts";
import {
  makePhase1,
  privateProduct,
  product,
  r1csFile,
  type TinyCircuit,
  temporaryFolder,
  testBeacon,
  witnessFile,
} from "./fixtures.ts";

/** Nobody knows a witness that was used here: the public inputs are made up. */
const madeUp = [123n, 456n, 789n];

afterAll(async () => (await curves.getCurveFromName("bn128")).terminate());

describe("a key whose phase 2 had no contribution (γ = δ)", () => {
  it("lets anyone prove any public inputs, and is refused", async () => {
    const folder = await temporaryFolder();
    const zkey = join(folder, "key.zkey");
    const files = await writeCircuit(folder, "product", product);
    await beginPhase2(files.r1cs, await makePhase1(folder), zkey);
    const key = readProvingKey(await readFile(zkey), zkey);

    // e(A, B) = e(α, β) · e(IC, γ) · e(C, δ) holds for A = α, B = β, C = −IC when γ = δ.
    const forged = {
      a: point(key.alpha1),
      b: bn254.G2.Point.fromAffine(key.beta2),
      c: publicInputs(key.ic, madeUp).negate(),
    };
    await expectAccepted(zkey, forged, madeUp);

    expect(checkProvingKey(key)).toEqual(
      expect.arrayContaining([
        "γ = δ: anyone can forge proofs",
        "δ is the generator: phase 2 had no effective contribution",
        "no contribution: the ceremony's record is empty",
      ]),
    );
    const ptau = join(folder, "final.ptau");
    await expect(verifyPhase2({ r1cs: files.r1cs, ptau, zkey })).rejects.toThrow("γ = δ");
  });
});

describe("a key whose phase 1 had no contribution (α and β the generators)", () => {
  it("lets anyone prove any public inputs although phase 2 is sound, and is refused", async () => {
    const folder = await temporaryFolder();
    const zkey = join(folder, "key.zkey");
    const files = await writeCircuit(folder, "product", product);
    const ptau = await makePhase1(folder, { contributed: false });
    await beginPhase2(files.r1cs, ptau, join(folder, "begun.zkey"));
    await contributeToPhase2(join(folder, "begun.zkey"), zkey, "honest contributor");
    const key = readProvingKey(await readFile(zkey), zkey);

    // With β = γ = the generator H of G2: e(α + IC + r·δ, H) = e(α, β) · e(IC, γ) · e(r·G, δ).
    const r = 5n;
    const forged = {
      a: point(key.alpha1).add(publicInputs(key.ic, madeUp)).add(point(key.delta1).multiply(r)),
      b: bn254.G2.Point.BASE,
      c: bn254.G1.Point.BASE.multiply(r),
    };
    await expectAccepted(zkey, forged, madeUp);

    expect(checkProvingKey(key)).toEqual(
      expect.arrayContaining([
        "α is the generator: phase 1 had no contribution",
        "β is the generator: phase 1 had no contribution",
      ]),
    );
    await expect(verifyPhase1(ptau)).rejects.toThrow("no contribution");
  });
});

describe("two circuits with one δ", () => {
  it("lets a prover break one circuit with the other's key, and is refused", async () => {
    const folder = await temporaryFolder();
    const ptau = await makePhase1(folder);
    const keys: Record<string, string> = {};
    for (const [name, circuit] of Object.entries({ product, privateProduct })) {
      const { r1cs } = await writeCircuit(folder, name, circuit);
      const begun = join(folder, `${name}.begun.zkey`);
      keys[name] = join(folder, `${name}.zkey`);
      await beginPhase2(r1cs, ptau, begun);
      // A beacon alone is public randomness: the same for both, so both get the same δ.
      await applyBeaconToPhase2(begun, keys[name], testBeacon);
    }
    const { product: zkey, privateProduct: other } = keys as Record<string, string>;

    // 3 · 5 ≠ 16, but snarkjs proves any witness as if each product were right; what is missing in C,
    // row 0's polynomial over δ, is the point of the other circuit's private p.
    const claimed = [16n, 0n, 0n];
    const witness = witnessFile([1n, ...claimed, 3n, 5n]);
    const { proof } = await groth16.prove(zkey as string, witness);
    expect(await accepts(zkey as string, proof, claimed)).toBe(false);
    const pointOfP = await lastPrivatePoint(other as string);
    const { a, b, c } = fromSnarkjs(proof);
    const missing = pointOfP.multiply((3n * 5n - 16n + FIELD_ORDER) % FIELD_ORDER);
    await expectAccepted(zkey as string, { a, b, c: c.add(missing) }, claimed);

    const read = async (path: string) => readProvingKey(await readFile(path), path);
    const both = {
      product: await read(zkey as string),
      privateProduct: await read(other as string),
    };
    expect(checkDistinctDeltas(both)).toEqual([
      "circuits product and privateProduct share δ: proofs can be forged across them",
    ]);
  });
});

interface Forged {
  a: G1;
  b: G2;
  c: G1;
}

async function writeCircuit(folder: string, name: string, circuit: TinyCircuit) {
  const r1cs = join(folder, `${name}.r1cs`);
  await writeFile(r1cs, r1csFile(circuit));
  return { r1cs };
}

function point(affine: G1Point): G1 {
  return toG1(affine) as G1;
}

function publicInputs(ic: readonly G1Point[], values: readonly bigint[]): G1 {
  const terms = ic.map((base, i) =>
    point(base).multiplyUnsafe(i === 0 ? 1n : (values[i - 1] as bigint)),
  );
  return terms.reduce((sum, term) => sum.add(term));
}

/** The last point of section 8: the last private wire, over δ. */
async function lastPrivatePoint(zkey: string): Promise<G1> {
  const section = readSections(await readFile(zkey), "zkey", zkey).get(8) as Uint8Array;
  return toG1(readG1(new Reader(section.subarray(-64), zkey))) as G1;
}

function fromSnarkjs({ pi_a, pi_b, pi_c }: Groth16Proof): Forged {
  const g1 = ([x, y]: readonly string[]) =>
    point({ x: BigInt(x as string), y: BigInt(y as string) });
  const fp2 = ([c0, c1]: readonly string[]) => ({
    c0: BigInt(c0 as string),
    c1: BigInt(c1 as string),
  });
  const b = bn254.G2.Point.fromAffine({ x: fp2(pi_b[0]), y: fp2(pi_b[1]) });
  return { a: g1(pi_a), b, c: g1(pi_c) };
}

function toSnarkjs({ a, b, c }: Forged): Groth16Proof {
  const g1 = (p: G1): [string, string, string] => {
    const { x, y } = p.toAffine();
    return [`${x}`, `${y}`, "1"];
  };
  const { x, y } = b.toAffine();
  return {
    pi_a: g1(a),
    pi_b: [
      [`${x.c0}`, `${x.c1}`],
      [`${y.c0}`, `${y.c1}`],
      ["1", "0"],
    ],
    pi_c: g1(c),
    protocol: "groth16",
    curve: "bn128",
  };
}

/** What snarkjs says, and our own verifier, which must say the same. */
async function accepts(zkey: string, proof: Groth16Proof, signals: bigint[]): Promise<boolean> {
  const vkey: VerificationKey = await exportVerificationKey(zkey);
  const verdict = await groth16.verify(vkey, signals, proof);
  const own = verifyGroth16(parseVerificationKey(vkey, zkey), toEvmPoints(proof), signals);
  expect(own).toBe(verdict);
  return verdict;
}

async function expectAccepted(zkey: string, forged: Forged, signals: bigint[]): Promise<void> {
  expect(await accepts(zkey, toSnarkjs(forged), signals)).toBe(true);
}
