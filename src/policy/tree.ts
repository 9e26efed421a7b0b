import { hash } from "../field/poseidon.ts";
import { MAX_RULES } from "./policy.ts";

const ARITY = 4;
/** Levels between a leaf and the root. */
export const TREE_DEPTH = 4;
const EMPTY_LEAF = 0n;

/** A leaf's way to the root: on each level all four children and which of them is on the way. */
export interface MerklePath {
  /** From the leaves up: four siblings, the node itself among them. */
  children: bigint[][];
  /** From the leaves up: the node's place, 0 to 3. */
  positions: number[];
}

/**
 * All levels of the 4-ary rule tree, leaves first, the root last.
 *
 * @param leaves at most 256 field elements; the rest is empty (0)
 * @see docs/PROTOCOL.md §4
 */
export function treeLevels(leaves: readonly bigint[]): bigint[][] {
  if (leaves.length > MAX_RULES) throw new RangeError(`a policy holds ${MAX_RULES} rules`);
  const padded = [...leaves, ...Array<bigint>(MAX_RULES - leaves.length).fill(EMPTY_LEAF)];
  const levels = [padded];
  const memo = new Map<string, bigint>();
  for (let level = padded; level.length > 1; ) {
    const parents: bigint[] = [];
    for (let i = 0; i < level.length; i += ARITY) {
      const children = level.slice(i, i + ARITY);
      const key = children.join();
      const parent = memo.get(key) ?? hash("node", children);
      memo.set(key, parent);
      parents.push(parent);
    }
    levels.push(parents);
    level = parents;
  }
  return levels;
}

/** The Merkle path of leaf `index`, as the circuit reads it. */
export function merklePath(levels: readonly bigint[][], index: number): MerklePath {
  const path: MerklePath = { children: [], positions: [] };
  for (let depth = 0, at = index; depth < TREE_DEPTH; depth++, at = Math.floor(at / ARITY)) {
    const first = at - (at % ARITY);
    path.children.push((levels[depth] as bigint[]).slice(first, first + ARITY));
    path.positions.push(at % ARITY);
  }
  return path;
}
