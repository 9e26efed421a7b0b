import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { reasons } from "../../src/agent/reasons.ts";
import { methods } from "../../src/agent/rpc/methods.ts";

const text = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

describe("the operator guide", () => {
  it("names every reason that a client can be given", async () => {
    const guide = await text("docs/SERVICE.md");
    const missing = Object.keys(reasons).filter((reason) => !guide.includes(`\`${reason}\``));
    expect(missing).toEqual([]);
  });

  it("names every method of the service's own", async () => {
    const guide = await text("docs/SERVICE.md");
    const missing = Object.keys(methods).filter(
      (method) => /^zkmandate_/.test(method) && !guide.includes(`\`${method}\``),
    );
    expect(missing).toEqual([]);
  });

  it("reviews every dependency that is there at run time", async () => {
    const security = await text("SECURITY.md");
    const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
      await text("package.json"),
    );
    const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
    expect(names.filter((name) => !security.includes(`\`${name}\``))).toEqual([]);
  });
});
