import { blake2b } from "@noble/hashes/blake2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { FIELD_ORDER } from "../../field/field.ts";
import { BASE_FIELD_ORDER } from "../baseField.ts";
import {
  G1_GENERATOR,
  type G1Point,
  G2_GENERATOR,
  type G2Point,
  sameSecret,
  toG1,
  toG2,
} from "../curve.ts";
import type { VerificationKey } from "../verificationKey.ts";
import { littleEndian } from "./binFile.ts";
import { uncompressedG1 } from "./points.ts";
import { keyEntries, readR1csHeader } from "./r1cs.ts";
import { type ProvingKey, publicKeyBytes } from "./zkey.ts";

const sameG1 = (a: G1Point, b: G1Point) => a.x === b.x && a.y === b.y;
const sameG2 = (a: G2Point, b: G2Point) => sameUpToSignG2(a, b) && sameFp2(a.y, b.y);
const sameFp2 = (a: G2Point["x"], b: G2Point["x"]) => a.c0 === b.c0 && a.c1 === b.c1;
/** P = ±Q: a secret of 1 or −1 is as public as the other. */
const sameUpToSign = (a: G1Point, b: G1Point) => a.x === b.x;
const sameUpToSignG2 = (a: G2Point, b: G2Point) => sameFp2(a.x, b.x);

/**
 * Looks for everything about a proving key that would let someone forge proofs and that can be seen
 * from the key alone. snarkjs accepts several of these keys.
 *
 * @param key as `readProvingKey` returns it
 * @returns what is wrong, in words; empty if nothing is
 */
export function checkProvingKey(key: ProvingKey): string[] {
  if (key.baseFieldOrder !== BASE_FIELD_ORDER || key.scalarFieldOrder !== FIELD_ORDER) {
    return ["wrong curve: the key is not for BN254"];
  }
  return [
    ...checkPoints(key),
    ...checkPhase1Secrets(key),
    ...checkDelta(key),
    ...checkContributions(key),
  ];
}

function checkPoints(key: ProvingKey): string[] {
  const g1 = { "α in G1": key.alpha1, "β in G1": key.beta1, "δ in G1": key.delta1 };
  const ic = Object.fromEntries(key.ic.map((point, i) => [`IC ${i}`, point]));
  const g2 = { "β in G2": key.beta2, "γ in G2": key.gamma2, "δ in G2": key.delta2 };
  const judge = ([name, point]: [string, { is0(): boolean } | undefined]) => {
    if (point === undefined) return [`${name} is not a point of the curve's group`];
    return point.is0() ? [`${name} is the point at infinity`] : [];
  };
  return [
    ...Object.entries({ ...g1, ...ic }).map(([name, point]) => [name, toG1(point)] as const),
    ...Object.entries(g2).map(([name, point]) => [name, toG2(point)] as const),
  ].flatMap(([name, point]) => judge([name, point]));
}

/** Phase 1: α and β are unknown to everyone, and the same secret in both groups. */
function checkPhase1Secrets({ alpha1, beta1, beta2 }: ProvingKey): string[] {
  const findings: string[] = [];
  if (sameUpToSign(alpha1, G1_GENERATOR)) {
    findings.push("α is the generator: phase 1 had no contribution");
  }
  if (sameUpToSign(beta1, G1_GENERATOR) || sameUpToSignG2(beta2, G2_GENERATOR)) {
    findings.push("β is the generator: phase 1 had no contribution");
  }
  if (sameUpToSign(alpha1, beta1)) findings.push("α = ±β: the secrets are not independent");
  if (!sameSecret(beta1, beta2)) findings.push("β differs between G1 and G2");
  return findings;
}

/** Phase 2: δ is unknown to everyone, so γ and δ are independent. */
function checkDelta({ alpha1, beta1, gamma2, delta1, delta2 }: ProvingKey): string[] {
  const findings: string[] = [];
  if (!sameG2(gamma2, G2_GENERATOR)) findings.push("γ is not the generator of G2");
  if (sameUpToSignG2(gamma2, delta2)) findings.push("γ = δ: anyone can forge proofs");
  if (sameUpToSign(delta1, G1_GENERATOR) || sameUpToSignG2(delta2, G2_GENERATOR)) {
    findings.push("δ is the generator: phase 2 had no effective contribution");
  }
  if (sameUpToSign(delta1, alpha1) || sameUpToSign(delta1, beta1)) {
    findings.push("δ is ±α or ±β: the secrets are not independent");
  }
  if (!sameSecret(delta1, delta2)) findings.push("δ differs between G1 and G2");
  return findings;
}

