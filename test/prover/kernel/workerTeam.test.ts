import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { ProvingError } from "../../../src/errors/prover.ts";
import { type CircuitSource, loadCircuitSource } from "../../../src/prover/kernel/circuitSource.ts";
import { WorkerTeam } from "../../../src/prover/kernel/workerTeam.ts";
import { toyArtifacts, toyInput } from "../fixtures/toy.ts";

let toy: Awaited<ReturnType<typeof toyArtifacts>>;
let source: CircuitSource;
beforeAll(async () => {
  toy = await toyArtifacts();
  source = await loadCircuitSource("gate", { directory: toy.directory, production: false });
});
afterAll(() => toy.remove());

function toyTeam() {
  const team = new WorkerTeam({
    engine: "reference",
    threads: 2,
    verify: true,
    production: false,
    tableBytes: 1e8,
    cacheDirectory: undefined,
  });
  onTestFinished(() => team.close());
  const prove = () =>
    team.run(
      { type: "prove", circuit: "gate", source, input: toyInput() },
      { timeout: { ms: 60_000, error: () => new Error("time is up") } },
    );
  return { team, prove };
}

describe("WorkerTeam", () => {
  it.each([0, 1])(
    "replaces the threads when thread %i is killed mid-proof, and proves",
    async (index) => {
      const { team, prove } = toyTeam();
      const running = prove();
      const before = team.threadIds;
      expect(before).toHaveLength(2);
      await sleep(20);
      await team.killThread(index);
      expect(await running).toMatchObject({ ok: true });
      expect(team.threadIds).toHaveLength(2);
      for (const id of team.threadIds) expect(before).not.toContain(id);
    },
  );

  it("replaces threads that are killed between proofs", async () => {
    const { team, prove } = toyTeam();
    await prove();
    await team.killThread(1);
    expect(await prove()).toMatchObject({ ok: true });
  });

  it("fails when threads are killed twice for one proof, and recovers", async () => {
    const { team, prove } = toyTeam();
    const doomed = prove().catch((e) => e);
    await team.killThread(0);
    await team.killThread(1);
    expect(await doomed).toBeInstanceOf(ProvingError);
    expect(await prove()).toMatchObject({ ok: true });
  });

  it("wipes what the threads shared when one is killed, and when it is closed", async () => {
    const { team, prove } = toyTeam();
    await prove();
    const [first, isZero] = [
      [...team.sharedMemory],
      (memory: SharedArrayBuffer) => new Uint8Array(memory).every((byte) => byte === 0),
    ];
    expect(first).toHaveLength(2);
    for (const memory of first) expect(isZero(memory)).toBe(false);
    await team.killThread(1);
    await prove();
    await vi.waitFor(() => expect(first.every(isZero)).toBe(true));
    const second = [...team.sharedMemory];
    expect(second.some(isZero)).toBe(false);
    await team.close();
    expect(second.every(isZero)).toBe(true);
  });

  it("has no threads before the first proof, nor after close()", async () => {
    const { team, prove } = toyTeam();
    expect(team.threadIds).toEqual([]);
    await prove();
    await team.close();
    expect(team.threadIds).toEqual([]);
  });
});
