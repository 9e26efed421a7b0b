import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { FIELD_ORDER } from "../../../src/field/field.ts";
import {
  applyBeaconToPhase1,
  type Beacon,
  beginPhase1,
  contributeToPhase1,
  preparePhase1,
} from "../../../src/prover/setup/ceremony.ts";

/** A linear combination: coefficient by wire. */
type Combination = Readonly<Record<number, bigint>>;

/** A constraint system small enough to be written by hand; wire 0 is 1, the public inputs follow. */
export interface TinyCircuit {
  wires: number;
  publicInputs: number;
  constraints: readonly { a: Combination; b: Combination; c: Combination }[];
}

/** `x · y = c` with public `[c, z, y]` and private x, y: wires 4 and 5. */
export const product: TinyCircuit = {
  wires: 6,
  publicInputs: 3,
  constraints: [{ a: { 4: 1n }, b: { 5: 1n }, c: { 1: 1n } }],
};

/** `x · y = p` with a private p, wire 6. */
export const privateProduct: TinyCircuit = {
  wires: 7,
  publicInputs: 3,
  constraints: [{ a: { 4: 1n }, b: { 5: 1n }, c: { 6: 1n } }],
};

export const testBeacon: Beacon = { name: "test beacon", value: "abcd", iterationsExp: 10 };

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const uint64 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const element = (value: bigint) =>
  Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();

function file(type: string, version: number, sections: Record<number, Buffer>): Buffer {
  return Buffer.concat([
    Buffer.from(type, "latin1"),
    uint32(version),
    uint32(Object.keys(sections).length),
    ...Object.entries(sections).flatMap(([id, bytes]) => [
      uint32(Number(id)),
      uint64(bytes.length),
      bytes,
    ]),
  ]);
}

/** The bytes of an r1cs file. */
export function r1csFile({ wires, publicInputs, constraints }: TinyCircuit): Buffer {
  const combination = (terms: Combination) =>
    Buffer.concat([
      uint32(Object.keys(terms).length),
      ...Object.entries(terms).flatMap(([wire, value]) => [uint32(Number(wire)), element(value)]),
    ]);
  return file("r1cs", 1, {
    1: Buffer.concat([
      uint32(32),
      element(FIELD_ORDER),
      ...[wires, 0, publicInputs, wires - publicInputs - 1].map(uint32),
      uint64(wires),
      uint32(constraints.length),
    ]),
    2: Buffer.concat(constraints.flatMap(({ a, b, c }) => [a, b, c].map(combination))),
    3: Buffer.concat(Array.from({ length: wires }, (_, wire) => uint64(wire))),
  });
}

/** The bytes of a .wtns file. */
export function witnessFile(values: readonly bigint[]): Buffer {
  return file("wtns", 2, {
    1: Buffer.concat([uint32(32), element(FIELD_ORDER), uint32(values.length)]),
    2: Buffer.concat(values.map(element)),
  });
}

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A folder that is removed when the file's tests have ended. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "zkmandate-setup-"));
  folders.push(folder);
  return folder;
}

/** A phase 1 for circuits below 2^power rows; without contribution all its secrets are 1. */
export async function makePhase1(
  folder: string,
  { power = 4, contributed = true }: { power?: number; contributed?: boolean } = {},
): Promise<string> {
  const at = (name: string) => join(folder, name);
  await beginPhase1(power, at("begun.ptau"));
  if (!contributed) {
    await preparePhase1(at("begun.ptau"), at("worthless.ptau"));
    return at("worthless.ptau");
  }
  await contributeToPhase1(at("begun.ptau"), at("contributed.ptau"), "test");
  await applyBeaconToPhase1(at("contributed.ptau"), at("beacon.ptau"), testBeacon);
  await preparePhase1(at("beacon.ptau"), at("final.ptau"));
  return at("final.ptau");
}
