import { blake2b } from "@noble/hashes/blake2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { InvalidSetupFileError } from "../../errors/setup.ts";
import type { G1Point, G2Point } from "../curve.ts";
import { Reader, readSections } from "./binFile.ts";
import { type ContributionLabel, readLabel } from "./contribution.ts";
import { readG1, readG2, uncompressedG1, uncompressedG2 } from "./points.ts";

/** One contribution to a circuit's phase 2. */
export interface Phase2Contribution extends ContributionLabel {
  /** δ after this contribution. */
  deltaAfter: G1Point;
  /** The contributor's public key: s, s·x in G1, and s'·x in G2 for an s' drawn from the transcript. */
  g1S: G1Point;
  g1SX: G1Point;
  g2SX: G2Point;
  /** blake2b-512, hex: what the contributor saw (all before it, and s, s·x). */
  transcript: string;
  /** blake2b-512, hex: what the contributor publishes. */
  hash: string;
}

/** What is checked of a Groth16 proving key; the prover's own points are left out. */
export interface ProvingKey {
  /** Orders of the curve's base and scalar field. */
  baseFieldOrder: bigint;
  scalarFieldOrder: bigint;
  wires: number;
  publicSignals: number;
  domainSize: number;
  alpha1: G1Point;
  beta1: G1Point;
  beta2: G2Point;
  gamma2: G2Point;
  delta1: G1Point;
  delta2: G2Point;
  /** One point more than public signals. */
  ic: G1Point[];
  /** Section 4: the non-zero entries of the circuit's matrices A and B. */
  coefficients: Uint8Array;
  /** blake2b-512 of the key before any contribution, hex. */
  circuitHash: string;
  contributions: Phase2Contribution[];
}

const GROTH16 = 1;

/**
 * Reads a snarkjs proving key without snarkjs.
 *
 * @param name how errors call the file
 * @throws {InvalidSetupFileError} if it is not a complete Groth16 zkey file
 */
export function readProvingKey(bytes: Uint8Array, name: string): ProvingKey {
  const sections = readSections(bytes, "zkey", name);
  const section = (id: number) => new Reader(sections.get(id), name);
  const protocol = section(1).uint32();
  if (protocol !== GROTH16) {
    throw new InvalidSetupFileError({
      file: name,
      expected: "a Groth16 proving key",
      received: `protocol number ${protocol}`,
    });
  }
  const header = section(2);
  const fields = { baseFieldOrder: header.order(), scalarFieldOrder: header.order() };
  const sizes = {
    wires: header.uint32(),
    publicSignals: header.uint32(),
    domainSize: header.uint32(),
  };
  const points = {
    alpha1: readG1(header),
    beta1: readG1(header),
    beta2: readG2(header),
    gamma2: readG2(header),
    delta1: readG1(header),
    delta2: readG2(header),
  };
  const ic = section(3);
  const ceremony = section(10);
  return {
    ...fields,
    ...sizes,
    ...points,
    ic: Array.from({ length: sizes.publicSignals + 1 }, () => readG1(ic)),
    coefficients: section(4).bytes(sections.get(4)?.length ?? 0),
    circuitHash: bytesToHex(ceremony.bytes(64)),
    contributions: Array.from({ length: ceremony.uint32() }, () => readContribution(ceremony)),
  };
}

function readContribution(reader: Reader): Phase2Contribution {
  const key = {
    deltaAfter: readG1(reader),
    g1S: readG1(reader),
    g1SX: readG1(reader),
    g2SX: readG2(reader),
    transcript: bytesToHex(reader.bytes(64)),
  };
  return { ...key, ...readLabel(reader), hash: bytesToHex(blake2b(publicKeyBytes(key))) };
}

/** What of a contribution the following ones hash. */
export function publicKeyBytes(
  key: Pick<Phase2Contribution, "deltaAfter" | "g1S" | "g1SX" | "g2SX" | "transcript">,
): Uint8Array {
  return Buffer.concat([
    uncompressedG1(key.deltaAfter),
    uncompressedG1(key.g1S),
    uncompressedG1(key.g1SX),
    uncompressedG2(key.g2SX),
    Buffer.from(key.transcript, "hex"),
  ]);
}
