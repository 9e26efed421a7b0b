import { beforeAll, describe, expect, it } from "vitest";
import { BaseError } from "../../../src/errors/base.ts";
import { InvalidWitnessFileError } from "../../../src/errors/prover.ts";
import { InvalidSetupFileError } from "../../../src/errors/setup.ts";
import { FIELD_ORDER } from "../../../src/field/field.ts";
import { BASE_FIELD_ORDER } from "../../../src/prover/baseField.ts";
import { scalarBytes } from "../../../src/prover/kernel/layout.ts";
import { readWitnessFile } from "../../../src/prover/kernel/witnessFile.ts";
import { readProverKey } from "../../../src/prover/kernel/zkeySections.ts";
import { witnessFile } from "../setup/fixtures.ts";
import { keyOf, randomCircuit, randomness } from "./fixtures.ts";

const { circuit, inputs, witness } = randomCircuit(10, 2);
let zkey: Uint8Array;
let wtns: Uint8Array;
beforeAll(async () => {
  zkey = await keyOf(circuit, 4);
  wtns = new Uint8Array(witnessFile(witness(Array.from({ length: inputs }, (_, k) => BigInt(k)))));
});

const read = (bytes: Uint8Array) => readProverKey(bytes, "test.zkey");

/** Where sections begin and how long they are. */
function sectionsOf(bytes: Uint8Array): Map<number, { start: number; length: number }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = new Map<number, { start: number; length: number }>();
  for (let at = 12; at < bytes.length; ) {
    const length = Number(view.getBigUint64(at + 4, true));
    found.set(view.getUint32(at, true), { start: at + 12, length });
    at += 12 + length;
  }
  return found;
}

/** A copy with other bytes somewhere in a section. */
function changed(bytes: Uint8Array, section: number, offset: number, by: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy.set(by, (sectionsOf(bytes).get(section)?.start ?? 0) + offset);
  return copy;
}

/** A copy whose section has another length, consistently with the container. */
function resized(bytes: Uint8Array, section: number, by: number): Uint8Array {
  const { start, length } = sectionsOf(bytes).get(section) as { start: number; length: number };
  const kept = bytes.slice(start, start + length + Math.min(by, 0));
  const header = bytes.slice(start - 12, start);
  new DataView(header.buffer).setBigUint64(4, BigInt(length + by), true);
  return new Uint8Array(
    Buffer.concat([
      bytes.subarray(0, start - 12),
      header,
      kept,
      new Uint8Array(Math.max(by, 0)),
      bytes.subarray(start + length),
    ]),
  );
}

const u32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);

