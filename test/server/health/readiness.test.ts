import { afterEach, expect, it, vi } from "vitest";
import { createReadiness } from "../../../src/server/health/readiness.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

it("tells of a check that fails once, and again when it fails otherwise or anew", async () => {
  let time = 0;
  vi.spyOn(performance, "now").mockImplementation(() => (time += 2_000));
  let failure: Error | undefined = new TypeError("quotes what it was given");
  const told: unknown[] = [];
  const look = createReadiness(
    [
      {
        name: "chain-1",
        async run() {
          if (failure) throw failure;
        },
      },
    ],
    (name, error) => told.push([name, error]),
  );
  for (let round = 0; round < 5; round += 1) {
    const { ready, checks } = await look();
    expect(ready).toBe(false);
    expect(checks).toEqual([{ name: "chain-1", ok: false, problem: "TypeError" }]);
  }
  expect(told).toEqual([["chain-1", failure]]);
  const first = failure;
  failure = new RangeError("another");
  await look();
  failure = undefined;
  expect((await look()).ready).toBe(true);
  failure = first;
  await look();
  expect(told.map((each) => (each as [string, Error])[1].name)).toEqual([
    "TypeError",
    "RangeError",
    "TypeError",
  ]);
});
