import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { bytesToHex } from "@noble/hashes/utils.js";
import { curves, type Logger, powersOfTau, zKey } from "snarkjs";
import { InsecureSetupError, InvalidSetupFileError } from "../../errors/setup.ts";
import { checkConstraints, checkProvingKey } from "./checkKey.ts";
import { assertPrepared, checkKeyOfPtau, checkPowersOfTau, readPowersOfTau } from "./ptau.ts";
import { readR1csHeader } from "./r1cs.ts";
import { readProvingKey } from "./zkey.ts";

/** Public randomness that nobody could know when the last contribution was made. */
export interface Beacon {
  /** Public name of the beacon. */
  name: string;
  /** The randomness, 1 to 255 bytes in hex. */
  value: string;
  /** 2^iterationsExp hashes; 10 to 63. */
  iterationsExp: number;
}

let previous: Promise<unknown> = Promise.resolve();

/**
 * Runs snarkjs and ends its threads, without which the process would not exit. One call at a time: the
 * threads are shared.
 */
function withThreads<Result>(work: () => Promise<Result>): Promise<Result> {
  const run = previous.then(work).finally(async () => {
    await (await curves.getCurveFromName("bn128")).terminate();
  });
  previous = run.catch(() => undefined);
  return run;
}

/**
 * Begins a phase 1: all secrets 1, worthless until contributed to.
 *
 * @param power circuits of fewer than 2^power rows will fit
 * @param file path to write
 */
export function beginPhase1(power: number, file: string, logger?: Logger): Promise<void> {
  return withThreads(async () => {
    const curve = await curves.getCurveFromName("bn128");
    await powersOfTau.newAccumulator(curve, power, file, logger);
  });
}

/**
 * Multiplies fresh secrets into a phase 1 and forgets them. One honest contributor suffices.
 *
 * @param from path of the previous contributor's file
 * @param to path to write
 * @param name public name of the contributor
 * @returns blake2b-512 of the response, hex, to publish
 */
export function contributeToPhase1(
  from: string,
  to: string,
  name: string,
  logger?: Logger,
): Promise<string> {
  return withThreads(async () =>
    bytesToHex(await powersOfTau.contribute(from, to, name, entropy(), logger)),
  );
}

/**
 * Ends a phase 1 with public randomness.
 *
 * @returns blake2b-512 of the response, hex
 */
export function applyBeaconToPhase1(
  from: string,
  to: string,
  { name, value, iterationsExp }: Beacon,
  logger?: Logger,
): Promise<string> {
  return withThreads(async () =>
    bytesToHex(await powersOfTau.beacon(from, to, name, value, iterationsExp, logger)),
  );
}

/** Adds to a phase 1 what phase 2 starts from: the powers at the domains' Lagrange bases (2^14: minutes). */
export function preparePhase1(from: string, to: string, logger?: Logger): Promise<void> {
  return withThreads(() => powersOfTau.preparePhase2(from, to, logger));
}

/**
 * Verifies a whole phase-1 file: every power, every contribution (2^14: about 7 s).
 *
 * @throws {InsecureSetupError} if anything does not hold
 */
export async function verifyPhase1(file: string, logger?: Logger): Promise<void> {
  const bytes = await readFile(file);
  const findings = checkPowersOfTau(readPowersOfTau(bytes, file));
  if (findings.length === 0 && !(await withThreads(() => powersOfTau.verify(bytes, logger)))) {
    findings.push("the powers or a contribution do not verify");
  }
  if (findings.length > 0) throw new InsecureSetupError({ subject: file, findings });
}

/**
 * Begins a circuit's phase 2: γ = δ, so anyone can forge proofs until someone contributes.
 *
 * @param r1cs path of the constraint system
 * @param ptau path of a prepared phase-1 file
 * @param to path to write
 * @throws {InvalidSetupFileError} if the phase-1 file is not prepared or too small
 */
export async function beginPhase2(
  r1cs: string,
  ptau: string,
  to: string,
  logger?: Logger,
): Promise<void> {
  const { rows, publicInputs, publicOutputs } = readR1csHeader(await readFile(r1cs), r1cs);
  const power = Math.floor(Math.log2(rows + publicInputs + publicOutputs)) + 1;
  assertPrepared(readPowersOfTau(await readFile(ptau), ptau), ptau, power);
  await withThreads(() => zKey.newZKey(r1cs, ptau, to, logger));
}

/**
 * Multiplies a fresh secret into a circuit's δ and forgets it. One honest contributor suffices.
 *
 * @param from path of the previous contributor's key
 * @param to path to write
 * @param name public name of the contributor
 * @returns blake2b-512 of the contribution, hex, to publish
 */
export function contributeToPhase2(
  from: string,
  to: string,
  name: string,
  logger?: Logger,
): Promise<string> {
  return withThreads(async () =>
    bytesToHex(await zKey.contribute(from, to, name, entropy(), logger)),
  );
}

/**
 * Ends a circuit's phase 2 with public randomness.
 *
 * @returns blake2b-512 of the contribution, hex
 * @throws {InvalidSetupFileError} if the beacon is not hex or its iterations are out of range
 */
export function applyBeaconToPhase2(
  from: string,
  to: string,
  { name, value, iterationsExp }: Beacon,
  logger?: Logger,
): Promise<string> {
  return withThreads(async () => {
    const hash: unknown = await zKey.beacon(from, to, name, value, iterationsExp, logger);
    if (!(hash instanceof Uint8Array)) {
      throw new InvalidSetupFileError({
        file: from,
        expected: "a beacon of 1 to 255 bytes in hex, hashed 2^10 to 2^63 times",
        received: `${value}, 2^${iterationsExp}`,
      });
    }
    return bytesToHex(hash);
  });
}

/**
 * Verifies a circuit's whole phase 2: the key is built anew from the constraint system and the phase-1
 * file, every contribution is followed, and our own checks must find nothing.
 *
 * @throws {InsecureSetupError} if anything does not hold
 */
export async function verifyPhase2(
  files: { r1cs: string; ptau: string; zkey: string },
  logger?: Logger,
): Promise<void> {
  const paths = [files.r1cs, files.ptau, files.zkey];
  // In memory, since snarkjs leaves files open when it finds something.
  const [r1cs, ptau, zkey] = (await Promise.all(paths.map((path) => readFile(path)))) as Three;
  const key = readProvingKey(zkey, files.zkey);
  const findings = [
    ...checkProvingKey(key),
    ...checkConstraints(key, r1cs),
    ...checkKeyOfPtau(key, readPowersOfTau(ptau, files.ptau)),
  ];
  if (findings.length === 0) {
    const holds = await withThreads(() => zKey.verifyFromR1cs(r1cs, ptau, zkey, logger));
    if (!holds) findings.push("the key does not follow from the r1cs, phase 1 and contributions");
  }
  if (findings.length > 0) throw new InsecureSetupError({ subject: files.zkey, findings });
}

type Three = [Buffer, Buffer, Buffer];

/** The verification key that belongs to a proving key (a path, or its bytes), in snarkjs' JSON form. */
export function exportVerificationKey(zkey: string | Uint8Array) {
  return withThreads(() => zKey.exportVerificationKey(zkey));
}

/** snarkjs mixes this with randomness of its own. */
const entropy = () => randomBytes(64).toString("hex");
