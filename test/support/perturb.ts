import { mod } from "../../src/field/field.ts";
import { inverse, type LinearCombination, nameOf, type R1cs, type Sides, sidesOf } from "./r1cs.ts";

/** A wire's coefficients in one constraint. */
interface Touch {
  constraint: number;
  left: bigint;
  right: bigint;
  output: bigint;
}

/** For every wire the constraints it stands in; computed once for a circuit. */
export function touches({ wires, constraints }: R1cs): Touch[][] {
  const byWire = Array.from({ length: wires }, (): Map<number, Touch> => new Map());
  constraints.forEach((sides, constraint) => {
    for (const side of ["left", "right", "output"] as const) {
      const { wires, coefficients }: LinearCombination = sides[side];
      wires.forEach((wire, i) => {
        const ofWire = byWire[wire] as Map<number, Touch>;
        const touch = ofWire.get(constraint) ?? { constraint, left: 0n, right: 0n, output: 0n };
        touch[side] = mod(touch[side] + (coefficients[i] as bigint));
        ofWire.set(constraint, touch);
      });
    }
  });
  return byWire.map((ofWire) => [...ofWire.values()]);
}

/** A wire that may change alone: to one other value, or to any. */
export interface LooseWire {
  wire: number;
  name: string;
  value: bigint;
  /** The other value that satisfies every constraint; undefined if every value does. */
  other: bigint | undefined;
}

/**
 * The changes δ ≠ 0 of one wire that leave a constraint satisfied. With (l, r, o) the wire's coefficients
 * and (L, R, O) the sides' values, (L + lδ)(R + rδ) = O + oδ is δ·(lr·δ + lR + rL − o) = 0.
 *
 * @returns "any", or the one δ that does, or undefined for none
 */
function harmlessChange(touch: Touch, sides: Sides): "any" | bigint | undefined {
  const { constraint, left, right, output } = touch;
  const quadratic = mod(left * right);
  const linear = mod(
    left * (sides.right[constraint] as bigint) +
      right * (sides.left[constraint] as bigint) -
      output,
  );
  if (linear === 0n) return quadratic === 0n ? "any" : undefined;
  return quadratic === 0n ? undefined : mod(-linear * inverse(quadratic));
}

/**
 * Every wire of a valid witness whose value can be exchanged alone, over all field elements: +1, −1, 0, 1,
 * the negative, p − w and every other value at once.
 *
 * @param from the first wire to look at; wires before it are the constant and the public inputs
 */
export function looseWires(
  r1cs: R1cs,
  touchesOf: readonly Touch[][],
  witness: readonly bigint[],
  from: number,
): LooseWire[] {
  const sides = sidesOf(r1cs, witness);
  const loose: LooseWire[] = [];
  for (let wire = from; wire < r1cs.wires; wire++) {
    let change: "any" | bigint | undefined = "any";
    for (const touch of touchesOf[wire] as Touch[]) {
      const here = harmlessChange(touch, sides);
      if (here === "any") continue;
      if (here === undefined || (change !== "any" && change !== here)) {
        change = undefined;
        break;
      }
      change = here;
    }
    if (change === undefined) continue;
    const value = witness[wire] as bigint;
    const other = change === "any" ? undefined : mod(value + change);
    loose.push({ wire, name: nameOf(r1cs, wire), value, other });
  }
  return loose;
}
