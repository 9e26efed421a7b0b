import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Address, parseEther } from "viem";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { importKeystore } from "../../src/keys/keystore.ts";
import { createSealIdentity } from "../../src/keys/sealed.ts";
import { type LocalNode, startNode } from "./node.ts";
import { zkmandate, zkmandateJson } from "./run.ts";

// Each test starts the command line several times, some with proofs.
vi.setConfig({ testTimeout: 180_000 });

const passphrase = "correct horse battery";
const payee: Address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const stranger: Address = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const delay = 3_600;
const ether = (amount: string) => parseEther(amount).toString();

/** A policy that pays one address in ETH. */
const policy = (max: string, refill = "24h") => `
name: payments
chain: 31337
budgets:
  payouts: { capacity: 5 ETH, refill: ${refill} }
rules:
  - name: pay
    target: "${payee}"
    call: none
    amount: msg.value
    max: ${max}
    charge: { payouts: amount }
`;

let node: LocalNode;
let cwd: string;
let gate: Address;

/** Runs a command in the workspace, with the one passphrase that opens everything. */
const run = (...args: string[]) =>
  zkmandateJson([...args, "--passphrase-file", "passphrase"], { cwd });
const send = (value: string, to = payee) =>
  run("gate", "send", "--to", to, "--value", ether(value));

beforeAll(async () => {
  node = await startNode(31337);
  cwd = await mkdtemp(join(tmpdir(), "zkmandate-gate-"));
  await zkmandate(["init"], { cwd });
  const config = await readFile(join(cwd, "zkmandate.yaml"), "utf8");
  await writeFile(
    join(cwd, "zkmandate.yaml"),
    config
      .replace("http://127.0.0.1:8545", node.rpcUrl)
      .replace("timelockDelay: 172800", `timelockDelay: ${delay}`),
  );
  await writeFile(join(cwd, "policy.yaml"), policy("2 ETH"));
  await writeFile(join(cwd, "passphrase"), passphrase, { mode: 0o600 });
  // Cheap key derivation, since every command opens several of these.
  await createSealIdentity(join(cwd, "secrets", "identity.age"), passphrase, { workFactor: 10 });
  for (const account of ["agent", "submitter", "governance", "guardian"]) {
    const path = join(cwd, "secrets", `${account}.json`);
    const address = await importKeystore(path, randomBytes(32), passphrase, { scryptN: 1024 });
    await node.control.setBalance({ address, value: parseEther("10") });
  }
});

afterAll(async () => {
  await node.close();
  await rm(cwd, { recursive: true });
});

