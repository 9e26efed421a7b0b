import { randomBytes } from "node:crypto";
import { bytesToBigInt } from "viem";
import { mod } from "./field.ts";

/** 512 bits reduced mod p: the distance from uniform is below 2^-257. */
const WIDE_BYTES = 64;

/** A uniform field element from the system's randomness: a policy's salt. */
export function randomFieldElement(): bigint {
  return mod(bytesToBigInt(randomBytes(WIDE_BYTES)));
}
