import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLeaseWatch } from "../../src/journal/leaseWatch.ts";

describe("a watcher of a lease", () => {
  it("calls it run out only after it has itself seen it stand still for its whole length", () => {
    let time = 1_000;
    const watch = createLeaseWatch(() => time);
    expect(watch.hasRunOut("lane", 1, 100)).toBe(false);
    time += 100;
    expect(watch.hasRunOut("lane", 1, 100)).toBe(false);
    time += 1;
    expect(watch.hasRunOut("lane", 1, 100)).toBe(true);
    // Another lane, or a renewal, counts anew.
    expect(watch.hasRunOut("other", 1, 100)).toBe(false);
    expect(watch.hasRunOut("lane", 2, 100)).toBe(false);
    time += 101;
    expect(watch.hasRunOut("lane", 2, 100)).toBe(true);
  });

  it("never takes a lease that its owner counts on, whoever watches when", () => {
    const ttl = 100;
    const steps = fc.array(
      fc.record({
        pass: fc.integer({ min: 0, max: 150 }),
        who: fc.nat(3),
        /** How long a call takes to reach the database, and to come back. */
        there: fc.nat(60),
        back: fc.nat(60),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        // One time for all, read from clocks that began at different points.
        let time = 0;
        const watches = [0, 7, 5_000, 90_000].map((start) => createLeaseWatch(() => time + start));
        const heldUntil = [0, 0, 0, 0];
        let row = { owner: -1, term: 0 };
        for (const { pass, who, there, back } of list) {
          time += pass;
          const asked = time;
          time += there;
          // The transaction of a claim, as in leases.ts.
          const isFree = row.owner === -1 || row.owner === who;
          const isOurs = isFree || watches[who]?.hasRunOut("lane", row.term, ttl) === true;
          if (isOurs) row = { owner: who, term: row.term + 1 };
          if (isOurs) {
            const others = heldUntil.filter((until, i) => i !== who && until > time);
            expect(others).toEqual([]);
          }
          time += back;
          heldUntil[who] = isOurs ? asked + ttl : 0;
        }
      }),
      { numRuns: 500 },
    );
  });
});