describe("a gate, from the command line", () => {
  it("is not there before it is deployed", async () => {
    const { code, json } = await run("gate", "send", "--to", payee);
    expect(code).toBe(2);
    expect(json.error.details.join()).toContain("zkmandate gate deploy");
  });

  it("is not deployed by an account without ETH, and nothing is sealed", async () => {
    const governance = `0x${JSON.parse(await readFile(join(cwd, "secrets", "governance.json"), "utf8")).address}`;
    const address = governance as Address;
    await node.control.setBalance({ address, value: 0n });
    const { code, json } = await run("gate", "deploy");
    expect(code).toBe(4);
    expect(json.error.name).toBe("UnfundedAccountError");
    expect(json.error.details.join().toLowerCase()).toContain(governance.toLowerCase());
    expect(existsSync(join(cwd, "secrets", "mandates"))).toBe(false);
    await node.control.setBalance({ address, value: parseEther("10") });
  });

  it("is deployed with the policy's commitment and its first state", async () => {
    const { code, json, stderr } = await run("gate", "deploy");
    expect(stderr).toContain("development ceremony");
    expect(json).toMatchObject({ ok: true, chainId: 31337, lanes: [{ lane: 0, epoch: 1 }] });
    expect(code).toBe(0);
    gate = json.gate;
    await node.control.setBalance({ address: gate, value: parseEther("100") });
  });

  it("is not deployed twice", async () => {
    const { code, json } = await run("gate", "deploy");
    expect(code).toBe(2);
    expect(json.error.name).toBe("FileExistsError");
  });

  it("shows what everyone can see, without a passphrase", async () => {
    const { code, json } = await zkmandateJson(["gate", "status"], { cwd });
    expect(code).toBe(0);
    expect(json).toMatchObject({
      gate,
      epoch: 1,
      paused: false,
      balance: ether("100"),
      submitter: { allowed: true },
      lane: { live: true, seq: "0" },
      timelock: { minDelay: `${delay}` },
      operations: [],
    });
  });

  it("is healthy, but for what development and a short timelock deserve", async () => {
    const { code, json } = await zkmandateJson(["doctor"], { cwd });
    const named = (status: string) =>
      json.checks
        .filter((check: { status: string }) => check.status === status)
        .map(({ name }: { name: string }) => name);
    expect(named("fail")).toEqual([]);
    expect(named("warn")).toEqual(expect.arrayContaining(["setup", "timelock's notice"]));
    expect(named("ok")).toEqual(
      expect.arrayContaining([
        "artifacts",
        "gate code",
        "verifier of circuit gate",
        "timelock code",
        "governance proposes",
        "agent on-chain",
        "submitter on-chain",
        "lane 0",
        "guardian on-chain",
        "mandate of lane 0",
        "state of lane 0",
      ]),
    );
    expect(json).toMatchObject({ ok: true, healthy: true });
    expect(code).toBe(0);
  });

  it("executes an action that the policy allows", async () => {
    const before = await node.control.getBalance({ address: payee });
    const { code, json } = await send("1.5");
    expect(json).toMatchObject({ ok: true, gate, lane: 0, epoch: 1, seq: "0" });
    expect(code).toBe(0);
    expect(await node.control.getBalance({ address: payee })).toBe(before + parseEther("1.5"));
  });

  it("does not prove what the gate cannot pay", async () => {
    const { code, json } = await send("1000");
    expect(code).toBe(4);
    expect(json.error.details).toContain("has: 98.5 ETH");
  });

  it("knows a lane that the gate does not have", async () => {
    const config = await readFile(join(cwd, "zkmandate.yaml"), "utf8");
    await writeFile(join(cwd, "zkmandate.yaml"), config.replace("lane: 0", "lane: 3"));
    const { code, json } = await send("1");
    await writeFile(join(cwd, "zkmandate.yaml"), config);
    expect(code).toBe(2);
    expect(json.error.message).toBe("The gate has no lane 3");
  });

  it.each([
    ["over the limit", "2.1", payee, "amount"],
    ["to someone else", "1", stranger, "target"],
  ])(
    "denies an action %s, with the restriction, and ends with 3",
    async (_, value, to, restriction) => {
      const { code, json } = await send(value, to);
      expect(code).toBe(3);
      expect(json.error).toMatchObject({ name: "DeniedError" });
      expect(json.error.details.join()).toContain(restriction);
    },
  );

  it("tells with the recorded budgets whether an action would be allowed", async () => {
    const check = (value: string) =>
      run("policy", "check", "--live", "--to", payee, "--value", ether(value));
    const allowed = await check("2");
    expect(allowed.code).toBe(0);
    expect(allowed.json).toMatchObject({ allowed: true, rule: "pay" });
    expect(allowed.json.charged[0].level).toMatch(/^3\.49|^3\.5/);
    expect((await check("3")).code).toBe(3);
  });

  it("proves without sending, and what it proved can be checked and sent once", async () => {
    const call = join(cwd, "call.json");
    // A block of now: what is proven must not be too old when it is sent.
    await node.advance(1);
    const proven = await run("prove", "--to", payee, "--value", ether("0.5"), "--out", call);
    expect(proven.code).toBe(0);

    const verified = await zkmandateJson(["verify", call, "--onchain"], { cwd });
    expect(verified.json).toMatchObject({ valid: true });
    expect(verified.code).toBe(0);

    const other = await send("0.1");
    expect(other).toMatchObject({ code: 7, json: { error: { name: "LaneBusyError" } } });

    const sent = await run("gate", "send", "--signed", call);
    expect(sent.json).toMatchObject({ ok: true, seq: "1" });
    const replayed = await run("gate", "send", "--signed", call);
    expect(replayed.code).toBe(4);
    expect(replayed.json.error).toMatchObject({ name: "CallRefusedError", causes: [] });
    expect(replayed.json.error.message).toContain("lane 0 is at sequence 2, the call is for 1");
  });

  it("finds what was changed in a signed call", async () => {
    const file = JSON.parse(await readFile(join(cwd, "call.json"), "utf8"));
    const verify = async (change: (copy: typeof file) => void) => {
      const copy = structuredClone(file);
      change(copy);
      await writeFile(join(cwd, "changed.json"), JSON.stringify(copy));
      const { code, json } = await zkmandateJson(["verify", "changed.json"], { cwd });
      expect(code).toBe(1);
      return json.checks
        .filter(({ status }: { status: string }) => status === "fail")
        .map(({ name }: { name: string }) => name);
    };
    expect(
      await verify((copy) => {
        copy.signed.call.value = "1";
      }),
    ).toContain("context");
    expect(
      await verify((copy) => {
        copy.context.stateOld = "1";
      }),
    ).toContain("proof");
    expect(
      await verify((copy) => {
        copy.signed.seq = "9";
      }),
    ).toContain("digest");
    expect(
      await verify((copy) => {
        copy.signed.proof.points[0] = "1";
      }),
    ).toEqual(["proof"]);
  });

  it("recovers a lane's state from the mandate and the chain", async () => {
    await rm(join(cwd, "secrets", "lanes"), { recursive: true });
    const lost = await send("0.1");
    expect(lost).toMatchObject({ code: 1, json: { error: { name: "UnknownLaneError" } } });
    const { code, json } = await run("state", "recover");
    expect(code).toBe(0);
    expect(json).toMatchObject({
      epoch: 1,
      seq: "2",
      transitions: 2,
      budgets: [{ name: "payouts" }],
    });
    await node.advance(600);
  });

  it("stops when the guardian pauses, and goes on only through the timelock", async () => {
    expect((await run("gate", "pause")).json).toMatchObject({ ok: true, paused: true });
    const stopped = await send("0.1");
    expect(stopped).toMatchObject({ code: 4, json: { error: { name: "GateNotReadyError" } } });

    const { json: announced } = await run("gate", "unpause");
    expect(announced).toMatchObject({ ok: true, action: "unpause" });
    const twice = await run("gate", "unpause");
    expect(twice.json.error.message).toBe("An unpause is announced already");
    const early = await run("gate", "execute", announced.id);
    expect(early.code).toBe(4);
    expect(early.json.error.message).toMatch(/executable from \d{4}-\d\d-\d\d .* UTC/);
    await node.advance(delay + 1);
    const executed = await run("gate", "execute", announced.id.slice(0, 18));
    expect(executed.json).toMatchObject({ ok: true, action: "unpause" });
    expect((await zkmandateJson(["gate", "status"], { cwd })).json.paused).toBe(false);
    const again = await run("gate", "execute", announced.id);
    expect(again.json.error.message).toContain("done already");
    expect((await run("gate", "unpause")).json.error.message).toBe("The gate is not paused");
  });

  it("keeps no state under a policy that would read it in other units", async () => {
    await writeFile(join(cwd, "slower.yaml"), policy("0.2 ETH", "7d"));
    const { code, json } = await run("gate", "rotate", "slower.yaml", "--keep-state");
    expect(code).toBe(2);
    expect(json.error.details.join("\n")).toMatch(
      /difference: budget 0, payouts, counts ETH in parts of/,
    );
    const { json: status } = await zkmandateJson(["gate", "status"], { cwd });
    expect(status.operations).toHaveLength(1);
  });

  it("is rotated to another policy, which then decides", async () => {
    await writeFile(join(cwd, "policy.yaml"), policy("0.2 ETH"));
    const { json: announced } = await run("gate", "rotate", "--keep-state");
    expect(announced).toMatchObject({ ok: true, action: "rotate" });
    await node.advance(delay + 1);
    const executed = await run("gate", "execute", announced.id);
    expect(executed.json).toMatchObject({
      ok: true,
      lanes: [{ lane: 0, epoch: 2, keptState: true }],
    });
    expect((await send("1")).code).toBe(3);
    expect((await send("0.2")).json).toMatchObject({ ok: true, epoch: 2, seq: "2" });
  });

  it("recovers a state that a rotation kept", async () => {
    await rm(join(cwd, "secrets", "lanes"), { recursive: true });
    const { code, json } = await run("state", "recover");
    expect(code).toBe(0);
    expect(json).toMatchObject({ epoch: 2, seq: "3", transitions: 1 });
    const { json: status } = await zkmandateJson(["gate", "status"], { cwd });
    expect(status.operations.map(({ state }: { state: string }) => state)).toEqual([
      "done",
      "done",
    ]);
    await node.advance(600);
  });

  it("lets governance out without a proof, after the delay", async () => {
    const exit = () => run("gate", "exit", "--to", stranger, "--value", ether("3"));
    const { json: mistaken } = await exit();
    expect(mistaken.announced).toEqual({ calls: stranger, with: "3 ETH", calldata: "0x" });
    expect((await run("gate", "cancel", mistaken.id)).json).toMatchObject({ cancelled: true });
    expect((await run("gate", "execute", mistaken.id)).json.error.message).toContain("cancelled");
    const { json: announced } = await exit();
    await node.advance(delay + 1);
    const before = await node.control.getBalance({ address: stranger });
    expect((await run("gate", "execute", announced.id)).code).toBe(0);
    expect(await node.control.getBalance({ address: stranger })).toBe(before + parseEther("3"));
  });

  it("obeys no agent once its key is revoked", async () => {
    expect((await run("gate", "revoke")).json).toMatchObject({ ok: true, revoked: true });
    const stopped = await send("0.1");
    expect(stopped.code).toBe(4);
    expect(stopped.json.error.message).toContain("another agent key");
    const { code, json } = await zkmandateJson(["doctor"], { cwd });
    expect(code).toBe(5);
    expect(json.checks).toContainEqual(
      expect.objectContaining({ name: "agent on-chain", status: "fail" }),
    );
  });

  it("does not announce a rotation to a revoked key, but to another", async () => {
    const refused = await run("gate", "rotate");
    expect(refused.code).toBe(4);
    expect(refused.json.error.name).toBe("RevokedAgentError");
    expect(refused.json.error.details.join()).toContain("keys new --out");
    const announced = await run("gate", "rotate", "--agent", stranger);
    expect(announced.json).toMatchObject({ ok: true, announced: { agent: stranger } });
  });
});

