/**
 * §4.2 Montgomery arithmetic modulo the field's order on nine limbs of 29 bits, as AssemblyScript text: straight-line
 * code that no one should have to write or read limb by limb.
 *
 * Source: P. Montgomery, "Modular multiplication without trial division", 1985, in product-scanning form with
 * delayed carries (S. R. Dussé and B. S. Kaliski, "A cryptographic library for the Motorola DSP56000", 1990).
 *
 * **Columns.** A sum of products is kept as 18 columns of 64 bits, column k worth 2^(29k). A product of two
 * elements below 2^256 with limbs below 2^29 adds at most 9·2^58 to a column, so six of them and a reduction
 * (which adds as much as one) fit: 63·2^58 + 2^57 < 2^64, where 2^57 covers 16 addends and a carry. After
 * six products `carry` makes the columns small again.
 *
 * **Reduction.** Rows 0 … 7 clear 29 bits each and row 8 the last 24, so that R = 2^256 = 2^(8·29 + 24) and the
 * elements are in circom's own Montgomery form. With T = Σab + 2^256·Σc over n products and m addends of
 * elements below p,
 *
 *     (T + p·(2^256 − 1)) / 2^256 < p·(n·p/2^256 + m + 1) ≤ p·(0.19·n + m + 1) < 32·p < 2^259
 *
 * for n ≤ 64 and m ≤ 14 (tape.ts keeps both), which nine limbs hold.
 *
 * **Into [0, p).** For r < 32·p with top limb t = ⌊r/2^232⌋ the estimate ⌊t·⌊2^48/(P + 1)⌋/2^48⌋, P the top limb
 * of p, is at most r/p and more than r/p − 2; more exactly r/p − t/(P + 1) ≤ (r/p)/(P + 1) + 1/P < 2^-16 and
 * the multiplication loses less than t·2^-48 < 2^-20, so the estimate is ⌊r/p⌋ or one less. One conditional
 * subtraction, without a branch, does the rest.
 */
import { FIELD_ORDER } from "../../field/field.ts";
import { ELEMENT_BYTES, LIMB_BITS, LIMBS, limbsOf, MONTGOMERY_BITS } from "./limbs.ts";
import { COLUMNS, FIRST, ONE, SECOND, TO_MONTGOMERY, UNIT } from "./machineMemory.ts";

const MASK = 2 ** LIMB_BITS - 1;
/** The last row clears what the others leave of 256 bits. */
const LAST_BITS = MONTGOMERY_BITS - (LIMBS - 1) * LIMB_BITS;
const ESTIMATE_BITS = 48;

const indices = (length: number) => Array.from({ length }, (_, k) => k);

/** −1/p mod 2^29. */
function negativeInverse(): bigint {
  const modulus = 1n << BigInt(LIMB_BITS);
  let inverse = 1n;
  for (let k = 0; k < 5; k++) inverse = (inverse * (2n - FIELD_ORDER * inverse)) % modulus;
  return ((-inverse % modulus) + modulus) % modulus;
}

/** The text of `arithmetic.ts`, which the machine imports. */
export function generateArithmetic(): string {
  return [
    "// Generated; see generateArithmetic.ts.",
    '@external("machine", "base") export declare const BASE: usize;',
    ...Object.entries({ ELEMENT_BYTES, TO_MONTGOMERY, ONE, FIRST, SECOND, UNIT }).map(
      ([name, bytes]) => `export const ${name}: usize = ${bytes};`,
    ),
    ...clear(),
    ...accumulate(),
    ...carry(),
    ...addend(),
    ...reduce(),
    ...pack(),
    ...unpack(),
    ...unpackNumber(),
  ].join("\n");
}

const loadColumns = () => indices(COLUMNS).map((k) => `  let c${k} = load<u64>(BASE, ${8 * k});`);

const column = (k: number) => `load<u64>(BASE, ${8 * k})`;

function clear(): string[] {
  const stores = indices(COLUMNS / 2).map((k) => `  v128.store(BASE, i64x2.splat(0), ${16 * k});`);
  return ["export function clear(): void {", ...stores, "}"];
}

/** Adds the product of two elements to the columns. */
function accumulate(): string[] {
  const limbs = ["x", "y"].flatMap((name) =>
    indices(LIMBS).map((k) => `  const ${name}${k} = <u64>load<u32>(${name}, ${4 * k});`),
  );
  const sums = indices(COLUMNS - 1).map((k) => {
    const products = indices(LIMBS)
      .filter((i) => k - i >= 0 && k - i < LIMBS)
      .map((i) => `x${i} * y${k - i}`);
    return `  store<u64>(BASE, ${column(k)} + ${products.join(" + ")}, ${8 * k});`;
  });
  return ["export function accumulate(x: usize, y: usize): void {", ...limbs, ...sums, "}"];
}

/** Makes all columns but the last small. */
function carry(): string[] {
  const steps = indices(COLUMNS - 1).flatMap((k) => [
    `  c${k + 1} += c${k} >> ${LIMB_BITS};`,
    `  store<u64>(BASE, c${k} & ${MASK}, ${8 * k});`,
  ]);
  const last = `  store<u64>(BASE, c${COLUMNS - 1}, ${8 * (COLUMNS - 1)});`;
  return ["export function carry(): void {", ...loadColumns(), ...steps, last, "}"];
}

