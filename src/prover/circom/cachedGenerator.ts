/**
 * §6 Specialised generators, kept on disk between processes: making one takes longer than a proof, and it
 * depends on nothing but the generator, the machine and the algorithm.
 *
 * A file's content is eight little-endian 32-bit words, the patched module, and the machine's image:
 *
 *     bytes of the module, bytes of the image, base, stackStart, tableEntries, witness map, wires, signals
 *
 * Nothing secret is in it: the machine remembers inputs in an instance's memory only.
 */
import { type CacheFile, readCacheFile, sha256, writeCacheFile } from "../cacheFile.ts";
import { machineCode, type SpecializedGenerator } from "./attachMachine.ts";
import { specializeGenerator } from "./specialize.ts";

/**
 * Of what specialize.ts makes of a generator, and of the form in which it is kept: raised when either
 * changes, which a test notices.
 */
const VERSION = 1;
const WORDS = 8;
const HEAD_BYTES = 4 * WORDS;

/**
 * Patches a witness generator, or reads what was made of it before.
 *
 * @param wasm made by circom
 * @param directory of the cache; undefined for none
 * @returns as `specializeGenerator` does
 */
export function loadSpecializedGenerator(
  wasm: Uint8Array,
  directory: string | undefined,
): SpecializedGenerator | undefined {
  if (directory === undefined) return specializeGenerator(wasm);
  const file = generatorFile(wasm, directory);
  const known = read(file);
  if (known !== undefined) return known;
  const made = specializeGenerator(wasm);
  if (made !== undefined) writeCacheFile(file, ...encode(made));
  return made;
}

/** Where a generator's specialised form is kept. */
export function generatorFile(
  wasm: Uint8Array,
  directory: string,
  version: number = VERSION,
): CacheFile {
  const owner = sha256(Buffer.from(`${version}\0`), sha256(machineCode()), wasm);
  return { directory, kind: "generator", owner };
}

/** The parts of a file's content. */
export function encode({
  wasm,
  image,
  base,
  stackStart,
  tableEntries,
  witness,
}: SpecializedGenerator): [head: Uint8Array, wasm: Uint8Array, image: Uint8Array] {
  const head = new DataView(new ArrayBuffer(HEAD_BYTES));
  const { map, wires, signals } = witness;
  [wasm.length, image.length, base, stackStart, tableEntries, map, wires, signals].forEach(
    (word, k) => {
      head.setUint32(4 * k, word, true);
    },
  );
  return [new Uint8Array(head.buffer), wasm, image];
}

function read(file: CacheFile): SpecializedGenerator | undefined {
  let content = new Uint8Array();
  const isKnown = readCacheFile(file, (bytes) => {
    content = new Uint8Array(bytes);
    return content;
  });
  return isKnown ? decode(content) : undefined;
}

/** @returns undefined if the parts have other lengths than the head says */
function decode(content: Uint8Array<ArrayBuffer>): SpecializedGenerator | undefined {
  if (content.length < HEAD_BYTES) return undefined;
  const head = new DataView(content.buffer);
  const word = (k: number) => head.getUint32(4 * k, true);
  const imageStart = HEAD_BYTES + word(0);
  if (content.length !== imageStart + word(1)) return undefined;
  return {
    wasm: content.subarray(HEAD_BYTES, imageStart),
    image: content.subarray(imageStart),
    base: word(2),
    stackStart: word(3),
    tableEntries: word(4),
    witness: { map: word(5), wires: word(6), signals: word(7) },
  };
}
