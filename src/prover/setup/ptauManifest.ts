import { createHash } from "node:crypto";
import { copyFile, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { blake2b } from "@noble/hashes/blake2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { z } from "zod";
import { circuits } from "../../action/circuits.ts";
import { InsecureSetupError, InvalidSetupFileError } from "../../errors/setup.ts";
import { assertPrepared, checkPowersOfTau, readPowersOfTau } from "./ptau.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const blake2b512 = z.string().regex(/^[0-9a-f]{128}$/);
const installed = z.object({
  /** Relative to the manifest's folder. */
  file: z.string(),
  /** `development`: made by this project, by one party. `public`: a published ceremony's. */
  kind: z.enum(["development", "public"]),
  name: z.string(),
  power: z.int().positive(),
  bytes: z.int().positive(),
  sha256,
  blake2b512,
  /** When it was made or installed. */
  date: z.iso.date(),
  tool: z.string(),
  contributions: z.array(
    z.object({
      name: z.string(),
      /** blake2b-512 of the response; not kept for public files. */
      hash: blake2b512.optional(),
      beacon: z.object({ value: z.string(), iterationsExp: z.int() }).optional(),
    }),
  ),
});
const published = z.object({
  name: z.string(),
  file: z.string(),
  power: z.int().positive(),
  sha256: sha256.optional(),
  blake2b512: blake2b512.optional(),
  /** How far the hash can be relied upon. */
  source: z.string(),
});
const manifest = z.object({
  version: z.literal(1),
  /** The phase-1 file that circuits' keys are made from. */
  installed,
  /** Public phase-1 files that may take its place, by their published hashes. */
  published: z.array(published),
});

export type PtauManifest = z.infer<typeof manifest>;
export type InstalledPtau = z.infer<typeof installed>;
export type PublishedPtau = z.infer<typeof published>;

/** Where this package's phase-1 file and its manifest are. */
export const ptauDirectory = fileURLToPath(new URL("../../../ptau/", import.meta.url));
const MANIFEST_FILE = "manifest.json";

/** The smallest power that every circuit's domain fits: rows, the public inputs and the constant. */
export const requiredPower = Math.max(
  ...Object.values(circuits).map(({ maxRows }) => Math.ceil(Math.log2(maxRows + 4))),
);

/**
 * Reads the manifest of the phase-1 folder.
 *
 * @param directory this package's own unless told
 * @throws {InvalidSetupFileError} if it has another form
 */
export async function readPtauManifest(directory = ptauDirectory): Promise<PtauManifest> {
  const file = join(directory, MANIFEST_FILE);
  const parsed = manifest.safeParse(JSON.parse(await readFile(file, "utf8")));
  if (parsed.success) return parsed.data;
  throw new InvalidSetupFileError({
    file,
    expected: "a phase-1 manifest, version 1",
    received: z.prettifyError(parsed.error),
  });
}

/** Writes the manifest whole or not at all. */
export async function writePtauManifest(
  content: PtauManifest,
  directory = ptauDirectory,
): Promise<void> {
  const file = join(directory, MANIFEST_FILE);
  await writeFile(`${file}.tmp`, `${JSON.stringify(manifest.parse(content), undefined, 2)}\n`);
  await rename(`${file}.tmp`, file);
}

/** A file's size and hashes, as manifests keep them. */
export function ptauHashes(bytes: Uint8Array) {
  return {
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    blake2b512: bytesToHex(blake2b(bytes)),
  };
}

/**
 * Compares the installed phase-1 file with its manifest and looks for what would let someone forge.
 *
 * @returns path of the file and what the manifest says of it
 * @throws {InvalidSetupFileError} if its bytes are others, or it is too small
 * @throws {InsecureSetupError} if proofs could be forged under keys made from it
 */
export async function installedPtau(directory = ptauDirectory) {
  const entry = (await readPtauManifest(directory)).installed;
  const path = join(directory, entry.file);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new InvalidSetupFileError({
      file: path,
      expected: "the installed phase-1 file",
      received: cause instanceof Error ? cause.message : "no file",
    });
  });
  const { sha256 } = ptauHashes(bytes);
  if (sha256 !== entry.sha256) {
    throw new InvalidSetupFileError({
      file: path,
      expected: `sha256 ${entry.sha256}`,
      received: `sha256 ${sha256}`,
    });
  }
  assertSound(bytes, path);
  return { path, entry };
}

function assertSound(bytes: Uint8Array, name: string) {
  const file = readPowersOfTau(bytes, name);
  const findings = checkPowersOfTau(file);
  if (findings.length > 0) throw new InsecureSetupError({ subject: name, findings });
  assertPrepared(file, name, requiredPower);
  return file;
}

/**
 * Puts a public ceremony's phase-1 file in the place of the installed one. All circuits' keys must be
 * made anew from it afterwards.
 *
 * @param path a Perpetual-Powers-of-Tau or Hermez file, prepared for phase 2
 * @param directory the phase-1 folder; this package's own unless told
 * @returns what the manifest now says
 * @throws {InvalidSetupFileError} if its hash is none of the published ones, or it is too small
 * @throws {InsecureSetupError} if proofs could be forged under keys made from it
 *
 * @example
 * await usePublicPtau("powersOfTau28_hez_final_14.ptau");
 */
export async function usePublicPtau(
  path: string,
  directory = ptauDirectory,
): Promise<InstalledPtau> {
  const current = await readPtauManifest(directory);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new InvalidSetupFileError({
      file: path,
      expected: "a public phase-1 file",
      received: cause instanceof Error ? cause.message : "no file",
      cause,
    });
  });
  const hashes = ptauHashes(bytes);
  const known = current.published.find(
    (candidate) => candidate.sha256 === hashes.sha256 || candidate.blake2b512 === hashes.blake2b512,
  );
  if (known === undefined) throw unknownFile(path, hashes, current.published);

  const { power, contributions } = assertSound(bytes, path);
  const entry: InstalledPtau = {
    file: known.file,
    kind: "public",
    name: known.name,
    power,
    ...hashes,
    date: new Date().toISOString().slice(0, 10),
    tool: "public ceremony",
    contributions,
  };
  const target = join(directory, known.file);
  await copyFile(path, `${target}.tmp`);
  await rename(`${target}.tmp`, target);
  await writePtauManifest({ ...current, installed: entry }, directory);
  return entry;
}

function unknownFile(
  path: string,
  hashes: ReturnType<typeof ptauHashes>,
  candidates: readonly PublishedPtau[],
): InvalidSetupFileError {
  const namesake = candidates.find(({ file }) => file === basename(path));
  const described = ({ file, sha256, blake2b512 }: PublishedPtau) =>
    `${file} (${sha256 ? `sha256 ${sha256}` : `blake2b-512 ${blake2b512}`})`;
  return new InvalidSetupFileError({
    file: path,
    expected: (namesake ? [namesake] : candidates).map(described).join(", or "),
    received: `${hashes.bytes} bytes, sha256 ${hashes.sha256}, blake2b-512 ${hashes.blake2b512}`,
  });
}
