import { type Bounds, centredBounds, demandBounds, type Element, exactBounds } from "./element.ts";
import type { Field } from "./field.ts";
import { inverse, LIMBS, MONTGOMERY_R } from "./limbs.ts";
import { add, carry, negate, reduce, subtract } from "./linear.ts";
import { minus, multiply, multiplyTwo, plus } from "./multiplication.ts";
import type { Program } from "./program.ts";

/**
 * Functions of one field over memory: operands and results are addresses of elements in two lanes (80
 * bytes), each within `storedBounds` before and after. Result and operands may be the same address.
 */
export function emitFieldFunctions(program: Program, field: Field): void {
  const binary = (name: string, body: (a: Element, b: Element) => Element) => {
    program.function(`${field.name}${name}(result: usize, a: usize, b: usize): void`, () => {
      const a = program.load(field, "x", "a");
      const b = program.load(field, "y", "b");
      program.store(field, body(a, b), "result");
    });
  };
  // Reduced results are fit for constants too: `centredBounds`.
  const tidy = (value: Element) => {
    const reduced = carry(program, field, reduce(program, field, value));
    demandBounds(reduced, centredBounds(field), "a reduced result");
    return reduced;
  };
  binary("Multiply", (a, b) => multiply(program, field, { factors: [[a, b]] }));
  binary("Add", (a, b) => tidy(add(program, a, b)));
  binary("Subtract", (a, b) => tidy(subtract(program, a, b)));
  program.function(`${field.name}Square(result: usize, a: usize): void`, () => {
    const a = program.load(field, "x", "a");
    program.store(field, multiply(program, field, { factors: [[a, a]] }), "result");
  });
  // Bytes arrive as five unsigned limbs, below 2^256 in all; the factor is centred.
  program.function(`${field.name}MultiplyUnsigned(result: usize, a: usize, b: usize): void`, () => {
    const limbs = Array.from({ length: LIMBS }, () => (1n << 51n) - 1n);
    limbs[LIMBS - 1] = (1n << 52n) - 1n;
    const bounds = { ...exactBounds(limbs), valueBound: (1n << 256n) - 1n };
    const a = program.load(field, "x", "a", 0, bounds);
    const b = program.load(field, "y", "b", 0, centredBounds(field));
    program.store(field, tidy(multiply(program, field, { factors: [[a, b]] })), "result");
  });
}

/** Bounds of the limbs that 32 bytes below 2^254 are split into: unsigned. */
function unsignedBounds(): Bounds {
  const limbs = Array.from({ length: LIMBS }, () => (1n << 51n) - 1n);
  limbs[LIMBS - 1] = (1n << 50n) - 1n;
  return { ...exactBounds(limbs), valueBound: (1n << 254n) - 1n };
}

/**
 * Products of wires with constants, two in the lanes. Wires are unsigned limbs below 2^254;
 * constants are centred, so a product is below 0.76·modulus. Elements lie two by two: number k in
 * lane k & 1 of the element at 80·(k >> 1).
 * A pair neither of whose wires is marked as changed is left as it is.
 */
export function emitWireProducts(program: Program, field: Field): void {
  program.function(
    `${field.name}WireProducts(products: usize, indices: usize, wires: usize, constants: usize, pairs: i32, changed: usize): void`,
    () => {
      program.line("  for (let i = 0; i < pairs; i++) {");
      const indices = [0, 1].map((lane) => program.let("k", `load<u32>(indices, ${4 * lane})`));
      const marks = indices.map((index) => `load<u8>(changed + <usize>${index})`);
      program.line(`  if ((${marks.join(" | ")}) != 0) {`);
      const [first, second] = indices.map((index) => {
        return program.let("p", `wires + 80 * <usize>(${index} >> 1) + 8 * <usize>(${index} & 1)`);
      });
      const limbs = program.limbs(
        "w",
        (i) =>
          `v128.load_lane<f64>(${second}, v128.load64_splat(${first}, ${16 * i}), 1, ${16 * i})`,
      );
      const { limbBounds, valueBound } = unsignedBounds();
      const wires = { limbs, limbBounds, valueBound };
      const constants = program.load(field, "c", "constants", 0, centredBounds(field));
      const product = multiply(program, field, { factors: [[wires, constants]] });
      program.store(field, product, "products");
      program.line("  }");
      program.line("  products += 80; indices += 8; constants += 80; }");
    },
  );
}

