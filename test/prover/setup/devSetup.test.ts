import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ChaCha, getCurveFromName } from "ffjavascript";
import { groth16, type VerificationKey, zKey } from "snarkjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InvalidSetupFileError } from "../../../src/errors/setup.ts";
import { FIELD_ORDER } from "../../../src/field/field.ts";
import { readProverKey } from "../../../src/prover/kernel/zkeySections.ts";
import { readSections } from "../../../src/prover/setup/binFile.ts";
import {
  applyBeaconToPhase1,
  applyBeaconToPhase2,
  beginPhase1,
  beginPhase2,
  exportVerificationKey,
  preparePhase1,
} from "../../../src/prover/setup/ceremony.ts";
import {
  checkConstraints,
  checkProvingKey,
  checkVerificationKey,
} from "../../../src/prover/setup/checkKey.ts";
import { type DevelopmentKey, developmentSetup } from "../../../src/prover/setup/devSetup.ts";
import { createGeneratorMultiplier } from "../../../src/prover/setup/generators.ts";
import { groth16Sections } from "../../../src/prover/setup/groth16Key.ts";
import { drawToxicWaste } from "../../../src/prover/setup/toxicWaste.ts";
import { readProvingKey } from "../../../src/prover/setup/zkey.ts";
import { parseVerificationKey } from "../../../src/prover/verificationKey.ts";
import { calculateWitness } from "../../../src/prover/witness.ts";
import { basePolicy, baseSituation, claimedTransition, inputOf } from "../../support/mandate.ts";
import { randomCircuit, randomness } from "../kernel/fixtures.ts";
import {
  r1csFile,
  type TinyCircuit,
  temporaryFolder,
  testBeacon,
  witnessFile,
} from "./fixtures.ts";

const multiplier = await createGeneratorMultiplier();
afterAll(async () => (await getCurveFromName("bn128")).terminate());

const setup = (circuit: TinyCircuit) => developmentSetup(r1csFile(circuit), "tiny.r1cs");

/** A proof by snarkjs of an honest witness, and whether snarkjs accepts it. */
async function proves(zkey: Uint8Array, vkey: VerificationKey, witness: readonly bigint[]) {
  const { proof, publicSignals } = await groth16.prove(zkey, witnessFile(witness));
  return { proof, publicSignals, accepted: await groth16.verify(vkey, publicSignals, proof) };
}

const shapes = [
  { what: "one row", rows: 1, publicInputs: 1, domainSize: 4 },
  { what: "one row and no public inputs", rows: 1, publicInputs: 0, domainSize: 2 },
  { what: "no public inputs", rows: 7, publicInputs: 0, domainSize: 8 },
  { what: "a domain exactly full, of linear rows too", rows: 12, publicInputs: 3, domainSize: 16 },
  { what: "a domain that one row more would double", rows: 13, publicInputs: 3, domainSize: 32 },
  { what: "many public inputs", rows: 3, publicInputs: 70, domainSize: 128 },
];

describe.each(shapes)("the development key of $what", ({ rows, publicInputs, domainSize }) => {
  const { circuit, inputs, witness } = randomCircuit(rows, publicInputs, rows);
  const { scalar } = randomness(rows);
  const honest = witness(Array.from({ length: inputs }, scalar));
  let key: DevelopmentKey;
  let vkey: VerificationKey;
  beforeAll(async () => {
    key = await setup(circuit);
    vkey = (await exportVerificationKey(key.zkey)) as VerificationKey;
  });

  it("has snarkjs' proofs of honest witnesses accepted, and no other public signals", async () => {
    const { proof, publicSignals, accepted } = await proves(key.zkey, vkey, honest);
    expect(accepted).toBe(true);
    expect(publicSignals.map(BigInt)).toEqual(honest.slice(1, publicInputs + 1));
    for (const [i, signal] of publicSignals.entries()) {
      const changed = publicSignals.with(i, String((BigInt(signal) + 1n) % FIELD_ORDER));
      if (i < 3) expect(await groth16.verify(vkey, changed, proof)).toBe(false);
    }
  });

  it("has proofs of a witness that breaks a constraint refused", async () => {
    const last = honest.length - 1;
    const forged = honest.with(last, ((honest[last] as bigint) + 1n) % FIELD_ORDER);
    expect((await proves(key.zkey, vkey, forged)).accepted).toBe(false);
  });

  it("passes every check of ours and is read by snarkjs and by the kernel", async () => {
    const read = readProvingKey(key.zkey, "key");
    expect(read.domainSize).toBe(domainSize);
    expect(checkProvingKey(read)).toEqual([]);
    expect(checkConstraints(read, r1csFile(circuit))).toEqual([]);
    expect(checkVerificationKey(parseVerificationKey(vkey, "vkey"), read)).toEqual([]);
    expect(readProverKey(key.zkey, "key")).toMatchObject({ domainSize, wires: circuit.wires });
    expect(await zKey.exportJson(key.zkey)).toMatchObject({
      protocol: "groth16",
      nVars: circuit.wires,
      nPublic: publicInputs,
      domainSize,
    });
  });
});

