import { FIELD_ORDER, mod } from "../../src/field/field.ts";
import { inverse, type LinearCombination, type R1cs, type Sides } from "./r1cs.ts";

/** A sparse row: column → non-zero element. */
export type SparseRow = Map<number, bigint>;

function addScaled(row: SparseRow, column: number, value: bigint): void {
  const sum = mod((row.get(column) ?? 0n) + value);
  if (sum === 0n) row.delete(column);
  else row.set(column, sum);
}

/**
 * The constraints' derivatives at a witness, by the wires that the prover computes:
 * d(left·right − output) = R·d left + L·d right − d output.
 *
 * @param isFixed wires that are given: the constant and the inputs
 */
export function jacobian(
  { constraints }: R1cs,
  sides: Sides,
  isFixed: (wire: number) => boolean,
): SparseRow[] {
  return constraints.map(({ left, right, output }, i) => {
    const row: SparseRow = new Map();
    const add = ({ wires, coefficients }: LinearCombination, factor: bigint) => {
      if (factor === 0n) return;
      wires.forEach((wire, j) => {
        if (!isFixed(wire)) addScaled(row, wire, factor * (coefficients[j] as bigint));
      });
    };
    add(left, sides.right[i] as bigint);
    add(right, sides.left[i] as bigint);
    add(output, FIELD_ORDER - 1n);
    return row;
  });
}

/** Rows waiting to be eliminated, by their length. */
function createQueue(rows: readonly SparseRow[]) {
  const buckets: number[][] = [];
  const push = (index: number) => {
    const length = (rows[index] as SparseRow).size;
    const bucket = buckets[length] ?? [];
    buckets[length] = bucket;
    bucket.push(index);
  };
  rows.forEach((_, index) => {
    push(index);
  });
  return {
    push,
    /** A shortest row that is not empty and not done; lengths that changed meanwhile are skipped. */
    shortest(isDone: (index: number) => boolean): number | undefined {
      for (let length = 1; length < buckets.length; length++) {
        const bucket = buckets[length];
        while (bucket && bucket.length > 0) {
          const index = bucket.pop() as number;
          if (!isDone(index) && (rows[index] as SparseRow).size === length) return index;
        }
      }
      return undefined;
    },
  };
}

/**
 * Which columns a set of linear equations leaves free: Gaussian elimination over F_p that takes the
 * shortest row first and in it the rarest column, which keeps a circuit's Jacobian sparse.
 *
 * @param rows consumed
 * @param preferFree columns that get a pivot only in rows that hold no others
 * @returns the columns without a pivot; empty exactly if the column rank is full. Otherwise a choice of as
 *   many columns as there are degrees of freedom
 */
export function freeColumns(
  rows: SparseRow[],
  columns: Iterable<number>,
  preferFree: ReadonlySet<number> = new Set(),
): number[] {
  const rowsOf = new Map<number, Set<number>>();
  for (const column of columns) rowsOf.set(column, new Set());
  rows.forEach((row, index) => {
    for (const column of row.keys()) rowsOf.get(column)?.add(index);
  });
  const done = new Set<number>();
  const queue = createQueue(rows);
  const free = new Set(rowsOf.keys());
  for (;;) {
    const pivotIndex = queue.shortest((index) => done.has(index));
    if (pivotIndex === undefined) return [...free].sort((a, b) => a - b);
    done.add(pivotIndex);
    const pivotRow = rows[pivotIndex] as SparseRow;
    const cost = (column: number) =>
      (rowsOf.get(column) as Set<number>).size + (preferFree.has(column) ? rows.length : 0);
    const pivot = [...pivotRow.keys()].reduce((best, column) =>
      cost(column) < cost(best) ? column : best,
    );
    free.delete(pivot);
    if (pivotRow.size === 1) {
      // The wire is determined: it is no unknown in the other rows. Most of a circuit goes this way.
      for (const index of rowsOf.get(pivot) as Set<number>) {
        (rows[index] as SparseRow).delete(pivot);
        queue.push(index);
      }
      rowsOf.delete(pivot);
      continue;
    }
    for (const column of pivotRow.keys()) rowsOf.get(column)?.delete(pivotIndex);
    const scale = inverse(pivotRow.get(pivot) as bigint);
    for (const index of [...(rowsOf.get(pivot) as Set<number>)]) {
      const row = rows[index] as SparseRow;
      const factor = mod(-(row.get(pivot) as bigint) * scale);
      for (const [column, value] of pivotRow) {
        addScaled(row, column, factor * value);
        if (row.has(column)) rowsOf.get(column)?.add(index);
        else rowsOf.get(column)?.delete(index);
      }
      queue.push(index);
    }
  }
}
