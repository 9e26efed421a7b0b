import { describe, expect, test } from "vitest";
import { importCircle, importsOf, importViolation } from "../../scripts/check-imports.ts";

const violation = (file: string, source: string) =>
  importsOf(source)
    .map((found) => importViolation(file, found))
    .filter((reason) => reason !== undefined);

describe("the folder order of src", () => {
  test("a folder imports from those before it, from errors and from packages", () => {
    const source = `
      import { keccak256 } from "viem";
      import { mod } from "../field/field.ts";
      import { BaseError } from "../errors/base.ts";
      import { tree } from "./tree.ts";
      export type { Action } from "../action/context.ts";
    `;
    expect(violation("policy/leaf.ts", source)).toEqual([]);
  });

  test.each([
    ["a later folder", "field/field.ts", `import { hash } from "../policy/tree.ts";`],
    [
      "a later folder's type",
      "field/field.ts",
      `import type { Policy } from "../policy/policy.ts";`,
    ],
    ["a re-export", "action/digest.ts", `export * from "../chain/gate.ts";`],
    ["a dynamic import", "keys/local.ts", `const { sign } = await import("../signer/signer.ts");`],
    ["an import for its effect", "state/salt.ts", `import "../witness/witness.ts";`],
    ["several lines", "action/digest.ts", `import {\n  a,\n  b,\n} from "../keys/local.ts";`],
    ["from a subfolder", "policy/restrictions/target.ts", `import { x } from "../../state/x.ts";`],
    ["values into errors", "errors/policy.ts", `import { BUDGETS } from "../policy/policy.ts";`],
    ["the index", "chain/gate.ts", `import { mod } from "../index.ts";`],
    ["outside src", "chain/gate.ts", `import abi from "../../build/abi.json";`],
    ["an unknown folder", "utils/x.ts", `import { mod } from "../field/field.ts";`],
  ])("%s is refused", (_, file, source) => {
    expect(violation(file, source)).toHaveLength(1);
  });

  test("errors may import types", () => {
    expect(
      violation("errors/policy.ts", `import type { Rule } from "../policy/policy.ts";`),
    ).toEqual([]);
  });

  test("the index imports everything", () => {
    expect(violation("index.ts", `export * from "./cli/main.ts";`)).toEqual([]);
  });

  test("examples in comments are no imports", () => {
    expect(importsOf(` * import { x } from "../chain/x.ts";\n// import "../cli/main.ts";`)).toEqual(
      [],
    );
  });

  test("imports in generated Solidity are left to Solidity", () => {
    const source = `const text = \`import {X} from "../interfaces/X.sol";\`;`;
    expect(violation("prover/generator.ts", source)).toEqual([]);
  });

  test("the line is the import's own", () => {
    expect(importsOf(`\n\nimport "./x.ts";`)).toEqual([
      { specifier: "./x.ts", typeOnly: false, line: 3 },
    ]);
  });
});

describe("circles of imports", () => {
  const circleOf = (sources: Record<string, string>) =>
    importCircle(
      new Map(Object.entries(sources).map(([file, source]) => [file, importsOf(source)])),
    );

  test("are found and named", () => {
    expect(
      circleOf({
        "cli/main.ts": `import { open } from "./accounts.ts";`,
        "cli/accounts.ts": `import { group } from "./keys/group.ts";`,
        "cli/keys/group.ts": `import { ask } from "../secrets.ts";`,
        "cli/secrets.ts": `import { hint } from "./accounts.ts";`,
      }),
    ).toEqual(["cli/accounts.ts", "cli/keys/group.ts", "cli/secrets.ts", "cli/accounts.ts"]);
  });

  test("are none where modules share one, or only a type leads back", () => {
    expect(
      circleOf({
        "cli/a.ts": `import { b } from "./b.ts";\nimport { c } from "./c.ts";`,
        "cli/b.ts": `import { c } from "./c.ts";`,
        "cli/c.ts": `import type { A } from "./a.ts";`,
      }),
    ).toBeUndefined();
  });

  test("of one module with itself", () => {
    expect(circleOf({ "cli/a.ts": `import "./a.ts";` })).toEqual(["cli/a.ts", "cli/a.ts"]);
  });
});
