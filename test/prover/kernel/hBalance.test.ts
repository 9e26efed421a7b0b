import { describe, expect, it } from "vitest";
import { HBalance } from "../../../src/prover/kernel/hBalance.ts";

/** Proofs on threads that take a known time. */
function settle(points: number, before: readonly number[], msPerPoint: number) {
  const balance = new HBalance(points, before.length);
  for (let proof = 0; proof < 50; proof++) {
    const shares = balance.split();
    balance.learn(
      shares,
      before.map((ms, k) => ({ before: ms, h: (shares[k] as number) * msPerPoint })),
    );
  }
  return balance.split();
}

describe("HBalance", () => {
  it.each([
    [1, [5]],
    [8_192, [20]],
    [8_192, [15, 30]],
    [8_192, [15, 30, 12, 90]],
    [3, [1, 1, 1, 1]],
    [65_536, [0, 0, 0, 0, 0, 0, 0, 0]],
  ])("gives out all of %i points", (points, before) => {
    const shares = settle(points, before, 0.005);
    expect(shares.reduce((a, b) => a + b)).toBe(points);
    for (const share of shares) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(Number.isInteger(share)).toBe(true);
    }
  });

  it("lets all threads end at the same time", () => {
    const before = [15, 30, 12];
    const ends = settle(8_192, before, 0.005).map(
      (share, k) => (before[k] as number) + share * 0.005,
    );
    for (const end of ends) expect(end).toBeCloseTo(ends[0] as number, 1);
  });

  it("gives nothing to a thread that would be last anyway", () => {
    expect(settle(8_192, [15, 300], 0.005)).toEqual([8_192, 0]);
  });
});