/** Adds 2^256 times an element, which the reduction makes the element. */
function addend(): string[] {
  const steps = indices(LIMBS).map((k) => {
    const at = LIMBS - 1 + k;
    return `  store<u64>(BASE, ${column(at)} + (<u64>load<u32>(x, ${4 * k}) << ${LAST_BITS}), ${8 * at});`;
  });
  return ["export function addend(x: usize): void {", ...steps, "}"];
}

/** The columns divided by 2^256 modulo p, in [0, p). */
function reduce(): string[] {
  const order = limbsOf(FIELD_ORDER);
  const top = BigInt(order[LIMBS - 1] as number);
  const estimate = (1n << BigInt(ESTIMATE_BITS)) / (top + 1n);
  const rows = indices(LIMBS).flatMap((i) => {
    const mask = i < LIMBS - 1 ? MASK : 2 ** LAST_BITS - 1;
    const adds = order.map((limb, j) => `  c${i + j} += m${i} * ${limb};`);
    const onward = i < LIMBS - 1 ? [`  c${i + 1} += c${i} >> ${LIMB_BITS};`] : [];
    return [`  const m${i} = (c${i} * ${negativeInverse()}) & ${mask};`, ...adds, ...onward];
  });
  const carries = indices(LIMBS).flatMap((k) => {
    const at = LIMBS - 1 + k;
    return [`  c${at + 1} += c${at} >> ${LIMB_BITS};`, `  c${at} &= ${MASK};`];
  });
  const shifted = indices(LIMBS).map((k) => {
    const at = LIMBS - 1 + k;
    const upper = `(c${at + 1} << ${LIMB_BITS - LAST_BITS})`;
    const masked = k < LIMBS - 1 ? `(${upper} & ${MASK})` : upper;
    return `  const r${k} = <i64>((c${at} >> ${LAST_BITS}) | ${masked});`;
  });
  const reduced = order.flatMap((limb, k) => [
    `  ${k === 0 ? "let t" : "t"} = r${k} - q * ${limb}${k === 0 ? "" : ` + (t >> ${LIMB_BITS})`};`,
    k < LIMBS - 1 ? `  const s${k} = t & ${MASK};` : `  const s${k} = t;`,
  ]);
  const subtracted = order.flatMap((limb, k) => [
    `  ${k === 0 ? "let u" : "u"} = s${k} - ${limb}${k === 0 ? "" : ` + (u >> ${LIMB_BITS})`};`,
    k < LIMBS - 1 ? `  const d${k} = u & ${MASK};` : `  const d${k} = u;`,
  ]);
  const chosen = indices(LIMBS).map(
    (k) => `  store<u32>(to, <u32>(d${k} ^ ((d${k} ^ s${k}) & below)), ${4 * k});`,
  );
  return [
    "export function reduce(to: usize): void {",
    ...loadColumns(),
    ...rows,
    ...carries,
    ...shifted,
    `  const q = <i64>((<u64>r${LIMBS - 1} * ${estimate}) >> ${ESTIMATE_BITS});`,
    ...reduced,
    ...subtracted,
    "  const below = u >> 63;",
    ...chosen,
    "}",
  ];
}

/** Writes an element as four 64-bit words. */
function pack(): string[] {
  const limbs = indices(LIMBS).map((k) => `  const x${k} = <u64>load<u32>(x, ${4 * k});`);
  const words = indices(4).map((word) => {
    const parts = indices(LIMBS).flatMap((k) => {
      const shift = LIMB_BITS * k - 64 * word;
      if (shift <= -LIMB_BITS || shift >= 64) return [];
      if (shift === 0) return [`x${k}`];
      return [shift > 0 ? `(x${k} << ${shift})` : `(x${k} >> ${-shift})`];
    });
    return `  store<u64>(to, ${parts.join(" | ")}, ${8 * word});`;
  });
  return ["export function pack(to: usize, x: usize): void {", ...limbs, ...words, "}"];
}

/** Reads an element from four 64-bit words. */
function unpack(): string[] {
  const words = indices(4).map((k) => `  const w${k} = load<u64>(from, ${8 * k});`);
  const limbs = indices(LIMBS).map((k) => {
    const bit = LIMB_BITS * k;
    const word = bit >> 6;
    const shift = bit & 63;
    const lower = `(w${word} >> ${shift})`;
    const isSplit = shift + LIMB_BITS > 64 && word < 3;
    const value = isSplit ? `(${lower} | (w${word + 1} << ${64 - shift}))` : lower;
    return `  store<u32>(to, <u32>(${value} & ${MASK}), ${4 * k});`;
  });
  return ["export function unpack(to: usize, from: usize): void {", ...words, ...limbs, "}"];
}

/** p plus a signed number, which is not in [0, p) but good for a product. */
function unpackNumber(): string[] {
  const limbs = limbsOf(FIELD_ORDER).flatMap((limb, k) => [
    k === 0 ? `  let t = ${limb} + number;` : `  t = ${limb} + (t >> ${LIMB_BITS});`,
    `  store<u32>(to, <u32>(t${k < LIMBS - 1 ? ` & ${MASK}` : ""}), ${4 * k});`,
  ]);
  return ["export function unpackNumber(to: usize, number: i64): void {", ...limbs, "}"];
}