describe("what can go wrong around a gate", () => {
  it("a wrong passphrase ends with 6", async () => {
    await writeFile(join(cwd, "wrong"), "another passphrase", { mode: 0o600 });
    const { code, json } = await zkmandateJson(["gate", "pause", "--passphrase-file", "wrong"], {
      cwd,
    });
    expect(code).toBe(6);
    expect(json.error.name).toBe("WrongPassphraseError");
  });

  it("a node of another chain is refused", async () => {
    const config = await readFile(join(cwd, "zkmandate.yaml"), "utf8");
    const folder = await mkdtemp(join(cwd, "other-"));
    await writeFile(join(folder, "zkmandate.yaml"), config.replace("id: 31337", "id: 1"));
    const deployment = JSON.parse(await readFile(join(cwd, "deployment.json"), "utf8"));
    await writeFile(join(folder, "deployment.json"), JSON.stringify({ ...deployment, chainId: 1 }));
    const { code, json } = await zkmandateJson(["gate", "status", "-w", folder]);
    expect(code).toBe(2);
    expect(json.error.name).toBe("WrongChainError");
  });

  it("a gate that is not there is named", async () => {
    const folder = await mkdtemp(join(cwd, "gone-"));
    await writeFile(join(folder, "zkmandate.yaml"), await readFile(join(cwd, "zkmandate.yaml")));
    const deployment = JSON.parse(await readFile(join(cwd, "deployment.json"), "utf8"));
    const nobody = "0x00000000000000000000000000000000000000AA";
    const text = JSON.stringify({ ...deployment, gate: nobody });
    await writeFile(join(folder, "deployment.json"), text);
    const { code, json } = await zkmandateJson(["gate", "status", "-w", folder]);
    expect(code).toBe(2);
    expect(json.error.details.join()).toContain(`no gate stands at ${nobody}`);
  });

  it("a gate with other code than this release's is not healthy", async () => {
    const folder = await mkdtemp(join(cwd, "forged-"));
    await writeFile(
      join(folder, "zkmandate.yaml"),
      await readFile(join(cwd, "zkmandate.yaml"), "utf8"),
    );
    const code = (await node.control.getCode({ address: gate })) ?? "0x";
    await node.control.setCode({ address: stranger, bytecode: `${code}00` });
    const deployment = JSON.parse(await readFile(join(cwd, "deployment.json"), "utf8"));
    await writeFile(
      join(folder, "deployment.json"),
      JSON.stringify({ ...deployment, gate: stranger }),
    );
    const doctor = await zkmandateJson(["doctor", "-w", folder]);
    expect(doctor.code).toBe(5);
    expect(doctor.json.checks).toContainEqual(
      expect.objectContaining({ name: "gate code", status: "fail" }),
    );
  });

  it("a node that does not answer is named, without its path", async () => {
    const config = await readFile(join(cwd, "zkmandate.yaml"), "utf8");
    const folder = await mkdtemp(join(cwd, "silent-"));
    await writeFile(
      join(folder, "zkmandate.yaml"),
      config.replace(node.rpcUrl, "http://127.0.0.1:9/api-key"),
    );
    await writeFile(join(folder, "deployment.json"), await readFile(join(cwd, "deployment.json")));
    const { code, stdout } = await zkmandateJson(["gate", "status", "-w", folder]);
    expect(code).toBe(1);
    expect(stdout).toContain("127.0.0.1:9");
    expect(stdout).not.toContain("api-key");
  });
});
