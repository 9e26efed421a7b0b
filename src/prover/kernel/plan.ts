import { POINT_BYTES } from "./layout.ts";
import { GROUP_OF, type PointList, type ProverKey } from "./zkeySections.ts";

/** A share of a list's points. */
export interface Share {
  list: PointList;
  /** From and to, of 1. */
  range: readonly [number, number];
}

/** What each thread sums; the first one, the lead, computes the quotient before it. */
export type Plan = readonly (readonly Share[])[];

/** Cost of a point of G2 in points of G1. */
const G2_COST = 2.7;
/** Share of the wires that change from proof to proof, whose points alone are added. */
const CHANGED = 0.35;
/** Cost of the matrices and transforms, in points of G1 for each row. */
const QUOTIENT_COST = 0.45;
/** Shares below this part of a thread's work are left to the neighbour: a sum has costs of its own. */
const SLIVER = 0.08;
const lists: readonly PointList[] = ["b2", "a", "b1", "c", "h"];

/**
 * Splits the work of one proof among threads so that all end at about the same time.
 *
 * The lists are laid end to end, H last, and cut into pieces of equal cost; the lead takes the end of H,
 * and what the others have of H comes last for them, when the quotient is ready.
 */
export function planWork(key: Pick<ProverKey, "points" | "domainSize">, threads: number): Plan {
  const cost = (list: PointList) => {
    const group = GROUP_OF[list];
    const count = key.points[list].length / POINT_BYTES[group];
    return count * (group === "g2" ? G2_COST : 1) * (list === "h" ? 1 : CHANGED);
  };
  const quotient = QUOTIENT_COST * key.domainSize;
  const target = (lists.reduce((sum, list) => sum + cost(list), 0) + quotient) / threads;
  const pieces: Share[][] = [[]];
  let room = target;
  for (const list of lists) {
    const whole = cost(list);
    let from = 0;
    while (from < 1) {
      const isLast = pieces.length === threads;
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
  while (pieces.length < threads) pieces.push([]);
  return pieces.reverse();
}
