import { describe, expect, it } from "vitest";
import { planWork } from "../../../src/prover/kernel/plan.ts";

const key = (wires: number, domainSize: number) => ({
  domainSize,
  points: {
    a: new Uint8Array(64 * wires),
    b1: new Uint8Array(64 * wires),
    b2: new Uint8Array(128 * wires),
    c: new Uint8Array(64 * wires),
    h: new Uint8Array(64 * domainSize),
  },
});

describe("planWork", () => {
  it.each([1, 2, 3, 4, 7, 16])("gives each point to exactly one of %i threads", (threads) => {
    for (const [wires, rows] of [
      [2, 1],
      [10, 16],
      [7_437, 8_192],
      [300, 65_536],
    ] as const) {
      const plan = planWork(key(wires, rows), threads);
      expect(plan).toHaveLength(threads);
      for (const list of ["a", "b2", "c"] as const) {
        const ranges = plan
          .flat()
          .filter((share) => share.list === list)
          .map(({ range }) => range)
          .sort(([from], [other]) => from - other);
        expect(ranges[0]?.[0]).toBe(0);
        expect(ranges.at(-1)?.[1]).toBe(1);
        for (const [k, [from]] of ranges.slice(1).entries()) expect(from).toBe(ranges[k]?.[1]);
      }
    }
  });

  it("leaves the quotient to the lead, and everything to one that is alone", () => {
    const gate = key(7_437, 8_192);
    expect(planWork(gate, 2)[0]).toEqual([]);
    expect(planWork(gate, 2)[1]?.map(({ list }) => list)).toEqual(["b2", "a", "c"]);
    expect(planWork(gate, 1)[0]?.map(({ list }) => list)).toEqual(["b2", "a", "c"]);
  });
});
