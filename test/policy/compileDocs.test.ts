import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compilePolicy } from "../../src/policy/compile.ts";

const page = readFileSync(new URL("../../docs/POLICY.md", import.meta.url), "utf8");
const source = readFileSync(
  new URL("../../src/policy/source/definitions.ts", import.meta.url),
  "utf8",
);

test("the reference's whole policy compiles without a warning", () => {
  const [block] = [...page.matchAll(/```yaml\n(name: .*?)```/gs)];
  expect(compilePolicy(block?.[1] ?? "").warnings).toEqual([]);
});

test("the reference's sections, put together, compile", () => {
  const point =
    '{ x: "5299619240641551281634865583518297030282874472190772894086521144482721001553", y: "16950150798460657717958625567821834550301663161624707787222815936182638968203" }';
  let address = 0;
  const sections = [
    ...page.matchAll(/```yaml\n((?:assets|feeds|budgets|regimes|rules):\n.*?)```/gs),
  ]
    .map(([, block]) => block)
    .join("")
    .replace(/0x…/g, () => `0x${(++address).toString().padStart(40, "0")}`);
  const policy = `name: reference\nchain: 1\n${sections}approvers:\n  normal: ${point}\n`;
  expect(compilePolicy(policy).policy.rules).toHaveLength(1);
});

test("the reference lists every warning", () => {
  const rules = readFileSync(
    new URL("../../src/policy/source/ruleWarnings.ts", import.meta.url),
    "utf8",
  );
  const codes = [...`${source}${rules}`.matchAll(/"([a-z]+-[a-z]+)"/g)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(6);
  for (const code of codes) expect(page).toContain(`\`${code}\``);
});
