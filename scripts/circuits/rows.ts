import { Reader, readSections } from "../../src/prover/setup/binFile.ts";
import { readR1csHeader } from "../../src/prover/setup/r1cs.ts";

/** For each wire the components of the main template in which it has a name. */
function componentsByWire(sym: string): Map<number, string[]> {
  const wires = new Map<number, string[]>();
  for (const line of sym.trimEnd().split("\n")) {
    const [, wire, , label] = line.split(",") as [string, string, string, string];
    // main.amount.read.low → amount; the main template's own signals belong to no component.
    const path = label.split(".");
    const component = path.length > 2 ? (path[1] as string) : undefined;
    if (component === undefined) continue;
    const known = wires.get(Number(wire)) ?? [];
    if (!known.includes(component)) known.push(component);
    wires.set(Number(wire), known);
  }
  return wires;
}

/** The wires of each row, each once. */
function* wiresByRow(r1cs: Uint8Array, rows: number): Generator<Set<number>> {
  const reader = new Reader(readSections(r1cs, "r1cs", "circuit").get(2), "circuit");
  for (let row = 0; row < rows; row++) {
    const wires = new Set<number>();
    for (let combination = 0; combination < 3; combination++) {
      for (let terms = reader.uint32(); terms > 0; terms--) {
        wires.add(reader.uint32());
        reader.bytes(32);
      }
    }
    yield wires;
  }
}

/**
 * How many rows each component of the main template costs.
 *
 * Simplification merges rows and renames wires across templates, so this is an attribution, not a
 * count: a row belongs to the component that knows most of its wires by a name of its own, and among
 * equals to the first.
 *
 * @param r1cs the constraint system
 * @param sym the compiler's list of wires and their names
 * @param components of the main template, in its order
 * @returns row counts by component; they add up to all rows
 */
export function rowsPerComponent(
  r1cs: Uint8Array,
  sym: string,
  components: readonly string[],
): Record<string, number> {
  const wires = componentsByWire(sym);
  const counts: Record<string, number> = Object.fromEntries(components.map((name) => [name, 0]));
  const { rows } = readR1csHeader(r1cs, "circuit");
  for (const rowWires of wiresByRow(r1cs, rows)) {
    const votes = new Map<string, number>();
    for (const wire of rowWires) {
      for (const name of wires.get(wire) ?? []) votes.set(name, (votes.get(name) ?? 0) + 1);
    }
    const winner = components.reduce((best, name) =>
      (votes.get(name) ?? 0) > (votes.get(best) ?? 0) ? name : best,
    );
    counts[winner] = (counts[winner] as number) + 1;
  }
  return counts;
}
