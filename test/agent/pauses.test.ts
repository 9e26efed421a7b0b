import { expect, test } from "vitest";
import { createPauses } from "../../src/agent/pauses.ts";

const gate = "0x00000000000000000000000000000000000000A1";

test("a pause holds although the journal was asked before it and answers after it", async () => {
  const recorded = new Set<string>();
  let isSlow = true;
  const { promise: late, resolve: answer } = Promise.withResolvers<void>();
  const pauses = createPauses({
    async list() {
      const found = [...recorded];
      if (isSlow) await late;
      return found;
    },
    async set(name, isPaused) {
      if (isPaused) recorded.add(name);
      else recorded.delete(name);
    },
  });
  const refreshing = pauses.refresh();
  await pauses.set(gate, true);
  isSlow = false;
  answer();
  await refreshing;
  expect(pauses.isPaused(gate)).toBe(true);
});
