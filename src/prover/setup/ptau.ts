import { InvalidSetupFileError } from "../../errors/setup.ts";
import { BASE_FIELD_ORDER } from "../baseField.ts";
import { G1_GENERATOR, type G1Point, type G2Point, sameSecret, toG1 } from "../curve.ts";
import { Reader, readSections } from "./binFile.ts";
import { type ContributionLabel, readLabel } from "./contribution.ts";
import { readG1, readG2 } from "./points.ts";

/** What is checked of a phase-1 file. */
export interface PowersOfTau {
  baseFieldOrder: bigint;
  /** Circuits of fewer than 2^power rows can use it. */
  power: number;
  tau1: G1Point;
  tau2: G2Point;
  alpha1: G1Point;
  beta1: G1Point;
  beta2: G2Point;
  /** Whether phase 2 can start from it. */
  prepared: boolean;
  contributions: ContributionLabel[];
}

/** Sections that `prepare phase2` adds. */
const LAGRANGE_SECTIONS = [12, 13, 14, 15];
/** Points, public key, partial hash and challenge of one contribution. */
const CONTRIBUTION_BYTES = 3 * 64 + 2 * 128 + (6 * 64 + 3 * 128) + 216 + 64;

/**
 * Reads a phase-1 file without snarkjs.
 *
 * @param name how errors call the file
 * @throws {InvalidSetupFileError} if it is not a complete ptau file
 */
export function readPowersOfTau(bytes: Uint8Array, name: string): PowersOfTau {
  const sections = readSections(bytes, "ptau", name);
  const section = (id: number) => new Reader(sections.get(id), name);
  const header = section(1);
  const baseFieldOrder = header.order();
  const power = header.uint32();
  const [tauG1, tauG2] = [section(2), section(3)];
  tauG1.bytes(64); // τ^0
  tauG2.bytes(128);
  const ceremony = section(7);
  return {
    baseFieldOrder,
    power,
    tau1: readG1(tauG1),
    tau2: readG2(tauG2),
    alpha1: readG1(section(4)),
    beta1: readG1(section(5)),
    beta2: readG2(section(6)),
    prepared: LAGRANGE_SECTIONS.every((id) => sections.has(id)),
    contributions: Array.from({ length: ceremony.uint32() }, () => {
      ceremony.bytes(CONTRIBUTION_BYTES);
      return readLabel(ceremony);
    }),
  };
}

/**
 * Looks for everything about a phase-1 file that would let someone forge proofs under any key made
 * from it, and that can be seen from its first points.
 *
 * @returns what is wrong, in words; empty if nothing is
 */
export function checkPowersOfTau(file: PowersOfTau): string[] {
  if (file.baseFieldOrder !== BASE_FIELD_ORDER) return ["wrong curve: the file is not for BN254"];
  const findings: string[] = [];
  if (file.contributions.length === 0) findings.push("no contribution: the secrets are all 1");
  const secrets = { τ: file.tau1, α: file.alpha1, β: file.beta1 };
  for (const [name, point] of Object.entries(secrets)) {
    if (point.x === G1_GENERATOR.x) findings.push(`${name} is the generator: its secret is known`);
    if (toG1(point)?.is0() !== false) findings.push(`${name} is not a finite point of G1`);
  }
  if (!sameSecret(file.tau1, file.tau2)) findings.push("τ differs between G1 and G2");
  if (!sameSecret(file.beta1, file.beta2)) findings.push("β differs between G1 and G2");
  return findings;
}

/** Compares a proving key's α and β with the phase-1 file it should come from. */
export function checkKeyOfPtau(
  key: { alpha1: G1Point; beta1: G1Point; beta2: G2Point },
  file: PowersOfTau,
): string[] {
  const same =
    key.alpha1.x === file.alpha1.x &&
    key.alpha1.y === file.alpha1.y &&
    key.beta1.x === file.beta1.x &&
    key.beta1.y === file.beta1.y;
  return same ? [] : ["α or β is not the phase-1 file's"];
}

/**
 * @throws {InvalidSetupFileError} if phase 2 cannot start from the file
 */
export function assertPrepared(file: PowersOfTau, name: string, power: number): void {
  if (!file.prepared || file.power < power) {
    throw new InvalidSetupFileError({
      file: name,
      expected: `powers of tau up to 2^${power}, prepared for phase 2`,
      received: `2^${file.power}, ${file.prepared ? "prepared" : "not prepared"}`,
    });
  }
}