describe("a development key", () => {
  const { circuit, inputs, witness } = randomCircuit(9, 2);
  const honest = witness(Array.from({ length: inputs }, (_, i) => BigInt(i + 2)));

  it("is another each time", async () => {
    const [one, other] = [await setup(circuit), await setup(circuit)];
    const vkey = (await exportVerificationKey(other.zkey)) as VerificationKey;
    expect((await proves(one.zkey, vkey, honest)).accepted).toBe(false);
    const [first, second] = [one, other].map(({ zkey }) => readProvingKey(zkey, "key"));
    for (const point of ["alpha1", "beta1", "beta2", "delta1", "delta2"] as const) {
      expect(first?.[point]).not.toEqual(second?.[point]);
    }
  });

  it("proves knowledge of δ as a contribution to a ceremony does", async () => {
    const { zkey } = await setup(circuit);
    const section = readSections(zkey, "zkey", "key").get(10) as Uint8Array;
    const record = Uint8Array.from(section.subarray(68));
    const [deltaAfter, g1S, g1SX] = [0, 64, 128].map((at) => record.slice(at, at + 64));
    const transcript = record.slice(320, 384);
    const view = new DataView(transcript.buffer);
    const seed = Array.from({ length: 8 }, (_, i) => view.getUint32(4 * i));
    const { curve } = multiplier;
    const { G1, G2 } = curve;
    const sp = G2.fromRng(new ChaCha(seed));
    const spx = record.slice(192, 320);
    const sameRatio = (a: Uint8Array, b: Uint8Array) => curve.pairingEq(a, spx, G1.neg(b), sp);
    expect(await sameRatio(g1S as Uint8Array, g1SX as Uint8Array)).toBe(true);
    expect(await sameRatio(G1.g, deltaAfter as Uint8Array)).toBe(true);
    expect(await sameRatio(g1S as Uint8Array, deltaAfter as Uint8Array)).toBe(false);
  });

  it("is refused if the constraint system is not usable", async () => {
    const none = { ...circuit, constraints: [] };
    await expect(setup(none)).rejects.toThrow("at least one constraint");
    await expect(setup({ ...circuit, wires: 5 })).rejects.toThrow("wires below 5");
    const unreduced = { a: { 1: FIELD_ORDER }, b: { 1: 1n }, c: { 1: 1n } };
    await expect(setup({ ...circuit, constraints: [unreduced] })).rejects.toThrow("reduced");
    const bytes = r1csFile(circuit);
    const fewWires = Buffer.from(bytes);
    fewWires.writeUInt32LE(2, 60);
    await expect(developmentSetup(fewWires, "few")).rejects.toThrow("2 wires");
    const otherField = Buffer.from(bytes);
    otherField.writeUInt8(2, 28);
    await expect(developmentSetup(otherField, "other")).rejects.toThrow("a field of order");
    for (const length of [0, 11, 40, bytes.length - 1]) {
      await expect(developmentSetup(bytes.subarray(0, length), "short")).rejects.toBeInstanceOf(
        InvalidSetupFileError,
      );
    }
  });
});

/** snarkjs' generator for what follows from a beacon. */
function beaconGenerator(): ChaCha {
  let hash = Buffer.from(testBeacon.value, "hex");
  for (let i = 0; i < 2 ** testBeacon.iterationsExp; i++) {
    hash = createHash("sha256").update(hash).digest();
  }
  return new ChaCha(Array.from({ length: 8 }, (_, i) => hash.readUInt32BE(4 * i)));
}

