import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { passphraseFile, temporaryFolder, zkmandate, zkmandateJson } from "./run.ts";

const usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const treasury = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const tuesday = "2026-12-01T10:00:00Z";

async function workspace() {
  const cwd = await temporaryFolder();
  await zkmandate(["init"], { cwd });
  return cwd;
}

const pay = (amount: string, time = tuesday) => [
  ...["--to", usdc, "--call", "transfer(address,uint256)", "--args", treasury, amount],
  ...["--time", time],
];

describe("zkmandate policy check", () => {
  it("finds the example policy well-formed", async () => {
    const { code, stdout, stderr } = await zkmandate(["policy", "check"], {
      cwd: await workspace(),
    });
    expect(stderr).toBe("");
    expect(stdout).toContain("eth-basis: 3 rules, well-formed");
    expect(code).toBe(0);
  });

  it.each([
    ["a wrong unit", "max: 50_000 USDC", "max: 50_000 WETH", "rules[2].max"],
    ["a misspelt parameter", "where: { to: ", "where: { too: ", "did you mean to?"],
    ["a missing asset", "target: USDC", "target: USDT", "USDT"],
    ["text that is not YAML", "rules:", "rules: [", "not YAML"],
  ])("names %s with its place, and ends with 2", async (_, from, to, place) => {
    const cwd = await workspace();
    const source = await readFile(join(cwd, "policy.yaml"), "utf8");
    await writeFile(join(cwd, "broken.yaml"), source.replace(from, to));
    const { code, stdout, stderr } = await zkmandate(["policy", "check", "broken.yaml"], { cwd });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(place);
    expect(stderr).toMatch(/broken\.yaml:\d+:\d+/);
  });

  it("says which file is missing", async () => {
    const { code, stderr } = await zkmandate(["policy", "check", "absent.yaml"]);
    expect(code).toBe(2);
    expect(stderr).toContain("absent.yaml");
  });

  it("allows what the policy allows", async () => {
    const cwd = await workspace();
    const { code, json } = await zkmandateJson(["policy", "check", ...pay("25000000000")], { cwd });
    expect(code).toBe(0);
    expect(json).toMatchObject({ ok: true, allowed: true, rule: "pay-treasury", circuit: "gate" });
    expect(json.charged).toContainEqual({
      budget: "payouts",
      level: "25,000 USD",
      capacity: "250,000 USD",
    });
  });

  it("denies with every reason, limit and observed value, and ends with 3", async () => {
    const cwd = await workspace();
    const saturday = "2026-12-05T10:00:00Z";
    const action = pay("50000000001", saturday);
    const { code, json } = await zkmandateJson(["policy", "check", ...action], { cwd });
    expect(code).toBe(3);
    expect(json).toMatchObject({ ok: false, allowed: false });
    expect(json.reasons.join()).toContain("at most 50,000 USDC; observed 50,000.000001 USDC");
    expect(json.reasons.join()).toContain("observed Sat");
  });

  it.each([
    ["--args without --call", ["--to", usdc, "--args", "1"], "--args needs --call"],
    ["a value without a target", ["--value", "1"], "--to"],
    ["circumstances without an action", ["--price", "ETHUSD=1"], "--to"],
    ["too few arguments", ["--to", usdc, "--call", "f(uint256,uint256)", "--args", "1"], "takes 2"],
    [
      "an argument of another type",
      ["--to", usdc, "--call", "f(uint8)", "--args", "256"],
      "do not fit",
    ],
    ["a broken signature", ["--to", usdc, "--call", "f(uint8"], "not a function signature"],
    ["odd calldata", ["--to", usdc, "--data", "0x123"], "even number"],
    ["a wrong checksum", ["--to", `${usdc.slice(0, -1)}9`], "checksum"],
    ["a price of no feed", ["--to", usdc, "--price", "BTCUSD=1"], "its price feeds: ETHUSD"],
  ])("refuses %s", async (_, args, message) => {
    const { code, stderr } = await zkmandate(["policy", "check", ...args], {
      cwd: await workspace(),
    });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("zkmandate policy explain", () => {
  it("says what each rule requires, what was observed and the headroom left", async () => {
    const cwd = await workspace();
    const { code, json } = await zkmandateJson(["policy", "explain", ...pay("20000000000")], {
      cwd,
    });
    expect(code).toBe(0);
    expect(json.allowed).toBe(true);
    expect(json.rules).toHaveLength(3);
    expect(json.rules[2].findings).toContainEqual(
      expect.objectContaining({ restriction: "amount", ok: true, headroom: "30,000 USDC" }),
    );
  });

  it("says what the policy lets through in 24 h", async () => {
    const { stdout } = await zkmandate(["policy", "explain"], { cwd: await workspace() });
    expect(stdout).toContain("any 24 h: at most 4,006,944.45 USD");
  });
});

describe("zkmandate policy compile", () => {
  it("divides the budgets among the lanes", async () => {
    const cwd = await workspace();
    const { json } = await zkmandateJson(["policy", "compile", "--lanes", "4"], { cwd });
    expect(json.report.budgets[0]).toMatchObject({
      capacity: "2,000,000 USD",
      capacityPerLane: "500,000 USD",
    });
    expect(json.policy.rules).toHaveLength(3);
    expect(json.circuits["sell-eth"]).toBe("gate");
  });
});

describe("zkmandate policy commit", () => {
  it("draws another commitment each time, and leaves nothing readable on the disk", async () => {
    const cwd = await workspace();
    const secret = await passphraseFile(cwd, "correct horse battery");
    const commit = () => zkmandateJson(["policy", "commit", "--passphrase-file", secret], { cwd });
    const [first, second] = [await commit(), await commit()];
    expect(first.code).toBe(0);
    expect(first.json.lanes[0].commitment).toMatch(/^0x[0-9a-f]{64}$/);
    expect(second.json.lanes[0].commitment).not.toBe(first.json.lanes[0].commitment);
    const sealed = (await readFile(first.json.lanes[0].file)).toString("latin1");
    expect(sealed).toMatch(/^age-encryption\.org\/v1\n/);
    expect(sealed).not.toContain("treasury");
  });
});
