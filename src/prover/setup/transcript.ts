import { z } from "zod";
import { InvalidSetupFileError } from "../../errors/setup.ts";
import { isDevelopmentKey } from "./developmentMark.ts";
import type { ProvingKey } from "./zkey.ts";

const schema = z.object({
  circuit: z.string(),
  setup: z.enum(["development", "ceremony"]),
  /** ISO date of the last step. */
  date: z.iso.date(),
  tool: z.string(),
  r1csSha256: z.string(),
  ptau: z.object({ file: z.string(), sha256: z.string() }),
  /** blake2b-512 of the key before any contribution. */
  circuitHash: z.string(),
  contributions: z.array(
    z.object({
      name: z.string(),
      /** blake2b-512 that the contributor published. */
      hash: z.string(),
      beacon: z.object({ value: z.string(), iterationsExp: z.int() }).optional(),
    }),
  ),
  zkeySha256: z.string(),
});

/** The public record of a circuit's phase 2. */
export type Transcript = z.infer<typeof schema>;

/**
 * The record of the ceremony that a proving key went through.
 *
 * @param about what the key itself does not say
 */
export function transcriptOf(
  key: ProvingKey,
  about: Omit<Transcript, "circuitHash" | "contributions">,
): Transcript {
  const { circuit, setup, date, tool, r1csSha256, ptau, zkeySha256 } = about;
  const { circuitHash } = key;
  const contributions = key.contributions.map(({ name, hash, beacon }) => ({ name, hash, beacon }));
  return { circuit, setup, date, tool, r1csSha256, ptau, circuitHash, contributions, zkeySha256 };
}

/**
 * Reads a transcript.
 *
 * @throws {InvalidSetupFileError} if it has another form
 */
export function parseTranscript(json: unknown, name: string): Transcript {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new InvalidSetupFileError({
    file: name,
    expected: "a ceremony transcript",
    received: z.prettifyError(parsed.error),
  });
}

/**
 * Compares a transcript with the proving key it is about: every contribution, in order.
 *
 * @param minimumContributions how many contributions there must be before the beacon
 * @returns what is wrong, in words; empty if nothing is
 */
export function checkTranscript(
  transcript: Transcript,
  key: ProvingKey,
  minimumContributions = 2,
): string[] {
  const recorded = transcriptOf(key, transcript);
  const findings: string[] = [];
  if (recorded.circuitHash !== transcript.circuitHash) {
    findings.push("the transcript is about another circuit's key");
  }
  if (JSON.stringify(recorded.contributions) !== JSON.stringify(transcript.contributions)) {
    findings.push("the transcript's contributions are not the key's");
  }
  if (transcript.setup === "ceremony" && isDevelopmentKey(key)) {
    findings.push("the key is marked as a development key, the transcript calls it a ceremony's");
  }
  const people = key.contributions.filter(({ beacon }) => beacon === undefined);
  if (people.length < minimumContributions) {
    findings.push(`${people.length} contributions, expected at least ${minimumContributions}`);
  }
  if (key.contributions.at(-1)?.beacon === undefined) {
    findings.push("the ceremony does not end with a beacon");
  }
  return findings;
}
