import { POINT_BYTES } from "./layout.ts";
import type { SummedList } from "./sums.ts";
import { GROUP_OF, type ProverKey } from "./zkeySections.ts";

/** A share of a list's points. */
export interface Share {
  list: SummedList;
  /** From and to, of 1. */
  range: readonly [number, number];
}

/** What each thread sums besides H; the first one is the lead. */
export type Plan = readonly (readonly Share[])[];

/** Cost of a point of G2 in points of G1. */
const G2_COST = 2.7;
/** Shares below this part of a thread's work are left to the neighbour: a sum has costs of its own. */
const SLIVER = 0.08;
const lists = ["b2", "a", "c"] as const;

/**
 * Splits A, B₂ and C among the threads, by cost and for good, since their sums run on from proof to
 * proof; B₁ is not needed (`groth16.ts`). The lead computes the quotient meanwhile and takes none unless
 * it is alone. H, which is summed anew for each proof, is split each time (`HBalance`).
 */
export function planWork(key: Pick<ProverKey, "points">, threads: number): Plan {
  const helpers = Math.max(1, threads - 1);
  const cost = (list: Share["list"]) => {
    const group = GROUP_OF[list];
    return (key.points[list].length / POINT_BYTES[group]) * (group === "g2" ? G2_COST : 1);
  };
  const target = lists.reduce((sum, list) => sum + cost(list), 0) / helpers;
  const pieces: Share[][] = [[]];
  let room = target;
  for (const list of lists) {
    const whole = cost(list);
    let from = 0;
    while (from < 1) {
      const isLast = pieces.length === helpers;
      if (!isLast && room < SLIVER * target) {
        pieces.push([]);
        room = target;
        continue;
      }
      const rest = (1 - from) * whole;
      const fits = isLast || rest <= room + SLIVER * target;
      const to = fits ? 1 : from + room / whole;
      (pieces.at(-1) as Share[]).push({ list, range: [from, to] });
      room -= fits ? rest : room;
      from = to;
    }
  }
  while (pieces.length < helpers) pieces.push([]);
  return threads === 1 ? pieces : [[], ...pieces];
}
