import { InvalidSetupFileError } from "../../errors/setup.ts";

/** The sections of an iden3 binary file by their number. */
export type Sections = ReadonlyMap<number, Uint8Array>;

/**
 * Reads the container that r1cs, zkey and ptau files share: four letters, then little-endian u32
 * version and section count, then for each section its u32 number, u64 length and bytes.
 *
 * @param name how errors call the file
 * @throws {InvalidSetupFileError} if it is another kind of file, is truncated, or repeats a section
 * @see https://github.com/iden3/binfileutils
 */
export function readSections(bytes: Uint8Array, type: string, name: string): Sections {
  const fail = (received: string) =>
    new InvalidSetupFileError({ file: name, expected: `a complete ${type} file`, received });
  if (bytes.length < 12) throw fail(`${bytes.length} bytes`);
  const magic = new TextDecoder("latin1").decode(bytes.subarray(0, 4));
  if (magic !== type) throw fail(`a file that starts with ${JSON.stringify(magic)}`);

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(8, true);
  const sections = new Map<number, Uint8Array>();
  let position = 12;
  for (let i = 0; i < count; i++) {
    if (position + 12 > bytes.length) throw fail(`it ends in section ${i + 1} of ${count}`);
    const id = view.getUint32(position, true);
    const length = Number(view.getBigUint64(position + 4, true));
    position += 12;
    if (position + length > bytes.length) throw fail(`it ends in section ${i + 1} of ${count}`);
    if (sections.has(id)) throw fail(`section ${id} twice`);
    sections.set(id, bytes.subarray(position, position + length));
    position += length;
  }
  if (position !== bytes.length) throw fail(`${bytes.length - position} bytes after the end`);
  return sections;
}

/** The container with these sections, in the order given: what `readSections` reads. */
export function writeSections(type: string, version: number, sections: Sections): Buffer {
  const head = Buffer.alloc(12);
  head.write(type, "latin1");
  head.writeUInt32LE(version, 4);
  head.writeUInt32LE(sections.size, 8);
  const parts: Uint8Array[] = [head];
  for (const [id, bytes] of sections) {
    const frame = Buffer.alloc(12);
    frame.writeUInt32LE(id);
    frame.writeBigUInt64LE(BigInt(bytes.length), 4);
    parts.push(frame, bytes);
  }
  return Buffer.concat(parts);
}

/** Reads little-endian values one after the other, and never past the end. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  #position = 0;

  constructor(bytes: Uint8Array | undefined, name: string) {
    if (bytes === undefined) throw Reader.#truncated(name);
    this.#bytes = bytes;
    this.#name = name;
  }

  static #truncated(name: string) {
    return new InvalidSetupFileError({
      file: name,
      expected: "every section, complete",
      received: "a missing or short section",
    });
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  bytes(length: number): Uint8Array {
    if (length > this.remaining) throw Reader.#truncated(this.#name);
    this.#position += length;
    return this.#bytes.subarray(this.#position - length, this.#position);
  }

  uint8(): number {
    return this.bytes(1)[0] as number;
  }

  uint32(): number {
    const bytes = this.bytes(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }

  /** An integer of `length` bytes. */
  integer(length: number): bigint {
    return littleEndian(this.bytes(length));
  }

  /** A length of 4 bytes in bytes, and an integer of so many bytes: how a field's order is written. */
  order(): bigint {
    const length = this.uint32();
    return this.integer(length);
  }
}

/** The integer that little-endian bytes stand for. */
export function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex") || "0"}`);
}
