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
    ["", "file: expected a mapping, received nothing"],
    ["just text", "file: expected a mapping, received text"],
    ["version: 1", "chain: is missing"],
    [minimal.replace("31337", "1.5"), "chain.id: expected a whole number, received a fraction"],
    [`${minimal}lane: [1]`, "line 3, lane: expected a number, received a list"],
    [`${minimal}lane: -1`, "line 3, lane: expected at least 0"],
    [`${minimal}polizy: x\nlanes: 3`, "file: unknown entries: polizy, lanes"],
    [`${minimal}policy: ""`, "line 3, policy: expected at least 1 character"],
    [`${minimal}accounts: { agent: { keystor: x } }`, "accounts.agent: neither { keystore"],
    [
      `${minimal}accounts: { agent: { group: { file: g, nodes: [] } } }`,
      "accounts.agent.group.nodes: expected at least 2 entries",
    ],
  ])("is refused with the place of the mistake: %j", (text, place) => {
    expect(() => parseWorkspace(text, origin)).toThrow(place);
  });
});
