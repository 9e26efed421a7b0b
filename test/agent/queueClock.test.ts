import { describe, expect, it } from "vitest";
import { createQueueClock } from "../../src/agent/queueClock.ts";

/** Clocks that are set by hand. */
function clocks() {
  const now = { monotonic: 5_000, timeOfDay: 1_700_000_000_000 };
  return {
    queue: createQueueClock({
      monotonic: () => now.monotonic,
      timeOfDay: () => now.timeOfDay,
    }),
    now,
    pass(seconds: number) {
      now.monotonic += seconds * 1_000;
      now.timeOfDay += seconds * 1_000;
    },
    step(seconds: number) {
      now.timeOfDay += seconds * 1_000;
    },
  };
}

describe("the time that a request has waited", () => {
  it.each([0, 86_400, -86_400])("is not changed by a clock that is stepped by %d s", (by) => {
    const { queue, now, pass, step } = clocks();
    const request = { id: "a", createdAt: now.timeOfDay };
    queue.recorded(request);
    const seen = { id: "b", createdAt: now.timeOfDay - 30_000 };
    expect(queue.waited(seen)).toBe(30);
    step(by);
    pass(100);
    expect(queue.waited(request)).toBe(100);
    expect(queue.waited(seen)).toBe(130);
  });

  it("goes by the time of day after a restart, and is not known where that is before the request", () => {
    const { queue, now, pass } = clocks();
    expect(queue.waited({ id: "a", createdAt: now.timeOfDay - 700_000 })).toBe(700);
    // Clocks of two hosts are a little apart.
    expect(queue.waited({ id: "b", createdAt: now.timeOfDay + 2_000 })).toBe(0);
    const late = { id: "c", createdAt: now.timeOfDay + 3_600_000 };
    expect(queue.waited(late)).toBe(Number.POSITIVE_INFINITY);
    pass(4_000);
    expect(queue.waited(late)).toBe(Number.POSITIVE_INFINITY);
    queue.forget(late);
    expect(queue.waited(late)).toBe(400);
  });
});
