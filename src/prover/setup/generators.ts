/**
 * Many multiples of the generators of G1 and G2, on ffjavascript's WebAssembly.
 *
 * A scalar is read in base 256: with a table of d·256^w·G for each window w and digit d, a multiple is
 * the sum of at most 32 table entries, and needs no doubling.
 *
 * @see Brickell, Gordon, McCurley, Wilson, Fast Exponentiation with Precomputation (1992)
 */
import { setImmediate } from "node:timers/promises";
import { buildBn128, type Command, type Curve, type Point } from "ffjavascript";
import type { Group } from "../kernel/engine.ts";
import { POINT_BYTES, SCALAR_BYTES, scalarBytes } from "../kernel/layout.ts";

/** Digits of a scalar, and values of a digit that need an entry. */
const WINDOWS = SCALAR_BYTES;
const DIGITS = 255;
/** Scalars multiplied in one task. */
const CHUNK = 512;

/** Multiplies generators by scalars. */
export interface GeneratorMultiplier {
  /** The library's curve, for single points. */
  readonly curve: Curve;
  /**
   * Lets the event loop have its turn about every 30 ms.
   *
   * @param scalars below r
   * @returns affine points as a zkey file has them: little-endian, in Montgomery form, zero at infinity
   */
  multiply(group: Group, scalars: readonly bigint[]): Promise<Uint8Array>;
}

/** @example const { multiply } = await createGeneratorMultiplier(); */
export async function createGeneratorMultiplier(): Promise<GeneratorMultiplier> {
  const curve = await buildBn128(true);
  const tables: Partial<Record<Group, Uint8Array>> = {};
  return {
    curve,
    async multiply(group, scalars) {
      tables[group] ??= buildTable(curve, group);
      const table = tables[group];
      const size = POINT_BYTES[group];
      const points = new Uint8Array(scalars.length * size);
      for (let first = 0; first < scalars.length; first += CHUNK) {
        const part = scalars.slice(first, first + CHUNK);
        points.set(multiples(curve, group, table, part), first * size);
        await setImmediate();
      }
      return points;
    },
  };
}

/** Bytes of a point in Jacobian coordinates. */
const jacobianBytes = (group: Group) => (POINT_BYTES[group] * 3) / 2;

const call = (fnName: string, ...params: Extract<Command, { cmd: "CALL" }>["params"]): Command => ({
  cmd: "CALL",
  fnName,
  params,
});

/** The points d·256^w·G, affine, in order of w and then of d from 1. */
function buildTable(curve: Curve, group: Group): Uint8Array {
  const [affine, jacobian] = [POINT_BYTES[group], jacobianBytes(group)];
  const generator: Point = (group === "g1" ? curve.G1 : curve.G2).g;
  const [GENERATOR, ENTRIES, BASE, NEXT, OUT] = [0, 1, 2, 3, 4];
  const count = WINDOWS * DIGITS;
  const task: Command[] = [
    { cmd: "ALLOCSET", var: GENERATOR, buff: generator },
    { cmd: "ALLOC", var: ENTRIES, len: count * jacobian },
    { cmd: "ALLOC", var: BASE, len: affine },
    { cmd: "ALLOC", var: NEXT, len: jacobian },
    { cmd: "ALLOC", var: OUT, len: count * affine },
    call(`${group}m_copy`, { var: GENERATOR }, { var: NEXT }),
  ];
  for (let window = 0; window < WINDOWS; window++) {
    const entry = (digit: number) => ({
      var: ENTRIES,
      offset: (window * DIGITS + digit - 1) * jacobian,
    });
    task.push(
      call(`${group}m_toAffine`, { var: NEXT }, { var: BASE }),
      call(`${group}m_copy`, { var: NEXT }, entry(1)),
    );
    for (let digit = 2; digit <= DIGITS; digit++) {
      task.push(call(`${group}m_addMixed`, entry(digit - 1), { var: BASE }, entry(digit)));
    }
    task.push(call(`${group}m_addMixed`, entry(DIGITS), { var: BASE }, { var: NEXT }));
  }
  task.push(call(`${group}m_batchToAffine`, { var: ENTRIES }, { val: count }, { var: OUT }));
  task.push({ cmd: "GET", out: 0, var: OUT, len: count * affine });
  return curve.tm.taskManager(task)[0] as Uint8Array;
}

function multiples(
  curve: Curve,
  group: Group,
  table: Uint8Array,
  scalars: readonly bigint[],
): Uint8Array {
  const [affine, jacobian] = [POINT_BYTES[group], jacobianBytes(group)];
  const [TABLE, SUMS, OUT] = [0, 1, 2];
  const length = scalars.length * affine;
  const [zero, addMixed] = [`${group}m_zero`, `${group}m_addMixed`];
  const task: Command[] = [
    { cmd: "ALLOCSET", var: TABLE, buff: table },
    { cmd: "ALLOC", var: SUMS, len: scalars.length * jacobian },
    { cmd: "ALLOC", var: OUT, len: length },
  ];
  for (const [i, scalar] of scalars.entries()) {
    const sum = { var: SUMS, offset: i * jacobian };
    task.push(call(zero, sum));
    const digits = scalarBytes(scalar);
    for (const [window, digit] of digits.entries()) {
      if (digit === 0) continue;
      const entry = { var: TABLE, offset: (window * DIGITS + digit - 1) * affine };
      task.push(call(addMixed, sum, entry, sum));
    }
    digits.fill(0);
  }
  task.push(call(`${group}m_batchToAffine`, { var: SUMS }, { val: scalars.length }, { var: OUT }), {
    cmd: "GET",
    out: 0,
    var: OUT,
    len: length,
  });
  return curve.tm.taskManager(task)[0] as Uint8Array;
}
