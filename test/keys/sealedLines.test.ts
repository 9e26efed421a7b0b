import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { JournalUnavailableError } from "../../src/errors/journal.ts";
import { SealIdentity } from "../../src/keys/sealed.ts";
import { readSealedLines, writeSealedLines } from "../../src/keys/sealedLines.ts";

let folder: string;
let identity: SealIdentity;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "zkmandate-lines-"));
  identity = await SealIdentity.generate();
});
afterAll(() => rm(folder, { recursive: true }));

async function* each(lines: readonly string[]): AsyncIterable<string> {
  yield* lines;
}

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

describe("sealed lines", () => {
  it("come back as they were, past the cipher's blocks of 64 KiB and inside of characters", async () => {
    const path = join(folder, "lines.age");
    const lines = ["", "one", "🔑".repeat(40_001), "x", "é".repeat(65_535), ""];
    await writeSealedLines(path, each(lines), identity);
    expect(await collect(readSealedLines(path, identity))).toEqual(lines);
    const bytes = await readFile(path);
    expect(bytes.includes("🔑🔑")).toBe(false);
  });

  it("can be none", async () => {
    const path = join(folder, "none.age");
    await writeSealedLines(path, each([]), identity);
    expect(await collect(readSealedLines(path, identity))).toEqual([]);
  });

  it("leave no file when their source fails, and its own error", async () => {
    const own = join(folder, "own");
    const error = new JournalUnavailableError({ place: "nowhere", reason: "gone" });
    async function* failing(): AsyncIterable<string> {
      yield "x".repeat(200_000);
      throw error;
    }
    await expect(writeSealedLines(join(own, "a.age"), failing(), identity)).rejects.toBe(error);
    expect(await readdir(own)).toEqual([]);
  });

  it("are not given out past damage, and not as whole when the end is missing", async () => {
    const path = join(folder, "long.age");
    const lines = Array.from({ length: 30_000 }, (_, i) => `line ${i}`);
    await writeSealedLines(path, each(lines), identity);
    const bytes = await readFile(path);
    const middle = bytes.length >> 1;
    const flipped = Uint8Array.from(bytes);
    flipped[middle] = (flipped[middle] ?? 0) ^ 1;
    const cuts = [bytes.subarray(0, middle), bytes.subarray(0, -1), flipped];
    for (const [i, damaged] of cuts.entries()) {
      const other = join(folder, `damaged-${i}.age`);
      await writeFile(other, damaged);
      const given: string[] = [];
      const reading = (async () => {
        for await (const line of readSealedLines(other, identity)) given.push(line);
      })();
      await expect(reading).rejects.toMatchObject({ name: "InvalidSealedFileError" });
      expect(given).toEqual(lines.slice(0, given.length));
    }
  });

  it("may be left off in the middle", async () => {
    for await (const line of readSealedLines(join(folder, "long.age"), identity)) {
      expect(line).toBe("line 0");
      break;
    }
  });
});
