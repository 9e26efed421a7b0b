import type { Reader } from "./binFile.ts";

/** How a contribution describes itself in a ceremony file. */
export interface ContributionLabel {
  name: string;
  /** Set for the beacon that ends a ceremony: public randomness, hashed 2^iterationsExp times. */
  beacon?: { value: string; iterationsExp: number } | undefined;
}

/** Reads the type and parameters that follow the points of a contribution in zkey and ptau files. */
export function readLabel(reader: Reader): ContributionLabel {
  const isBeacon = reader.uint32() === 1;
  const length = reader.uint32();
  const end = reader.remaining - length;
  let name = "";
  let iterationsExp = 0;
  let value = "";
  while (reader.remaining > end) {
    const kind = reader.uint8();
    if (kind === 1) name = new TextDecoder().decode(reader.bytes(reader.uint8()));
    else if (kind === 2) iterationsExp = reader.uint8();
    else value = Buffer.from(reader.bytes(reader.uint8())).toString("hex");
  }
  return { name, beacon: isBeacon ? { value, iterationsExp } : undefined };
}
