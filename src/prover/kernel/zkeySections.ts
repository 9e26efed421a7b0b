import { InvalidSetupFileError } from "../../errors/setup.ts";
import { FIELD_ORDER } from "../../field/field.ts";
import { BASE_FIELD_ORDER } from "../baseField.ts";
import { Reader, readSections } from "../setup/binFile.ts";
import type { Group } from "./engine.ts";
import { areCoordinates, areScalars, isZero, POINT_BYTES, SCALAR_BYTES } from "./layout.ts";
import { firstOffCurve } from "./onCurve.ts";

/** The point lists of a proving key by the sum that they serve. */
export type PointList = "a" | "b1" | "b2" | "c" | "h";

/** The group of each list. */
export const GROUP_OF: Readonly<Record<PointList, Group>> = {
  a: "g1",
  b1: "g1",
  b2: "g2",
  c: "g1",
  h: "g1",
};

/**
 * What a Groth16 prover needs of a zkey file, as it lies there (see `engine.ts` for the form of points).
 * Coefficients and lists of points are views of the file's bytes; single points are copies.
 */
export interface ProverKey {
  wires: number;
  publicSignals: number;
  /** Rows, a power of two. */
  domainSize: number;
  alpha1: Uint8Array;
  beta1: Uint8Array;
  beta2: Uint8Array;
  delta1: Uint8Array;
  delta2: Uint8Array;
  /** Section 4: the entries of the matrices A and B. */
  coefficients: Uint8Array;
  /** One point for each wire; `c` has none for 1 and the public signals; `h` one for each row. */
  points: Readonly<Record<PointList, Uint8Array>>;
}

const GROTH16 = 1;
const ENTRY_BYTES = 12 + SCALAR_BYTES;
/** The coset of a larger domain does not exist: the field has roots of unity of order 2^28. */
const MAX_DOMAIN = 2 ** 27;
const SECTION_OF = { a: 5, b1: 6, b2: 7, c: 8, h: 9 } as const;

/**
 * Reads what the prover needs of a Groth16 proving key, and checks all of it: sizes, indices, that field
 * elements are reduced and that points lie on their curve. Whether the key belongs to a circuit, or can
 * be relied upon, is `checkKey`'s question; that points of G2 lie in the subgroup of order r too.
 *
 * @param name how errors call the file
 * @throws {InvalidSetupFileError} if it is not a complete Groth16 zkey file over BN254
 */
export function readProverKey(bytes: Uint8Array, name: string): ProverKey {
  const sections = readSections(bytes, "zkey", name);
  const expect = (condition: boolean, expected: string, received: string) => {
    if (!condition) throw new InvalidSetupFileError({ file: name, expected, received });
  };
  const reader = (id: number) => new Reader(sections.get(id), name);

  const protocol = reader(1).uint32();
  expect(protocol === GROTH16, "a Groth16 proving key", `protocol number ${protocol}`);
  const header = reader(2);
  const [base, scalar] = [header.order(), header.order()];
  expect(base === BASE_FIELD_ORDER && scalar === FIELD_ORDER, "the curve BN254", "another curve");
  const wires = header.uint32();
  const publicSignals = header.uint32();
  const domainSize = header.uint32();
  expect(publicSignals < wires, "more wires than public signals", `${wires} wires`);
  expect(
    domainSize <= MAX_DOMAIN && Number.isInteger(Math.log2(domainSize)),
    "a domain of 2^k rows, k ≤ 27",
    `${domainSize} rows`,
  );

  const point = (where: string, group: Group, value: Uint8Array) => {
    checkPoints(value, group, `${where} of ${name}`);
    return value;
  };
  const single = (where: string, group: Group) =>
    point(where, group, new Uint8Array(header.bytes(POINT_BYTES[group])));
  const g1 = (where: string) => single(where, "g1");
  const g2 = (where: string) => single(where, "g2");
  const alpha1 = g1("α₁");
  const beta1 = g1("β₁");
  const beta2 = g2("β₂");
  g2("γ₂"); // only verification needs it
  const delta1 = g1("δ₁");
  const delta2 = g2("δ₂");
  for (const [where, value] of Object.entries({ alpha1, beta1, beta2, delta1, delta2 })) {
    expect(!isZero(value), `a finite point ${where}`, "the point at infinity");
  }

  const list = (which: PointList, count: number) => {
    const group = GROUP_OF[which];
    const section = reader(SECTION_OF[which]);
    const expected = count * POINT_BYTES[group];
    expect(
      section.remaining === expected,
      `${count} points in section ${SECTION_OF[which]}`,
      `${section.remaining} bytes and not ${expected}`,
    );
    return point(`section ${SECTION_OF[which]}`, group, section.bytes(expected));
  };
  const points = {
    a: list("a", wires),
    b1: list("b1", wires),
    b2: list("b2", wires),
    c: list("c", wires - publicSignals - 1),
    h: list("h", domainSize),
  };
  const section = reader(4);
  const coefficients = section.bytes(section.remaining);
  checkCoefficients(coefficients, { wires, domainSize }, name);
  return {
    wires,
    publicSignals,
    domainSize,
    alpha1,
    beta1,
    beta2,
    delta1,
    delta2,
    coefficients,
    points,
  };
}

function checkPoints(points: Uint8Array, group: Group, where: string): void {
  const fail = (received: string) =>
    new InvalidSetupFileError({ file: where, expected: "points of BN254", received });
  if (!areCoordinates(points)) throw fail("a coordinate that is not reduced");
  const index = firstOffCurve(points, group);
  if (index !== undefined) throw fail(`point ${index}, which is not on the curve`);
}

function checkCoefficients(
  coefficients: Uint8Array,
  { wires, domainSize }: { wires: number; domainSize: number },
  name: string,
): void {
  const fail = (expected: string, received: string) =>
    new InvalidSetupFileError({ file: `section 4 of ${name}`, expected, received });
  if (coefficients.length < 4) throw fail("a count of entries", "nothing");
  const view = new DataView(coefficients.buffer, coefficients.byteOffset, coefficients.length);
  const count = view.getUint32(0, true);
  const received = coefficients.length - 4;
  if (received !== count * ENTRY_BYTES) throw fail(`${count} entries`, `${received} bytes`);
  for (let entry = 0, at = 4; entry < count; entry++, at += ENTRY_BYTES) {
    if (view.getUint32(at, true) > 1) throw fail("matrix 0 or 1", `another in entry ${entry}`);
    if (view.getUint32(at + 4, true) >= domainSize) {
      throw fail(`rows below ${domainSize}`, `another in entry ${entry}`);
    }
    if (view.getUint32(at + 8, true) >= wires) {
      throw fail(`wires below ${wires}`, `another in entry ${entry}`);
    }
  }
  if (!areScalars(coefficients.subarray(4 + 12), ENTRY_BYTES)) {
    throw fail("values below the order of the scalar field", "another");
  }
}
