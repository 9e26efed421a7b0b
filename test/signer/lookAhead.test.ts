import { describe, expect, test, vi } from "vitest";
import type { GateSnapshot } from "../../src/signer/gateReader.ts";
import { createLookAhead } from "../../src/signer/lookAhead.ts";

/** Snapshots that are told apart by their time. */
function createSnapshots() {
  let taken = 0n;
  return vi.fn(async () => ({ time: ++taken }) as GateSnapshot);
}

describe("a look ahead", () => {
  test("is there for one request, and for no second one", async () => {
    const { begin, take } = createLookAhead(createSnapshots());
    begin();
    expect(await take()).toEqual({ time: 1n });
    expect(await take()).toBeUndefined();
    begin();
    expect(await take()).toEqual({ time: 2n });
  });

  test("is not taken again while a good one is there, and not used once it is old", async () => {
    let now = 0;
    const snapshots = createSnapshots();
    const { begin, take } = createLookAhead(snapshots, () => now);
    begin();
    now = 999;
    begin();
    expect(snapshots).toHaveBeenCalledTimes(1);
    now = 1_000;
    expect(await take()).toBeUndefined();
    begin();
    expect(await take()).toEqual({ time: 2n });
  });

  test("that fails is none", async () => {
    const { begin, take } = createLookAhead(() => Promise.reject(new Error("no node")));
    begin();
    expect(await take()).toBeUndefined();
  });

  test("was never begun: there is none", async () => {
    expect(await createLookAhead(createSnapshots()).take()).toBeUndefined();
  });
});
