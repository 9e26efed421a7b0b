import { randomBytes } from "node:crypto";
import { FIELD_ORDER } from "../../field/field.ts";
import { readInteger, SCALAR_BYTES } from "./layout.ts";

/** The two scalars that hide the witness in a proof; used for one proof only. Secret. */
export interface Blinding {
  r: bigint;
  s: bigint;
}

/** What hides the witness instead in a rescaled proof (`assembleRescaled`). Secret. */
export interface Rescaling {
  s: bigint;
  /** Not 0. */
  scale: bigint;
}

/** Bits of the field's order. */
const MASK = (1n << 254n) - 1n;

/** A uniform scalar: 254 bits of the system's randomness, drawn again while they are not below the order. */
function randomScalar(): bigint {
  for (;;) {
    const bytes = randomBytes(SCALAR_BYTES);
    const value = readInteger(bytes) & MASK;
    bytes.fill(0);
    if (value < FIELD_ORDER) return value;
  }
}

/** Fresh blinding for one proof. */
export function randomBlinding(): Blinding {
  return { r: randomScalar(), s: randomScalar() };
}

/** Fresh rescaling for one proof. */
export function randomRescaling(): Rescaling {
  for (;;) {
    const scale = randomScalar();
    if (scale !== 0n) return { s: randomScalar(), scale };
  }
}
