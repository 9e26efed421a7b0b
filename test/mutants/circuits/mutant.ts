import type { CircuitInput } from "../../../src/witness/witness.ts";
import type { Forgery } from "../../soundness/forgeries.ts";
import type { Patch } from "../../support/compile.ts";

/** A gadget compiled alone: with Poseidon, or to reach what the other restrictions shield. */
export interface Gadget {
  /** The file with `component main`, as if it stood in circuits/main/. */
  main: string;
  /** Hints of the attacker. */
  hints?: Patch[];
  input: CircuitInput;
  /** What the circuit must make of it: its outputs, or a refusal. */
  expected: bigint[] | "refused";
}

/** A planted bug. */
export interface Mutant {
  /** The bug, as a reviewer would report it. */
  name: string;
  patches: Patch[];
  /** The forged witness that the bug lets through, where the honest generator shows nothing. */
  attack?: Forgery;
  /** The gadget to try, where the statement as a whole shows nothing. */
  gadget?: Gadget;
}

/** A bug in one place. */
export function plant(
  name: string,
  file: string,
  find: string,
  replace: string,
  more: Pick<Mutant, "attack" | "gadget"> = {},
): Mutant {
  return { name, patches: [{ file, find, replace }], ...more };
}