/** The same for Fq2 = Fq[u]/(u² + 1): an element is two of Fq, 160 bytes. */
export function emitQuadraticFunctions(program: Program, field: Field): void {
  const load = (hint: string, base: string): Fq2 => [
    program.load(field, hint, base),
    program.load(field, hint, base, 80),
  ];
  const store = (value: Fq2) => {
    value.forEach((part, index) => {
      const tidy = carry(program, field, reduce(program, field, part));
      program.store(field, tidy, "result", 80 * index);
    });
  };
  program.function("fq2Multiply(result: usize, a: usize, b: usize): void", () => {
    store(multiplyQuadratic(program, field, load("x", "a"), load("y", "b")));
  });
}

/** An element c₀ + c₁·u of Fq2 = Fq[u]/(u² + 1). */
export type Fq2 = readonly [Element, Element];

/**
 * a·b + addend: c₀ = a₀b₀ − a₁b₁, c₁ = a₀b₁ + a₁b₀. Two products share one reduction, so this costs
 * three multiplications, as Karatsuba would.
 */
export function multiplyQuadratic(
  program: Program,
  field: Field,
  a: Fq2,
  b: Fq2,
  addend?: { readonly sign: "plus" | "minus"; readonly value: Fq2 },
): Fq2 {
  const negated = negate(program, a[1]);
  const addends = (index: 0 | 1) => {
    if (addend === undefined) return {};
    const side = addend.sign === "plus" ? plus : minus;
    return { addends: [side(field, addend.value[index])] };
  };
  return multiplyTwo(
    program,
    field,
    {
      factors: [
        [a[0], b[0]],
        [negated, b[1]],
      ],
      ...addends(0),
    },
    {
      factors: [
        [a[0], b[1]],
        [a[1], b[0]],
      ],
      ...addends(1),
    },
  );
}

/** a²: c₀ = (a₀ + a₁)(a₀ − a₁), c₁ = 2a₀·a₁. */
export function squareQuadratic(program: Program, field: Field, a: Fq2): Fq2 {
  return multiplyTwo(
    program,
    field,
    { factors: [[add(program, a[0], a[1]), subtract(program, a[0], a[1])]] },
    { factors: [[add(program, a[0], a[0]), a[1]]] },
  );
}

/** Declares elements in static memory, each limb in both lanes: Montgomery form unless `raw`. */
export function declareElement(field: Field, name: string, value: bigint, raw = false): string {
  const limbs = raw ? field.centred(value) : field.montgomery(value);
  const words = limbs.flatMap((limb) => [limb, limb]).map((limb) => `${limb}.0`);
  return `export const ${name}: usize = memory.data<f64>([${words.join(", ")}], 16);`;
}

/** Constants the drivers need of one field. */
export function fieldConstants(field: Field): string[] {
  const { modulus } = field;
  const prefix = field.name.toUpperCase();
  const unsigned = Array.from(
    { length: LIMBS },
    (_, i) => (modulus >> (51n * BigInt(i))) & ((1n << 51n) - 1n),
  );
  const words = Array.from(
    { length: 9 },
    (_, i) => (modulus >> BigInt(30 * i)) & ((1n << 30n) - 1n),
  );
  return [
    declareElement(field, `${prefix}_ONE`, 1n),
    declareElement(field, `${prefix}_RAW_ONE`, 1n, true),
    // Byte forms to ours: a Montgomery form with R = 2^256 needs 2^−1·R, a plain one R².
    declareElement(field, `${prefix}_FROM_BYTES`, inverse(2n, modulus) * MONTGOMERY_R, true),
    declareElement(field, `${prefix}_FROM_PLAIN`, MONTGOMERY_R * MONTGOMERY_R, true),
    // A zkey's coefficients are Montgomery forms twice over, R = 2^256: 2^512·2^−2 = 2^255·2^255.
    declareElement(field, `${prefix}_FROM_DOUBLE`, inverse(4n, modulus), true),
    declareElement(field, `${prefix}_TO_BYTES`, 2n ** 256n, true),
    `/** The modulus' unsigned 51-bit limbs. */`,
    `export const ${prefix}_MODULUS: usize = memory.data<u64>([${unsigned.join(", ")}], 16);`,
    `export const ${prefix}_LIMBS: usize = memory.data<i64>([${field.limbs.join(", ")}], 16);`,
    `export const ${prefix}_PER_TOP: f64 = ${2 ** 204 / Number(modulus)};`,
    `/** The modulus in 30-bit limbs, and its inverse modulo 2^30. */`,
    `export const ${prefix}_LIMBS_30: usize = memory.data<i32>([${words.join(", ")}], 16);`,
    `export const ${prefix}_INVERSE_30: i32 = ${inverse(modulus, 1n << 30n)};`,
  ];
}
