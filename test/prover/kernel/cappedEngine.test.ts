import { describe, expect, it } from "vitest";
import { CappedEngine } from "../../../src/prover/kernel/cappedEngine.ts";
import type { Engine, Group } from "../../../src/prover/kernel/engine.ts";
import { createReferenceEngine } from "../../../src/prover/kernel/referenceEngine.ts";
import { selfTest } from "../../../src/prover/kernel/selfTest.ts";

/** The reference, told apart by its name, which counts the bases that it holds. */
async function counting(name: string) {
  const reference = createReferenceEngine();
  const loads: Group[] = [];
  const engine = new Proxy(reference, {
    get(target, property: keyof Engine) {
      if (property === "name") return name;
      if (property === "loadBases") {
        return (group: Group, points: Uint8Array) => {
          loads.push(group);
          return target.loadBases(group, points);
        };
      }
      const own = target[property];
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
  return { engine, loads };
}

describe("CappedEngine", () => {
  it.each([
    { tableBytes: 0, fast: 0, slow: 3 },
    { tableBytes: 1_600 * 10, fast: 1, slow: 2 },
    { tableBytes: 1_600 * 15, fast: 2, slow: 1 },
    { tableBytes: 1_600 * 10 + 3_200 * 10 + 1_600 * 5, fast: 3, slow: 0 },
  ])("keeps tables below $tableBytes bytes", async ({ tableBytes, fast, slow }) => {
    const [first, second] = [await counting("fast"), await counting("slow")];
    const engine = new CappedEngine(first.engine, () => second.engine, tableBytes);
    expect(engine.name).toBe("fast");
    engine.loadBases("g1", new Uint8Array(64 * 10));
    engine.loadBases("g2", new Uint8Array(128 * 10));
    engine.loadBases("g1", new Uint8Array(64 * 5));
    expect([first.loads.length, second.loads.length]).toEqual([fast, slow]);
  });

  it("is right on either side of the cap", async () => {
    for (const tableBytes of [0, 100_000, 1e9]) {
      const [first, second] = [await counting("fast"), await counting("slow")];
      expect(() =>
        selfTest(new CappedEngine(first.engine, () => second.engine, tableBytes)),
      ).not.toThrow();
    }
  });
});
