import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AuditContent, type AuditEntry, auditEvents } from "../../src/audit/auditEntry.ts";
import { canonicalJson } from "../../src/audit/canonicalJson.ts";
import { formatCheckpoint, parseCheckpoint } from "../../src/audit/checkpoint.ts";
import { type AuditCheckpoint, sealEntry, verifyAuditLog } from "../../src/audit/hashChain.ts";
import { formatAuditLog, parseAuditLog } from "../../src/audit/jsonLines.ts";

const contents = fc.array(
  fc.record(
    {
      event: fc.constantFrom(...auditEvents),
      at: fc.integer({ min: 0, max: 2 ** 45 }),
      principal: fc.string({ unit: "binary" }),
      chainId: fc.nat(),
      lane: fc.nat(255),
      seq: fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String),
      reason: fc.string({ unit: "grapheme" }),
    },
    { requiredKeys: ["event", "at", "principal"] },
  ),
  { minLength: 3, maxLength: 12 },
);

function chain(entries: readonly AuditContent[]): AuditEntry[] {
  const log: AuditEntry[] = [];
  for (const content of entries) log.push(sealEntry(content, log.at(-1)));
  return log;
}

const checkpointOf = (log: readonly AuditEntry[]) => log.at(-1) as AuditCheckpoint;

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("a hash-chained audit log", () => {
  it("is intact as it was written, empty or not, and from any point on", async () => {
    expect(await verifyAuditLog([])).toEqual({ isIntact: true, entries: 0, head: undefined });
    await fc.assert(
      fc.asyncProperty(contents, fc.nat(11), async (list, start) => {
        const log = chain(list);
        const { index, hash } = checkpointOf(log);
        const head = { index, hash };
        expect(await verifyAuditLog(log)).toEqual({ isIntact: true, entries: log.length, head });
        const from = start % log.length;
        const after = log[from - 1];
        expect(await verifyAuditLog(log.slice(from), { after })).toMatchObject({ isIntact: true });
      }),
      { numRuns: 50 },
    );
  });

  it("shows the first entry of which anything was changed, added or taken away", async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.nat(), fc.nat(), async (list, where, field) => {
        const log = chain(list);
        const at = where % log.length;
        const entry = log[at] as AuditEntry;
        const keys = Object.keys(entry) as (keyof AuditEntry)[];
        const key = keys[field % keys.length] as keyof AuditEntry;
        const value = entry[key];
        const changes = [
          { ...entry, [key]: typeof value === "number" ? value + 1 : `${value}0` },
          { ...entry, added: 0 },
          Object.fromEntries(Object.entries(entry).filter(([name]) => name !== key)),
        ];
        for (const changed of changes) {
          // An entry without a link does not come from a parser; a changed one does.
          if (!("previous" in changed) || !("index" in changed)) continue;
          const result = await verifyAuditLog(log.with(at, changed as AuditEntry));
          expect(result).toMatchObject({ isIntact: false, index: at + 1 });
        }
      }),
      { numRuns: 100 },
    );
  });

  it("shows an entry that was removed, swapped, repeated or put in", async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.nat(), async (list, where) => {
        const log = chain(list);
        const at = where % (log.length - 1);
        const [one, two] = [log[at], log[at + 1]] as [AuditEntry, AuditEntry];
        const forged = sealEntry({ event: "signed", at: 1, principal: "thief" }, log[at - 1]);
        const damaged = [
          log.toSpliced(at, 1),
          log.toSpliced(at, 2, two, one),
          log.toSpliced(at, 0, one),
          log.toSpliced(at, 0, forged),
          log.with(at, forged),
        ];
        for (const entries of damaged) {
          const result = await verifyAuditLog(entries);
          expect(result.isIntact).toBe(false);
          // A forged link holds by itself; the one after it does not.
          if (!result.isIntact) expect(result.index - 1 - at).toBeOneOf([0, 1]);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("that was cut off or written anew does not hold the checkpoint that was kept elsewhere", async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.nat(), async (list, where) => {
        const log = chain(list);
        const checkpoint = checkpointOf(log);
        const left = where % log.length;
        expect(await verifyAuditLog(log.slice(0, left))).toMatchObject({ isIntact: true });
        expect(await verifyAuditLog(log.slice(0, left), { checkpoint })).toMatchObject({
          isIntact: false,
          index: left + 1,
        });
        const anew = chain(list.with(0, { event: "stopped", at: 7, principal: "thief" }));
        expect(await verifyAuditLog(anew)).toMatchObject({ isIntact: true });
        expect(await verifyAuditLog(anew, { checkpoint })).toMatchObject({ isIntact: false });
        // Entries that came after a checkpoint leave it standing.
        const longer = [...log, sealEntry({ event: "stopped", at: 8, principal: "x" }, checkpoint)];
        expect(await verifyAuditLog(longer, { checkpoint })).toMatchObject({ isIntact: true });
      }),
      { numRuns: 50 },
    );
  });

  it("keeps its hashes through an export as JSON Lines, byte for byte", async () => {
    await fc.assert(
      fc.asyncProperty(contents, async (list) => {
        const log = chain(list);
        const text = (await collect(formatAuditLog(log))).join("");
        const read = await collect(parseAuditLog(text.split("\n")));
        expect(read).toEqual(log);
        expect((await collect(formatAuditLog(read))).join("")).toBe(text);
        expect(await verifyAuditLog(read)).toMatchObject({ isIntact: true, entries: log.length });
      }),
      { numRuns: 50 },
    );
  });

  it("has hashes that anyone can compute again", () => {
    const entry = sealEntry({ event: "started", at: 1, principal: "service" }, undefined);
    // printf '%064d' 0 | xxd -r -p; printf '{"at":1,"event":"started","index":1,"principal":"service"}'
    expect(entry).toEqual({
      event: "started",
      at: 1,
      principal: "service",
      index: 1,
      previous: `0x${"0".repeat(64)}`,
      hash: "0xccb5c3304b86b8a9e2fef76c2a5d24fbc9f4bf421b161037cc7c02a123d5d854",
    });
  });
});

describe("an exported line that is not an entry", () => {
  it.each([
    ["text that is not JSON", "nonsense"],
    ["something else", '{"index":"1"}'],
    ["half an entry", '{"index":1,"previous":"0x'],
  ])("is refused by its number: %s", async (_, line) => {
    const [first] = await collect(
      formatAuditLog([sealEntry({ event: "started", at: 1, principal: "service" }, undefined)]),
    );
    await expect(
      collect(parseAuditLog([(first as string).trim(), "", line])),
    ).rejects.toMatchObject({ name: "InvalidAuditEntryError", line: 3 });
  });
});

describe("a checkpoint", () => {
  it("is one word that can be read again", () => {
    const checkpoint: AuditCheckpoint = { index: 12, hash: `0x${"ab".repeat(32)}` };
    expect(parseCheckpoint(`${formatCheckpoint(checkpoint)}\n`)).toEqual(checkpoint);
  });

  it.each(["", "0:0x", `0:0x${"ab".repeat(32)}`, `1:0x${"AB".repeat(32)}`, "12"])(
    "is refused if it is %j",
    (text) => {
      expect(() => parseCheckpoint(text)).toThrow("not a checkpoint");
    },
  );
});

describe("canonical JSON", () => {
  it("is the same for the same content in another order, and parses to it", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).toReversed());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([[1n], [Number.NaN], [() => 0], [Symbol("s")]])("refuses %s", (value) => {
    expect(() => canonicalJson({ value })).toThrow(TypeError);
  });
});
