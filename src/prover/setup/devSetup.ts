import { blake2b } from "@noble/hashes/blake2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { ChaCha } from "ffjavascript";
import { FIELD_ORDER } from "../../field/field.ts";
import { POINT_BYTES } from "../kernel/layout.ts";
import { Reader, writeSections } from "./binFile.ts";
import { DEVELOPMENT_CONTRIBUTION, developmentCircuitHash } from "./developmentMark.ts";
import { createGeneratorMultiplier, type GeneratorMultiplier } from "./generators.ts";
import { groth16Sections, uint32 } from "./groth16Key.ts";
import { readG1, uncompressedG1 } from "./points.ts";
import { type QapSizes, qapSizes } from "./qap.ts";
import { drawToxicWaste, randomScalar } from "./toxicWaste.ts";

/** A circuit's key, and how large it is. */
export interface DevelopmentKey extends QapSizes {
  /** A snarkjs zkey file. */
  zkey: Uint8Array;
}

/**
 * Makes a circuit's proving key on this machine alone, without powers of tau: seconds where a ceremony
 * takes minutes.
 *
 * The secrets are drawn, used and dropped here. Nobody else can know that they were: the key says inside
 * that it is a development key (`isDevelopmentKey`), and production mode refuses it.
 *
 * @param r1cs bytes of the constraint system, over BN254
 * @param name how errors call the file
 * @throws {InvalidSetupFileError} if the constraint system is not usable
 *
 * @example
 * const { zkey } = await developmentSetup(await readFile("circuit.r1cs"), "circuit.r1cs");
 * await writeFile("circuit.zkey", zkey);
 */
export async function developmentSetup(r1cs: Uint8Array, name: string): Promise<DevelopmentKey> {
  const sizes = qapSizes(r1cs, name);
  const multiplier = await createGeneratorMultiplier();
  const secrets = drawToxicWaste(sizes.domainSize);
  const sections = new Map(await groth16Sections(r1cs, name, secrets, multiplier));
  const circuitHash = developmentCircuitHash(r1cs);
  sections.set(10, await ceremonyRecord(circuitHash, secrets.delta, multiplier));
  return { ...sizes, zkey: writeSections("zkey", 1, sections) };
}

/**
 * Section 10: the circuit hash, then the record of the one contribution that made δ from 1, as a
 * contributor of snarkjs proves knowledge of it: s and s·δ in G1 for a random s, and δ times a point of
 * G2 that is hashed from all before it.
 */
async function ceremonyRecord(
  circuitHash: Uint8Array,
  delta: bigint,
  { curve, multiply }: GeneratorMultiplier,
): Promise<Uint8Array> {
  const s = randomScalar();
  const points = await multiply("g1", [delta, s, (s * delta) % FIELD_ORDER]);
  const [deltaAfter, g1S, g1SX] = [0, 1, 2].map((i) =>
    points.subarray(i * POINT_BYTES.g1, (i + 1) * POINT_BYTES.g1),
  ) as [Uint8Array, Uint8Array, Uint8Array];
  const hashed = (point: Uint8Array) => uncompressedG1(readG1(new Reader(point, "a point")));
  const transcript = blake2b(concatBytes(circuitHash, hashed(g1S), hashed(g1SX)), { dkLen: 64 });
  const view = new DataView(transcript.buffer, transcript.byteOffset);
  const seed = Array.from({ length: 8 }, (_, i) => view.getUint32(4 * i));
  const { G2 } = curve;
  const g2SX = G2.toAffine(G2.timesScalar(G2.fromRng(new ChaCha(seed)), delta));
  const label = utf8ToBytes(DEVELOPMENT_CONTRIBUTION);
  return concatBytes(
    circuitHash,
    uint32(1), // contributions
    deltaAfter,
    g1S,
    g1SX,
    g2SX.subarray(0, POINT_BYTES.g2),
    transcript,
    uint32(0), // a contribution, not a beacon
    uint32(2 + label.length),
    Uint8Array.of(1, label.length), // its name
    label,
  );
}