describe("sections 1 to 9 for given secrets", () => {
  it.each([
    { rows: 1, publicInputs: 0 },
    { rows: 12, publicInputs: 3 },
    { rows: 4, publicInputs: 9 },
  ])("are those of a ceremony, $rows rows, $publicInputs public", async (shape) => {
    // A ceremony of beacons alone: its secrets are public.
    const folder = await temporaryFolder();
    const at = (name: string) => join(folder, name);
    const { circuit } = randomCircuit(shape.rows, shape.publicInputs);
    const r1cs = r1csFile(circuit);
    await writeFile(at("c.r1cs"), r1cs);
    await beginPhase1(5, at("0.ptau"));
    await applyBeaconToPhase1(at("0.ptau"), at("1.ptau"), testBeacon);
    await preparePhase1(at("1.ptau"), at("2.ptau"));
    await beginPhase2(at("c.r1cs"), at("2.ptau"), at("0.zkey"));
    await applyBeaconToPhase2(at("0.zkey"), at("1.zkey"), testBeacon);

    const { Fr } = multiplier.curve;
    const next = (from: ChaCha) => Fr.toObject(Fr.fromRng(from));
    const phase1 = beaconGenerator();
    const [tau, alpha, beta] = [next(phase1), next(phase1), next(phase1)];
    const delta = next(beaconGenerator());
    const made = await groth16Sections(r1cs, "c.r1cs", { tau, alpha, beta, delta }, multiplier);
    const expected = readSections(await readFile(at("1.zkey")), "zkey", "ceremony");
    expect([...made.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const [section, bytes] of made) {
      const same = Buffer.from(bytes).equals(expected.get(section) as Uint8Array);
      expect(same, `section ${section}`).toBe(true);
    }
  });
});

describe("the secrets", () => {
  it("are reduced, distinct, and neither 0 nor ±1", () => {
    const drawn = Array.from({ length: 50 }, () => Object.values(drawToxicWaste(8))).flat();
    expect(new Set(drawn).size).toBe(200);
    for (const scalar of drawn) {
      expect(scalar > 1n && scalar < FIELD_ORDER - 1n).toBe(true);
    }
  });

  it("fill the whole range", () => {
    const drawn = Array.from({ length: 400 }, () => drawToxicWaste(2).tau);
    const fifths = drawn.map((tau) => Number((tau * 5n) / FIELD_ORDER));
    for (let fifth = 0; fifth < 5; fifth++) {
      // 80 expected, standard deviation 8: misses once in 10^7 runs.
      expect(fifths.filter((value) => value === fifth).length).toBeGreaterThan(37);
    }
  });
});

describe("multiples of the generators", () => {
  it.each(["g1", "g2"] as const)("of %s are the library's", async (group) => {
    const { curve, multiply } = multiplier;
    const { scalar } = randomness(7);
    const edges = [0n, 1n, 2n, 255n, 256n, 257n, FIELD_ORDER - 1n, FIELD_ORDER >> 1n];
    const scalars = [...edges, ...Array.from({ length: 20 }, scalar)];
    const G = group === "g1" ? curve.G1 : curve.G2;
    const points = await multiply(group, scalars);
    const size = points.length / scalars.length;
    for (const [i, value] of scalars.entries()) {
      const expected = G.toAffine(G.timesScalar(G.g, value));
      expect(Buffer.from(points.subarray(i * size, (i + 1) * size))).toEqual(
        Buffer.from(expected.subarray(0, size)),
      );
    }
  });
});

const gate = fileURLToPath(new URL("../../../build/circuits/gate.r1cs", import.meta.url));

describe("the gate circuit", () => {
  it.skipIf(!existsSync(gate))(
    `is set up, and proves${existsSync(gate) ? "" : " (no build/circuits/gate.r1cs: npm run build:circuits)"}`,
    async () => {
      const key = await developmentSetup(await readFile(gate), gate);
      const vkey = (await exportVerificationKey(key.zkey)) as VerificationKey;
      const input = inputOf({
        ...claimedTransition(basePolicy, baseSituation),
        circuit: "gate",
      });
      const witness = await calculateWitness("gate", input);
      const { proof, publicSignals, accepted } = await proves(key.zkey, vkey, witness);
      expect(accepted).toBe(true);
      expect(await groth16.verify(vkey, publicSignals.with(2, "1"), proof)).toBe(false);
      expect(checkProvingKey(readProvingKey(key.zkey, "key"))).toEqual([]);
    },
  );
});
