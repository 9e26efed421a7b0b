import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ProvingError, ProvingTimeoutError, WitnessError } from "../../../src/errors/prover.ts";
import { DevelopmentKeysError } from "../../../src/errors/setup.ts";
import { FIELD_ORDER } from "../../../src/field/field.ts";
import {
  createKernelProver,
  type KernelProverOptions,
} from "../../../src/prover/kernel/kernelProver.ts";
import { verifyProof } from "../../../src/prover/verify.ts";
import { WitnessCalculator } from "../../../src/prover/witnessCalculator.ts";
import { toyArtifacts, toyInput } from "../fixtures/toy.ts";
import { temporaryFolder } from "../setup/fixtures.ts";

let toy: Awaited<ReturnType<typeof toyArtifacts>>;
beforeAll(async () => {
  toy = await toyArtifacts();
});
afterAll(() => toy.remove());

function toyProver(options: KernelProverOptions = {}) {
  const prover = createKernelProver({
    directory: toy.directory,
    production: false,
    cacheDirectory: false,
    onFallback: (reason) => {
      throw new Error(`the kernel does not work here: ${reason}`);
    },
    ...options,
  });
  onTestFinished(() => prover.close());
  return prover;
}

const isValid = (proof: Parameters<typeof verifyProof>[1]) =>
  verifyProof("gate", proof, { directory: toy.directory, production: false });

