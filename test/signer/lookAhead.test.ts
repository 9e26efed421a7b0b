import { describe, expect, test, vi } from "vitest";
import type { GateSnapshot } from "../../src/signer/gateReader.ts";
import { createLookAhead } from "../../src/signer/lookAhead.ts";

/** Glances that are told apart by their time. */
function createGlances() {
  let taken = 0n;
  return vi.fn(async () => ({ time: ++taken }) as GateSnapshot);
}

describe("a glance ahead", () => {
  test("is there for one request, and for no second one", async () => {
    const { begin, take } = createLookAhead(createGlances());
    begin();
    expect(await take()).toEqual({ time: 1n });
    expect(await take()).toBeUndefined();
    begin();
    expect(await take()).toEqual({ time: 2n });
  });

  test("is not taken again while a good one is there, and not used once it is old", async () => {
    let now = 0;
    const glances = createGlances();
    const { begin, take } = createLookAhead(glances, () => now);
    begin();
    now = 999;
    begin();
    expect(glances).toHaveBeenCalledTimes(1);
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
    expect(await createLookAhead(createGlances()).take()).toBeUndefined();
  });
});
