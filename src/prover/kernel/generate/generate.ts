import { emitAdditionKernels } from "./addition.ts";
import { emitButterflies, PLAIN_FREQUENCY, PLAIN_TIME } from "./butterflies.ts";
import { Field, FQ_MODULUS, FR_MODULUS } from "./field.ts";
import {
  declareElement,
  emitFieldFunctions,
  emitQuadraticFunctions,
  emitWireProducts,
  fieldConstants,
} from "./fieldFunctions.ts";
import { inverse } from "./limbs.ts";
import { Program } from "./program.ts";

/** 3/(9 + u), the constant of the twist G2 lies on, as (c₀, c₁): 3·(9 − u)/82. */
function twistConstant(): readonly [bigint, bigint] {
  const perNorm = inverse(82n, FQ_MODULUS);
  return [27n * perNorm, -3n * perNorm];
}

/**
 * The text of the straight-line AssemblyScript module `generated.ts` that the hand-written drivers
 * import: functions of both fields, batch additions of both groups, butterflies, constants.
 *
 * @throws {RangeError} if a template's bounds do not hold; then there is no kernel
 */
export function generateKernel(): string {
  const program = new Program();
  const fq = new Field("fq", FQ_MODULUS);
  const fr = new Field("fr", FR_MODULUS);
  emitFieldFunctions(program, fq);
  emitFieldFunctions(program, fr);
  emitWireProducts(program, fr);
  emitQuadraticFunctions(program, fq);
  emitAdditionKernels(program, fq);
  emitButterflies(program, fr);
  const [b0, b1] = twistConstant();
  const twoAdicRoot = FR_MODULUS - 1n;
  return [
    "// Generated; see generate/generate.ts.",
    fq.table(),
    fr.table(),
    ...fieldConstants(fq),
    ...fieldConstants(fr),
    // b and 3b of both curves; those of the twist are two elements in a row.
    declareElement(fq, "CURVE_B", 3n),
    declareElement(fq, "CURVE_3B", 9n),
    pair(fq, "TWIST_B", b0, b1),
    pair(fq, "TWIST_3B", 3n * b0, 3n * b1),
    // A generator of the 2^28-th roots of unity, as ffjavascript chooses it: 5 is the least
    // non-residue.
    declareElement(fr, "FR_ROOT", power(5n, twoAdicRoot >> 28n, FR_MODULUS)),
    declareElement(fr, "FR_HALF", inverse(2n, FR_MODULUS)),
    declareElement(fr, "FR_NON_RESIDUE", 5n),
    `export const PLAIN_TIME: i32 = ${PLAIN_TIME};`,
    `export const PLAIN_FREQUENCY: i32 = ${PLAIN_FREQUENCY};`,
    program.text(),
  ].join("\n");
}

function pair(field: Field, name: string, c0: bigint, c1: bigint): string {
  const words = [c0, c1]
    .flatMap((value) => field.montgomery(value))
    .flatMap((limb) => [limb, limb])
    .map((limb) => `${limb}.0`);
  return `export const ${name}: usize = memory.data<f64>([${words.join(", ")}], 16);`;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
