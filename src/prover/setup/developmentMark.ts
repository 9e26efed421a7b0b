/**
 * What tells a development key from a ceremony's, inside the key: the name of its one contribution, for
 * people, and the first half of the circuit hash. Every contribution's transcript begins with that hash,
 * and its point in G2 is drawn from the transcript and multiplied by a secret that nobody has any more:
 * the mark survives later contributions, and cannot be taken off without the record ceasing to hold.
 */
import { blake2b } from "@noble/hashes/blake2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { ProvingKey } from "./zkey.ts";

/** The name of a development key's contribution. */
export const DEVELOPMENT_CONTRIBUTION = "zkmandate development setup, insecure";

const MARK = blake2b(utf8ToBytes(DEVELOPMENT_CONTRIBUTION), { dkLen: 32 });

/** The 64 bytes that a development key has in the place of the circuit hash: the mark, and the circuit's hash. */
export function developmentCircuitHash(r1cs: Uint8Array): Uint8Array {
  return concatBytes(MARK, blake2b(r1cs, { dkLen: 32 }));
}

/** Whether one machine made this key and could have kept what forges proofs, whatever was contributed since. */
export function isDevelopmentKey({
  circuitHash,
  contributions,
}: Pick<ProvingKey, "circuitHash" | "contributions">): boolean {
  return (
    circuitHash.startsWith(bytesToHex(MARK)) ||
    contributions.some(({ name }) => name === DEVELOPMENT_CONTRIBUTION)
  );
}
