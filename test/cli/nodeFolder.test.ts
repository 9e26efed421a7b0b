import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex, numberToHex } from "viem";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimCeremony, createMandateReader, nodeFiles } from "../../src/cli/nodeFolder.ts";
import { SealIdentity, writeSealed } from "../../src/keys/sealed.ts";
import { commitPolicy } from "../../src/policy/commitment.ts";
import { basePolicy } from "../support/mandate.ts";

const { commitment } = commitPolicy(basePolicy);
const secretOf = (n: number) => new Uint8Array(32).fill(n);

let folder: string;
let seal: SealIdentity;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zkmandate-node-"));
  seal = await SealIdentity.generate();
  const { mandates } = nodeFiles(folder);
  await mkdir(mandates);
  path = join(mandates, `${numberToHex(commitment, { size: 32 })}.age`);
});
afterEach(() => rm(folder, { recursive: true }));

const put = (secret: Uint8Array) =>
  writeSealed(
    path,
    {
      ...{ version: 1, lane: 0, policy: basePolicy, stateSecret: bytesToHex(secret) },
      labels: { rules: [], budgets: [], addresses: {} },
    },
    seal,
    { replace: true },
  );

describe("a node's mandates", () => {
  it("are found by commitment, and opened once", async () => {
    await put(secretOf(1));
    const read = createMandateReader(folder, seal);
    const mandate = await read(commitment);
    expect(mandate?.committed.commitment).toBe(commitment);
    expect(mandate?.secret).toEqual(secretOf(1));
    expect(await read(commitment)).toBe(mandate);
    expect(await read(commitment + 1n)).toBeUndefined();
  });

  it("are read anew when the file is another one, and gone when it is", async () => {
    await put(secretOf(1));
    const read = createMandateReader(folder, seal);
    await read(commitment);
    await put(secretOf(2));
    expect((await read(commitment))?.secret).toEqual(secretOf(2));
    await rm(path);
    expect(await read(commitment)).toBeUndefined();
    await put(secretOf(3));
    expect((await read(commitment))?.secret).toEqual(secretOf(3));
  });
});

describe("a ceremony", () => {
  it("is taken part in once, whatever became of it", async () => {
    const [one, other] = [bytesToHex(secretOf(1)), bytesToHex(secretOf(2))];
    await claimCeremony(folder, one);
    await claimCeremony(folder, other);
    await expect(claimCeremony(folder, one)).rejects.toMatchObject({
      name: "UsageError",
      details: [expect.stringContaining("fresh")],
    });
  });
});
