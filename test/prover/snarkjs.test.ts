import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ProvingError, ProvingTimeoutError, WitnessError } from "../../src/errors/prover.ts";
import { DevelopmentKeysError } from "../../src/errors/setup.ts";
import { FIELD_ORDER } from "../../src/field/field.ts";
import { createSnarkjsProver, type SnarkjsProverOptions } from "../../src/prover/snarkjs.ts";
import { verifyProof } from "../../src/prover/verify.ts";
import { toyArtifacts, toyInput } from "./fixtures/toy.ts";

let toy: Awaited<ReturnType<typeof toyArtifacts>>;
beforeAll(async () => {
  toy = await toyArtifacts();
});
afterAll(() => toy.remove());

function toyProver(options: SnarkjsProverOptions = {}) {
  const prover = createSnarkjsProver({ directory: toy.directory, production: false, ...options });
  onTestFinished(() => prover.close());
  return prover;
}

/** Process ids of this process's children that run the prover. */
async function proverProcesses(): Promise<number[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    ids.map(async (id) => {
      const status = await readFile(`/proc/${id}/status`, "utf8").catch(() => "");
      const command = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
      const child = status.includes(`PPid:\t${process.pid}\n`) && !status.includes("State:\tZ");
      return child && command.includes("snarkjsProcess") ? [Number(id)] : [];
    }),
  );
  return found.flat();
}

describe("createSnarkjsProver", () => {
  it("proves: the proof is for the given public inputs and verifies", async () => {
    const prover = toyProver();
    const input = toyInput();
    const proof = await prover.prove("gate", input);
    expect(proof.circuit).toBe("gate");
    expect(proof.publicSignals).toEqual([
      input.contextCommitment,
      input.challenge,
      input.fingerprint,
    ]);
    expect(await verifyProof("gate", proof, { directory: toy.directory })).toBe(true);
  });

  it("never gives the same proof twice, and stays warm", async () => {
    const prover = toyProver({ threads: 1 });
    const first = await prover.prove("gate", toyInput());
    const [process] = await proverProcesses();
    const second = await prover.prove("gate", toyInput());
    expect(second.points).not.toEqual(first.points);
    expect(second.publicSignals).toEqual(first.publicSignals);
    expect(await proverProcesses()).toEqual([process]);
  });

  it("names the restriction that is not met, and proves again afterwards", async () => {
    const prover = toyProver({ threads: 1 });
    const failure = await prover.prove("gate", toyInput({ amount: 11n })).catch((e) => e);
    expect(failure).toBeInstanceOf(WitnessError);
    expect(failure.restriction).toBe("amount");
    expect(failure.trace).toEqual([
      expect.stringMatching(/^Num2Bits line \d+$/),
      expect.stringMatching(/^Amount line \d+$/),
      expect.stringMatching(/^Toy line \d+$/),
    ]);
    await expect(prover.prove("gate", toyInput())).resolves.toBeDefined();
  });

  it("says which input does not fit, without its value", async () => {
    const prover = toyProver({ threads: 1 });
    const prove = (change: object) => prover.prove("gate", { ...toyInput(), ...change });
    await expect(prove({ limit: [1n, 2n] })).rejects.toThrow(/limit does not fit.*1 values/s);
    await expect(prove({ unknown: 1n })).rejects.toThrow("unknown does not fit");
    const { limit: _, ...missing } = toyInput();
    await expect(prover.prove("gate", missing)).rejects.toThrow("6 values in all");
    const failure = await prove({ limit: FIELD_ORDER + 10n }).catch((e) => e);
    expect(failure.message).toContain("limit does not fit");
    expect(failure.message).not.toContain(String(FIELD_ORDER + 10n));
  });

  it("runs several proofs at a time", async () => {
    const prover = toyProver({ processes: 2, threads: 1 });
    const proofs = await Promise.all(
      [1n, 2n, 3n].map((amount) => prover.prove("gate", toyInput({ amount }))),
    );
    expect(proofs.map(({ publicSignals }) => publicSignals[0])).toEqual([5n, 10n, 15n]);
    expect(await proverProcesses()).toHaveLength(2);
  });

  it("does its work outside this process, whose event loop stays free", async () => {
    const prover = toyProver();
    const before = process.cpuUsage();
    for (let i = 0; i < 3; i++) await prover.prove("gate", toyInput());
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(300);
  });

  it("gives up when aborted, before and during a proof", async () => {
    const prover = toyProver({ threads: 1 });
    const reason = new Error("no longer wanted");
    const early = prover.prove("gate", toyInput(), { signal: AbortSignal.abort(reason) });
    await expect(early).rejects.toBe(reason);

    const controller = new AbortController();
    const running = prover.prove("gate", toyInput(), { signal: controller.signal });
    const queued = prover.prove("gate", toyInput());
    await sleep(50);
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    await expect(queued).resolves.toBeDefined();
  });

  it("gives up when time is up", async () => {
    const prover = toyProver({ timeoutMs: 1 });
    await expect(prover.prove("gate", toyInput())).rejects.toBeInstanceOf(ProvingTimeoutError);
    // A process that is killed is there until the system comes to end it.
    await expect.poll(proverProcesses, { timeout: 10_000 }).toEqual([]);
  });

  it("replaces a process that dies and proves all the same; fails if it dies again", async () => {
    const prover = toyProver({ threads: 1 });
    const killOne = async () => {
      let processes: number[] = [];
      while (processes.length === 0) {
        await sleep(2);
        processes = await proverProcesses();
      }
      process.kill(processes[0] as number, "SIGKILL");
      return processes[0];
    };
    const survived = prover.prove("gate", toyInput());
    const killed = await killOne();
    await expect(survived).resolves.toBeDefined();
    expect(await proverProcesses()).not.toContain(killed);

    await prover.close();
    const other = toyProver({ threads: 1 });
    const doomed = other.prove("gate", toyInput()).catch((e) => e);
    const first = await killOne();
    while ((await proverProcesses()).includes(first as number)) await sleep(2);
    await killOne();
    expect(await doomed).toBeInstanceOf(ProvingError);
  });

  it("ends with close(), whatever is under way", async () => {
    const prover = toyProver();
    const running = prover.prove("gate", toyInput()).catch((e) => e);
    await sleep(50);
    await prover.close();
    expect(await running).toBeInstanceOf(ProvingError);
    expect(await proverProcesses()).toEqual([]);
    await expect(prover.prove("gate", toyInput())).rejects.toThrow("closed");
  });

  it("does not keep a process alive that forgets to close it", async () => {
    const module = fileURLToPath(new URL("../../src/prover/snarkjs.ts", import.meta.url));
    const script = `
      import { createSnarkjsProver } from ${JSON.stringify(module)};
      const bigints = (key, value) => (/^n\\d+$/.test(value) ? BigInt(value.slice(1)) : value);
      const [directory, input] = process.argv.slice(1);
      const prover = createSnarkjsProver({ directory, production: false });
      const proof = await prover.prove("gate", JSON.parse(input, bigints));
      console.log(proof.publicSignals.length);`;
    const text = JSON.stringify(toyInput(), (_, v) => (typeof v === "bigint" ? `n${v}` : v));
    const args = ["--input-type=module", "-e", script, toy.directory, text];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
    expect(stdout.trim()).toBe("3");
  });

  it("refuses development keys in production mode", async () => {
    const prover = toyProver({ production: true });
    await expect(prover.prove("gate", toyInput())).rejects.toBeInstanceOf(DevelopmentKeysError);
  });
});