describe("createKernelProver", () => {
  it.each([1, 2, 3])(
    "proves with %i threads: for the given inputs, and validly",
    async (threads) => {
      const prover = toyProver({ threads });
      for (const amount of [7n, 7n, 1n, 10n, 3n]) {
        const input = toyInput({ amount });
        const proof = await prover.prove("gate", input);
        expect(proof.circuit).toBe("gate");
        expect(proof.publicSignals).toEqual([
          input.contextCommitment,
          input.challenge,
          input.fingerprint,
        ]);
        expect(await isValid(proof)).toBe(true);
      }
    },
  );

  it("never gives the same proof twice", async () => {
    const prover = toyProver();
    const [first, second] = [
      await prover.prove("gate", toyInput()),
      await prover.prove("gate", toyInput()),
    ];
    for (const [k, coordinate] of first.points.entries()) {
      expect(second.points[k]).not.toBe(coordinate);
    }
  });

  it("names the restriction that is not met, and proves again afterwards", async () => {
    const prover = toyProver();
    const failure = await prover.prove("gate", toyInput({ amount: 11n })).catch((e) => e);
    expect(failure).toBeInstanceOf(WitnessError);
    expect(failure.restriction).toBe("amount");
    expect(await isValid(await prover.prove("gate", toyInput()))).toBe(true);
  });

  it("says which input does not fit, without its value", async () => {
    const prover = toyProver();
    const prove = (change: object) => prover.prove("gate", { ...toyInput(), ...change });
    await expect(prove({ limit: [1n, 2n] })).rejects.toThrow(/limit does not fit.*1 values/s);
    await expect(prove({ unknown: 1n })).rejects.toThrow("unknown does not fit");
    const failure = await prove({ limit: FIELD_ORDER + 10n }).catch((e) => e);
    expect(failure.message).toContain("limit does not fit");
    expect(failure.message).not.toContain(String(FIELD_ORDER + 10n));
  });

  it("proves after preparing for a likely input, and after preparing for an impossible one", async () => {
    const prover = toyProver();
    await prover.prepare("gate", toyInput({ amount: 4n }));
    expect(await isValid(await prover.prove("gate", toyInput({ amount: 5n })))).toBe(true);
    await expect(prover.prepare("gate", toyInput({ amount: 11n }))).rejects.toThrow(WitnessError);
    expect(await isValid(await prover.prove("gate", toyInput({ amount: 6n })))).toBe(true);
  });

  it("proves before it prepares, and gives up preparations that wait", async () => {
    const prover = toyProver();
    const order: string[] = [];
    const first = prover.prove("gate", toyInput({ amount: 1n })).then(() => order.push("first"));
    const waiting = prover
      .prepare("gate", toyInput({ amount: 11n }))
      .then(() => order.push("none"));
    const second = prover.prove("gate", toyInput({ amount: 2n })).then(() => order.push("second"));
    await Promise.all([first, waiting, second]);
    // The impossible input was never looked at.
    expect(order).toEqual(["none", "first", "second"]);
  });

  it("proves from a witness file, and says no value of one that does not fit", async () => {
    const prover = toyProver();
    const wasm = await readFile(join(toy.directory, "gate/gate.wasm"));
    const calculator = await WitnessCalculator.create("toy", new Uint8Array(wasm));
    const input = toyInput({ amount: 4n });
    const witness = await calculator.calculateFile(input);
    const proof = await prover.proveWitness("gate", witness);
    expect(proof.publicSignals[0]).toBe(input.contextCommitment);
    expect(await isValid(proof)).toBe(true);

    const refused = (bytes: Uint8Array) => prover.proveWitness("gate", bytes).catch((e) => e);
    const failure = await refused(witness.subarray(0, -32));
    expect(failure).toBeInstanceOf(ProvingError);
    expect(failure.message).toContain("not a usable witness");
    const other = witness.slice();
    other.fill(1, -32, -1); // the last wire
    expect((await refused(other)).message).toContain("does not verify");
    expect(await isValid(await prover.proveWitness("gate", witness))).toBe(true);
  });

  it("answers many requests at once, in any mixture", async () => {
    const prover = toyProver();
    const amounts = [1n, 11n, 3n, 4n, 11n, 6n];
    const results = await Promise.allSettled(
      amounts.map((amount) => prover.prove("gate", toyInput({ amount }))),
    );
    expect(results.map(({ status }) => status === "fulfilled")).toEqual(
      amounts.map((amount) => amount <= 10n),
    );
  });

  it("serves two provers in one process", async () => {
    const provers = [toyProver(), toyProver({ threads: 1 })];
    const proofs = await Promise.all(
      provers.flatMap((prover) =>
        [1n, 2n, 3n].map((amount) => prover.prove("gate", toyInput({ amount }))),
      ),
    );
    for (const proof of proofs) expect(await isValid(proof)).toBe(true);
    await provers[0]?.close();
    await expect(provers[1]?.prove("gate", toyInput())).resolves.toBeDefined();
  });

  it("leaves the event loop free", async () => {
    const prover = toyProver();
    await prover.prove("gate", toyInput());
    let turns = 0;
    let next = setImmediate(function turn() {
      turns++;
      next = setImmediate(turn);
    });
    for (let i = 0; i < 5; i++) await prover.prove("gate", toyInput());
    clearImmediate(next);
    // Waiting for five answers takes about as many turns if nothing else can run meanwhile.
    expect(turns).toBeGreaterThan(100);
  });

  it("gives up when aborted, before and during a proof", async () => {
    const prover = toyProver();
    const reason = new Error("no longer wanted");
    const early = prover.prove("gate", toyInput(), { signal: AbortSignal.abort(reason) });
    await expect(early).rejects.toBe(reason);

    const controller = new AbortController();
    const running = prover.prove("gate", toyInput(), { signal: controller.signal });
    const waiting = prover.prove("gate", toyInput(), { signal: controller.signal });
    const other = prover.prove("gate", toyInput());
    await sleep(30);
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(await isValid(await other)).toBe(true);
  });

  it("gives up when time is up, again and again", async () => {
    const prover = toyProver({ timeoutMs: 1 });
    await expect(prover.prove("gate", toyInput())).rejects.toBeInstanceOf(ProvingTimeoutError);
    await expect(prover.prove("gate", toyInput())).rejects.toBeInstanceOf(ProvingTimeoutError);
  });

  it("ends with close(), whatever is under way", async () => {
    const prover = toyProver();
    const running = prover.prove("gate", toyInput()).catch((e) => e);
    await sleep(50);
    await prover.close();
    expect(await running).toBeInstanceOf(ProvingError);
    await expect(prover.prove("gate", toyInput())).rejects.toThrow("closed");
  });

  it("proves without tables where they would take too much memory", async () => {
    const prover = toyProver({ memoryCapMb: 0 });
    expect(await isValid(await prover.prove("gate", toyInput()))).toBe(true);
    expect(await isValid(await prover.prove("gate", toyInput({ amount: 2n })))).toBe(true);
  });

  it("keeps tables for the next prover, and mends damaged ones", async () => {
    const cacheDirectory = await temporaryFolder();
    const proveOnce = async () => {
      const prover = toyProver({ cacheDirectory, threads: 2 });
      expect(await isValid(await prover.prove("gate", toyInput()))).toBe(true);
      await prover.close();
    };
    await proveOnce();
    const files = (await readdir(cacheDirectory)).map((name) => join(cacheDirectory, name));
    expect(files.length).toBeGreaterThan(0);
    const good = await Promise.all(files.map((file) => readFile(file)));
    await proveOnce();
    for (const [k, file] of files.entries()) {
      const bytes = Buffer.from(good[k] as Buffer);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 1, bytes.length - 9);
      await writeFile(file, bytes);
    }
    await proveOnce();
    expect(await Promise.all(files.map((file) => readFile(file)))).toEqual(good);
  });

  it("lets snarkjs prove and says why where the machine does not fuse multiply-adds", async () => {
    const module = fileURLToPath(
      new URL("../../../src/prover/kernel/kernelProver.ts", import.meta.url),
    );
    const script = `
      import { createKernelProver } from ${JSON.stringify(module)};
      const bigints = (key, value) => (/^n\\d+$/.test(value) ? BigInt(value.slice(1)) : value);
      const [directory, input] = process.argv.slice(1);
      const reasons = [];
      const prover = createKernelProver({
        directory, production: false, cacheDirectory: false,
        onFallback: (reason) => reasons.push(reason),
      });
      const prove = () => prover.prove("gate", JSON.parse(input, bigints));
      const proofs = [...await Promise.all([prove(), prove(), prove()]), await prove()];
      await prover.close();
      console.log(JSON.stringify({ reasons, signals: proofs.map((p) => p.publicSignals.length) }));`;
    const text = JSON.stringify(toyInput(), (_, v) => (typeof v === "bigint" ? `n${v}` : v));
    const flags = ["--no-enable-fma3", "--input-type=module", "-e"];
    const args = [...flags, script, toy.directory, text];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 40_000 });
    const { reasons, signals } = JSON.parse(stdout);
    expect(signals).toEqual([3, 3, 3, 3]);
    expect(reasons).toEqual([expect.stringContaining("self-test")]);
  });

  it("does not keep a process alive that forgets to close it", async () => {
    const module = fileURLToPath(
      new URL("../../../src/prover/kernel/kernelProver.ts", import.meta.url),
    );
    const script = `
      import { createKernelProver } from ${JSON.stringify(module)};
      const bigints = (key, value) => (/^n\\d+$/.test(value) ? BigInt(value.slice(1)) : value);
      const [directory, input] = process.argv.slice(1);
      const prover = createKernelProver({ directory, production: false, cacheDirectory: false });
      const proof = await prover.prove("gate", JSON.parse(input, bigints));
      console.log(proof.publicSignals.length);`;
    const text = JSON.stringify(toyInput(), (_, v) => (typeof v === "bigint" ? `n${v}` : v));
    const args = ["--input-type=module", "-e", script, toy.directory, text];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
      timeout: 20_000,
    });
    expect(stdout.trim()).toBe("3");
    expect(stderr).toBe("");
  });

  it("refuses development keys in production mode", async () => {
    const prover = toyProver({ production: true });
    await expect(prover.prove("gate", toyInput())).rejects.toBeInstanceOf(DevelopmentKeysError);
  });
});
