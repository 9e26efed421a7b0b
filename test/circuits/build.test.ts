import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CircuitBuild } from "../../scripts/circuits/build.ts";
import { root } from "../../scripts/circuits/compile.ts";
import { inspectionFindings } from "../../scripts/circuits/findings.ts";
import { type CircuitName, circuits } from "../../src/action/circuits.ts";

const folder = (name: string) => join(root, "circuits/artifacts", name);

describe.each(Object.keys(circuits) as CircuitName[])("the committed build of %s", (name) => {
  const build: CircuitBuild = JSON.parse(readFileSync(join(folder(name), "build.json"), "utf8"));

  test("fits the row budget", () => {
    expect(build.rows).toBeLessThanOrEqual(circuits[name].maxRows);
  });

  test("has the public inputs c, z, y and nothing else", () => {
    expect(build.publicInputs).toBe(3);
  });

  test("attributes every row to one part of the statement", () => {
    const counts = Object.values(build.rowsPerRestriction);
    expect(counts.reduce((sum, count) => sum + count)).toBe(build.rows);
    expect(counts.every((count) => count > 0)).toBe(true);
  });

  test("is the witness generator that lies beside it", () => {
    const wasm = readFileSync(join(folder(name), `${name}.wasm`));
    expect(createHash("sha256").update(wasm).digest("hex")).toBe(build.wasmSha256);
  });
});

test("circom's inspection is read finding by finding", () => {
  const output = [
    'warning[CA02]: In template "Range(34)": Array of subcomponent signals',
    " = For example: bits.out[0], bits.out[10].",
    'warning[CA01]: In template "Amount(8)": Local signal x does not appear in any constraint',
    "Everything went okay",
  ].join("\n");
  expect(inspectionFindings(output)).toEqual([
    { id: "CA02", at: 'In template "Range(34)": Array of subcomponent signals' },
    { id: "CA01", at: 'In template "Amount(8)": Local signal x does not appear in any constraint' },
  ]);
});
