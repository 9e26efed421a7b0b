import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parseWorkspace } from "../../src/cli/workspace.ts";

const origin = { path: "zkmandate.yaml", folder: "/desk" };
const minimal = "version: 1\nchain: { id: 31337, rpcUrl: http://127.0.0.1:8545 }\n";

describe("a workspace's configuration", () => {
  it("is complete with its chain alone", () => {
    expect(parseWorkspace(minimal, origin)).toMatchObject({
      policy: "/desk/policy.yaml",
      deployment: "/desk/deployment.json",
      lane: 0,
      accounts: { agent: { keystore: "/desk/secrets/agent.json" } },
    });
  });

  it("is what init writes", async () => {
    const template = await readFile(
      new URL("../../templates/zkmandate.yaml", import.meta.url),
      "utf8",
    );
    expect(parseWorkspace(template, origin)).toEqual(
      expect.objectContaining(parseWorkspace(minimal, origin)),
    );
  });

  it.each([
    ["chain: { id: 1", "Flow map"],
    [`${minimal}polizy: x`, "polizy"],
    [minimal.replace("31337", "one"), "chain.id"],
    [minimal.replace("http", "ftp"), "chain.rpcUrl"],
    [minimal.replace("version: 1", "version: 2"), "version"],
    [`${minimal}lane: 70000`, "lane"],
    [`${minimal}gate: { maxDelay: 301 }`, "line 3, gate.maxDelay"],
    ["", "file"],
    ["just text", "file"],
  ])("is refused with the place of the mistake: %j", (text, place) => {
    expect(() => parseWorkspace(text, origin)).toThrow(place);
  });
});
