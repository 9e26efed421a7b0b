import { expect, test } from "vitest";
import type { Agent } from "../../src/agent/agent.ts";
import { createGateRpc } from "../../src/agent/gateRpc.ts";
import { createPauses } from "../../src/agent/pauses.ts";

const address = "0x00000000000000000000000000000000000000A1";
const gate = { chainId: 1, gate: address } as const;

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

test("a gate's pause says nothing of the same address on another chain", async () => {
  const recorded = new Set<string>();
  const journal = {
    list: async () => [...recorded],
    async set(name: string, isPaused: boolean) {
      if (isPaused) recorded.add(name);
      else recorded.delete(name);
    },
  };
  const pauses = createPauses(journal);
  await pauses.set(gate, true);
  const other = { ...gate, chainId: 10 };
  expect([pauses.isPaused(gate), pauses.isPaused(other)]).toEqual([true, false]);
  await pauses.assertRunning(other);
  await pauses.set(other, false);
  await expect(pauses.assertRunning(gate)).rejects.toMatchObject({ reason: "paused" });

  // One of a release that did not know chains holds on all of them, until it is taken back.
  recorded.clear();
  recorded.add(address.toLowerCase());
  const later = createPauses(journal);
  await expect(later.assertRunning(other)).rejects.toMatchObject({ reason: "paused" });
  await later.set(other, false);
  await later.assertRunning(gate);
});

test("an operator who names an address that is a gate on two chains pauses neither by chance", async () => {
  const paused: unknown[] = [];
  const gates = [1, 10].map((chainId) => ({ ...gate, chainId, name: `desk-${chainId}` }));
  const agent = { gates: () => gates, pause: async (which: unknown) => void paused.push(which) };
  const rpc = createGateRpc(agent as unknown as Agent, { clients: new Map() });
  const caller = { principal: "alice", allowedGates: "*", isOperator: true } as const;
  await expect(rpc("zkmandate_pause", [address], caller)).rejects.toMatchObject({
    data: { reason: "invalid-request" },
  });
  await rpc("zkmandate_pause", [address], { ...caller, chainId: 10 });
  await rpc("zkmandate_pause", ["desk-1"], caller);
  expect(paused).toMatchObject([{ chainId: 10 }, { chainId: 1 }]);
});
