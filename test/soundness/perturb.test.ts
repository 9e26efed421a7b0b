import { describe, expect, test } from "vitest";
import { type CircuitName, circuits } from "../../src/action/circuits.ts";
import { looseWires, touches } from "../support/perturb.ts";
import { type R1cs, violations } from "../support/r1cs.ts";
import { pinnedR1cs, witnesses } from "./circuits.ts";

/**
 * Wires that may change alone in a valid witness:
 * - the hint inside circomlib's IsZero, 1/in, where in is 0: then out = 1 whatever the hint. Here `in` is the
 *   risk answer, and out = 1 is what "no answer" has to give.
 */
const allowedLoose = ["regime.absent.inv"];

/** Bits that have to take both values in the course of the test: the selectors. */
const selectors =
  /^(leaf\.flags\.|path\.bit|regime\.(calm|elevated|stressed|absent\.out|reaches)|charges\.slot\[\d\]\.(chosen|leaked\.(hint|negative))|schedule\.weekday\.out)/;

/**
 * Selectors with one value in every witness of a tier or size: word indices past the last word, which
 * the circuit refuses.
 */
function isPinned(circuit: CircuitName, name: string): boolean {
  if (circuits[circuit].words === 32) return false;
  const bit = /^leaf\.(?:flags\.(?:out|decomposition\.out)\[(\d+)\])/.exec(name)?.[1];
  const offsets = [0, 6, 13, 20, 27, 34];
  return (
    bit !== undefined && offsets.some((at) => Number(bit) === at + 3 || Number(bit) === at + 4)
  );
}

function selectorWires(r1cs: R1cs): Map<number, string> {
  const found = new Map<number, string>();
  r1cs.names.forEach((names, wire) => {
    const name = names.map((full) => full.replace(/^main\./, "")).find((n) => selectors.test(n));
    if (name !== undefined) found.set(wire, name);
  });
  return found;
}

describe.each(Object.keys(circuits) as CircuitName[])("%s", (circuit) => {
  test("no wire of a valid witness can change alone, to any value", async () => {
    const r1cs = await pinnedR1cs(circuit);
    const touchesOf = touches(r1cs);
    const selectorsLeft = selectorWires(r1cs);
    const seen = new Map<number, bigint>();
    let count = 0;
    for await (const { name, witness } of witnesses(circuit, 8)) {
      expect(witness).toHaveLength(r1cs.wires);
      expect(violations(r1cs, witness), name).toEqual([]);
      const loose = looseWires(r1cs, touchesOf, witness, r1cs.publicWires + 1);
      const unexpected = loose.filter((wire) => !allowedLoose.includes(wire.name));
      expect(unexpected, name).toEqual([]);
      for (const wire of selectorsLeft.keys()) {
        const value = witness[wire] as bigint;
        if (seen.has(wire) && seen.get(wire) !== value) selectorsLeft.delete(wire);
        seen.set(wire, value);
      }
      count++;
    }
    const oneSided = [...selectorsLeft.values()].filter((name) => !isPinned(circuit, name));
    expect(oneSided, "selectors that kept one value").toEqual([]);
    expect(count).toBeGreaterThan(8);
  }, 300_000);
});