describe("readProverKey", () => {
  it("reads a whole key", () => {
    expect(read(zkey)).toMatchObject({ wires: circuit.wires, publicSignals: 2, domainSize: 16 });
  });

  it("refuses a file cut off anywhere", () => {
    for (let length = 0; length < zkey.length; length += 37) {
      expect(() => read(zkey.subarray(0, length))).toThrow(InvalidSetupFileError);
    }
    expect(() => read(new Uint8Array([...zkey, 0]))).toThrow(InvalidSetupFileError);
  });

  it.each([4, 5, 6, 7, 8, 9])("refuses section %i longer or shorter by a little", (section) => {
    for (const by of [-64, -1, 1, 64]) {
      expect(() => read(resized(zkey, section, by))).toThrow(InvalidSetupFileError);
    }
  });

  it("refuses another protocol and another curve", () => {
    expect(() => read(changed(zkey, 1, 0, u32(2)))).toThrow("a Groth16 proving key");
    const order = scalarBytes(BASE_FIELD_ORDER + 2n);
    expect(() => read(changed(zkey, 2, 4, order))).toThrow("the curve BN254");
    expect(() => read(changed(zkey, 2, 40, order))).toThrow("the curve BN254");
  });

  it.each([
    ["wires", 72, [0, 1, circuit.wires - 1, circuit.wires + 1, 0xffff_ffff]],
    ["public signals", 76, [0, 1, 3, circuit.wires, 0xffff_ffff]],
    ["rows", 80, [0, 1, 8, 15, 17, 32, 2 ** 28, 0xffff_ffff]],
  ])("refuses another number of %s", (_, offset, values) => {
    for (const value of values) {
      expect(() => read(changed(zkey, 2, offset, u32(value)))).toThrow(InvalidSetupFileError);
    }
  });

  it("refuses points off their curve, coordinates not reduced, and δ at infinity", () => {
    for (const section of [5, 6, 7, 8, 9]) {
      const { length } = sectionsOf(zkey).get(section) as { length: number };
      const size = section === 7 ? 128 : 64;
      const last = length - size;
      const one = scalarBytes(1n);
      expect(() => read(changed(zkey, section, last, one))).toThrow(`section ${section} of`);
      const aliased = scalarBytes(BASE_FIELD_ORDER + 1n);
      expect(() => read(changed(zkey, section, last, aliased))).toThrow("not reduced");
    }
    const fixed = { alpha1: 84, beta1: 148, beta2: 212, gamma2: 340, delta1: 468, delta2: 532 };
    for (const offset of Object.values(fixed)) {
      expect(() => read(changed(zkey, 2, offset, scalarBytes(5n)))).toThrow("not on the curve");
    }
    expect(() => read(changed(zkey, 2, 468, new Uint8Array(64)))).toThrow("infinity");
    expect(() => read(changed(zkey, 2, 532, new Uint8Array(128)))).toThrow("infinity");
  });

  it("refuses matrix entries outside the matrices, and values not reduced", () => {
    expect(() => read(changed(zkey, 4, 4, u32(2)))).toThrow("matrix 0 or 1");
    expect(() => read(changed(zkey, 4, 8, u32(16)))).toThrow("rows below 16");
    expect(() => read(changed(zkey, 4, 12, u32(circuit.wires)))).toThrow("wires below");
    expect(() => read(changed(zkey, 4, 16, scalarBytes(FIELD_ORDER)))).toThrow("below the order");
    expect(() => read(changed(zkey, 4, 0, u32(0xffff_ffff)))).toThrow("section 4");
  });

  it("throws nothing but clear errors at random damage", () => {
    const { below } = randomness(11);
    for (let n = 0; n < 3_000; n++) {
      const bytes = zkey.slice();
      for (let flips = 1 + below(3); flips > 0; flips--) {
        bytes[below(n % 2 ? bytes.length : 900)] = below(256);
      }
      try {
        read(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(BaseError);
      }
    }
  });
});

describe("readWitnessFile", () => {
  const readWitness = (bytes: Uint8Array) => readWitnessFile(bytes, circuit.wires);

  it("reads a whole witness, wherever it lies in memory", () => {
    const values = wtns.subarray(76);
    expect(readWitness(wtns)).toEqual(values);
    const shifted = new Uint8Array(wtns.length + 1);
    shifted.set(wtns, 1);
    expect(readWitness(shifted.subarray(1))).toEqual(values);
  });

  it("refuses damage of every kind, and names no value", () => {
    const damaged = [
      ...Array.from({ length: wtns.length / 19 }, (_, k) => wtns.subarray(0, 19 * k)),
      new Uint8Array([...wtns, 0]),
      changed(wtns, 1, 4, scalarBytes(BASE_FIELD_ORDER)),
      changed(wtns, 1, 36, u32(circuit.wires - 1)),
      changed(wtns, 1, 36, u32(0xffff_ffff)),
      resized(wtns, 2, -32),
      resized(wtns, 2, 32),
      changed(wtns, 2, 0, scalarBytes(2n)),
      changed(wtns, 2, 64, scalarBytes(FIELD_ORDER)),
      changed(wtns, 2, 64, new Uint8Array(32).fill(255)),
    ];
    for (const bytes of damaged) expect(() => readWitness(bytes)).toThrow(InvalidWitnessFileError);
    expect(() => readWitnessFile(wtns, circuit.wires + 1)).toThrow(`${circuit.wires + 1} wires`);
  });

  it("throws nothing but clear errors at random damage", () => {
    const { below } = randomness(12);
    for (let n = 0; n < 3_000; n++) {
      const bytes = wtns.slice();
      for (let flips = 1 + below(3); flips > 0; flips--) {
        bytes[below(n % 2 ? bytes.length : 110)] = below(256);
      }
      try {
        readWitness(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidWitnessFileError);
      }
    }
  });
});