/** The ceremony's record: each contribution changed δ, saw all before it, and the last gave the key's δ. */
function checkContributions({ contributions, circuitHash, delta1 }: ProvingKey): string[] {
  const last = contributions.at(-1);
  if (last === undefined) return ["no contribution: the ceremony's record is empty"];
  const findings: string[] = [];
  const seen = blake2b.create({ dkLen: 64 }).update(Buffer.from(circuitHash, "hex"));
  let deltaBefore = G1_GENERATOR;
  for (const [i, contribution] of contributions.entries()) {
    const { g1S, g1SX, deltaAfter, transcript } = contribution;
    const expected = seen.clone().update(uncompressedG1(g1S)).update(uncompressedG1(g1SX)).digest();
    if (bytesToHex(expected) !== transcript) {
      findings.push(`contribution ${i + 1} does not follow the ones before it`);
    }
    if (sameUpToSign(deltaAfter, deltaBefore)) {
      findings.push(`contribution ${i + 1} left δ as it was`);
    }
    seen.update(publicKeyBytes(contribution));
    deltaBefore = deltaAfter;
  }
  if (!sameG1(last.deltaAfter, delta1)) findings.push("δ is not the last contribution's");
  return findings;
}

/**
 * Compares keys of different circuits: with one δ for two, what is private in one circuit can stand
 * in for what the other leaves out.
 *
 * @param keys by the circuit's name
 * @returns what is wrong, in words; empty if nothing is
 */
export function checkDistinctDeltas(keys: Readonly<Record<string, ProvingKey>>): string[] {
  return Object.entries(keys).flatMap(([name, key], i, all) =>
    all
      .slice(i + 1)
      .filter(([, other]) => sameUpToSignG2(key.delta2, other.delta2))
      .map(([other]) => `circuits ${name} and ${other} share δ: proofs can be forged across them`),
  );
}

/**
 * Compares a verification key with the proving key it should come from.
 *
 * @returns what is wrong, in words; empty if nothing is
 */
export function checkVerificationKey(vkey: VerificationKey, key: ProvingKey): string[] {
  const agree = {
    α: sameG1(vkey.alpha1, key.alpha1),
    β: sameG2(vkey.beta2, key.beta2),
    γ: sameG2(vkey.gamma2, key.gamma2),
    δ: sameG2(vkey.delta2, key.delta2),
    "the number of public signals": vkey.ic.length === key.ic.length,
    IC: key.ic.every((point, i) => sameG1(point, vkey.ic[i] ?? { x: 0n, y: 0n })),
  };
  return Object.entries(agree)
    .filter(([, same]) => !same)
    .map(([what]) => `verification key and proving key differ in ${what}`);
}

/**
 * Compares a proving key with the constraint system it should be for: its sizes and, entry by entry,
 * the matrices A and B. (What follows from C is left to `verifyCeremony`, which builds the key anew.)
 *
 * @param r1cs bytes of the constraint system
 * @returns what is wrong, in words; empty if nothing is
 */
export function checkConstraints(key: ProvingKey, r1cs: Uint8Array): string[] {
  const header = readR1csHeader(r1cs, "r1cs");
  const publicSignals = header.publicInputs + header.publicOutputs;
  const domainSize = 2 ** (Math.floor(Math.log2(header.rows + publicSignals)) + 1);
  const agree = {
    "the scalar field": key.scalarFieldOrder === header.scalarFieldOrder,
    "the number of wires": key.wires === header.wires,
    "the number of public signals": key.publicSignals === publicSignals,
    "the size of the domain": key.domainSize === domainSize,
  };
  const differing = Object.entries(agree).filter(([, same]) => !same);
  if (differing.length > 0) {
    return differing.map(([what]) => `proving key and r1cs differ in ${what}`);
  }
  return sameMatrices(key.coefficients, r1cs)
    ? []
    : ["proving key and r1cs differ in a constraint"];
}

const ENTRY_BYTES = 44;
/** Keys store matrix entries times 2^512. */
const ENTRY_SCALE = (1n << 512n) % FIELD_ORDER;

function sameMatrices(coefficients: Uint8Array, r1cs: Uint8Array): boolean {
  const view = new DataView(coefficients.buffer, coefficients.byteOffset, coefficients.byteLength);
  const count = view.getUint32(0, true);
  if (coefficients.length !== 4 + count * ENTRY_BYTES) return false;
  let position = 4;
  for (const { matrix, row, wire, value } of keyEntries(r1cs, "r1cs")) {
    if (position === coefficients.length) return false;
    const stored = littleEndian(coefficients.subarray(position + 12, position + ENTRY_BYTES));
    if (
      view.getUint32(position, true) !== matrix ||
      view.getUint32(position + 4, true) !== row ||
      view.getUint32(position + 8, true) !== wire ||
      stored !== (value * ENTRY_SCALE) % FIELD_ORDER
    ) {
      return false;
    }
    position += ENTRY_BYTES;
  }
  return position === coefficients.length;
}
