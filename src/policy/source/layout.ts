import { type Hex, size } from "viem";
import type { AbiNode, Call } from "./call.ts";

/** What a rule says about a dynamic parameter: its length, and for bytes perhaps the content. */
export interface Shape {
  /** Bytes, or elements. */
  length: number;
  content?: Hex | undefined;
}

/** A word that has to have one value so that the decoder reads what the circuit reads. */
export interface Pin {
  /** "the offset of data", "the length of path", "data, bytes 32 to 64" */
  what: string;
  word: number;
  operand: bigint;
}

/** Where a call's words stand. */
export interface Layout {
  /** Word index by parameter path. */
  words: ReadonlyMap<string, number>;
  pins: readonly Pin[];
  /** Exact length of the calldata in bytes, selector included. */
  dataLength: number;
}

const WORD_BYTES = 32;
const SELECTOR_BYTES = 4;

function headWords(node: AbiNode): number {
  if (node.dynamic || node.kind === "word") return 1;
  return node.children.reduce((total, child) => total + headWords(child), 0);
}

/** The content word `index` of bytes, zero-padded on the right as the ABI encodes it. */
function contentWord(content: Hex, index: number): bigint {
  const digits = content.slice(2 + 64 * index, 2 + 64 * (index + 1)).padEnd(64, "0");
  return BigInt(`0x${digits}`);
}

/**
 * Lays a call out in words as the ABI's canonical encoding does: heads, then tails in order.
 *
 * @param shapes of every dynamic bytes, string and list, by path; lists have their children built
 * @see Solidity's contract ABI specification, "Formal Specification of the Encoding"
 */
export function layOut(call: Call, shapes: ReadonlyMap<string, Shape>): Layout {
  const words = new Map<string, number>();
  const pins: Pin[] = [];

  const placeStatic = (node: AbiNode, start: number): number => {
    if (node.kind === "word") {
      words.set(node.path, start);
      return start + 1;
    }
    return node.children.reduce((next, child) => placeStatic(child, next), start);
  };
  const placeTail = (node: AbiNode, start: number): number => {
    if (node.kind === "tuple" || node.kind === "fixedArray") return placeAll(node.children, start);
    const { length, content } = shapes.get(node.path) ?? { length: 0 };
    pins.push({ what: `the length of ${node.path}`, word: start, operand: BigInt(length) });
    if (node.kind === "list") return placeAll(node.children, start + 1);
    const contentWords = Math.ceil(length / WORD_BYTES);
    for (let index = 0; content !== undefined && index < contentWords; index++) {
      const end = Math.min(WORD_BYTES * (index + 1), size(content));
      const what = `${node.path}, bytes ${WORD_BYTES * index} to ${end}`;
      pins.push({ what, word: start + 1 + index, operand: contentWord(content, index) });
    }
    return start + 1 + contentWords;
  };
  /** Places nodes as one tuple whose head begins at `start`; returns the first word after it. */
  const placeAll = (nodes: readonly AbiNode[], start: number): number => {
    let head = start;
    let tail = start + nodes.reduce((total, node) => total + headWords(node), 0);
    for (const node of nodes) {
      if (!node.dynamic) {
        head = placeStatic(node, head);
        continue;
      }
      const operand = BigInt(WORD_BYTES * (tail - start));
      pins.push({ what: `the offset of ${node.path}`, word: head, operand });
      head += 1;
      tail = placeTail(node, tail);
    }
    return tail;
  };

  const end = placeAll(call.parameters, 0);
  return { words, pins, dataLength: SELECTOR_BYTES + WORD_BYTES * end };
}
