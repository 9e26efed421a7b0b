/**
 * Butterflies of the number-theoretic transform, two transforms in the two lanes, and the chain of
 * bounds through the stages.
 *
 * Cooley–Tukey (decimation in time): (a, b) → (a + w·b, a − w·b). Gentleman–Sande (decimation in
 * frequency): (a, b) → (a + b, (a − b)·w). Sums are left uncarried as long as the next product
 * stays exact: `plain` stages follow each other, then a `tidy` one reduces and carries.
 * `PLAIN_TIME` and `PLAIN_FREQUENCY` plain stages are proven here; the drivers take the numbers
 * from the generated constants.
 */
import { type Bounds, centredBounds, type Element, storedBounds, widest } from "./element.ts";
import type { Field } from "./field.ts";
import { add, carry, reduce, subtract } from "./linear.ts";
import { multiplyTwo } from "./multiplication.ts";
import { Program } from "./program.ts";

/** Plain decimation-in-time stages before a tidy one. */
export const PLAIN_TIME = 3;
/** Plain decimation-in-frequency stages before a tidy one. */
export const PLAIN_FREQUENCY = 1;

type Kind = "time" | "frequency";

export function emitButterflies(program: Program, field: Field): void {
  for (const [kind, plain] of [
    ["time", PLAIN_TIME],
    ["frequency", PLAIN_FREQUENCY],
  ] as const) {
    // The bounds after 0, 1, … plain stages; the emitted code must hold for the widest of them.
    const bounds: Bounds[] = [storedBounds(field)];
    for (let stage = 0; stage < plain; stage++) {
      const input = bounds[stage] as Bounds;
      bounds.push(emitLoop(new Program(), field, kind, "plain", input));
    }
    emitLoop(program, field, kind, "plain", bounds[plain - 1] as Bounds);
    emitLoop(program, field, kind, "tidy", bounds[plain] as Bounds);
  }
}

/**
 * Emits the loop over all butterflies of a stage that use one twiddle, for two twiddles at once.
 *
 * @returns bounds of what it writes
 */
function emitLoop(
  program: Program,
  field: Field,
  kind: Kind,
  style: "plain" | "tidy",
  input: Bounds,
): Bounds {
  let output: Bounds = storedBounds(field);
  program.function(
    `${kind}_${style}(first: usize, firstTwiddle: usize, second: usize, secondTwiddle: usize, distance: usize, stride: usize, count: i32): void`,
    () => {
      const twiddle = centredBounds(field);
      const w0 = program.loadShared("w", "firstTwiddle", twiddle);
      const w1 = program.loadShared("w", "secondTwiddle", twiddle);
      program.line(
        "  for (let i = 0; i < count; i++) { const firstB = first + distance, secondB = second + distance;",
      );
      const load = (base: string) => program.load(field, "v", base, 0, input);
      const tidy = (value: Element) =>
        style === "tidy" ? carry(program, field, reduce(program, field, value)) : value;
      let results: Element[];
      if (kind === "time") {
        const [p0, p1] = multiplyTwo(
          program,
          field,
          { factors: [[load("firstB"), w0]] },
          { factors: [[load("secondB"), w1]] },
        );
        results = [[load("first"), p0] as const, [load("second"), p1] as const].flatMap(
          ([a, p]) => [tidy(add(program, a, p)), tidy(subtract(program, a, p))],
        );
      } else {
        const [a0, b0] = [load("first"), load("firstB")];
        const [a1, b1] = [load("second"), load("secondB")];
        const [s0, s1] = [tidy(add(program, a0, b0)), tidy(add(program, a1, b1))];
        const [p0, p1] = multiplyTwo(
          program,
          field,
          { factors: [[subtract(program, a0, b0), w0]] },
          { factors: [[subtract(program, a1, b1), w1]] },
        );
        results = [s0, tidy(p0), s1, tidy(p1)];
      }
      output = widest([...results, ...(style === "tidy" ? [storedBounds(field)] : [])]);
      ["first", "firstB", "second", "secondB"].forEach((base, index) => {
        const element = results[index] as Element;
        program.store(field, element, base, 0, style === "tidy" ? storedBounds(field) : output);
      });
      program.line("  first += stride; second += stride; }");
    },
  );
  return output;
}
