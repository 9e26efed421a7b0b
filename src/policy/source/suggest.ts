/** Edits (insert, delete, replace, swap of neighbours) that turn one word into another. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : replaced;
      rows[i]?.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped));
    }
  }
  return at(a.length, b.length);
}

/** A name cut short counts as one edit. */
function editsTo(name: string, candidate: string): number {
  return name.length >= 3 && candidate.startsWith(name) ? 1 : distance(name, candidate);
}

/**
 * The known name closest to a misspelt one, if any is close enough to be what was meant.
 *
 * @example
 * closest("tokenln", ["tokenIn", "fee"]); // "tokenIn"
 */
export function closest(name: string, known: readonly string[]): string | undefined {
  if (name.length > 64) return undefined;
  const lower = name.toLowerCase();
  const ranked = known
    .filter((candidate) => candidate !== name && candidate.length <= 64)
    .map((candidate) => ({ candidate, edits: editsTo(lower, candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best && best.edits <= Math.max(1, Math.floor(name.length / 3))
    ? best.candidate
    : undefined;
}
