import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type BaseError,
  createWalletClient,
  erc20Abi,
  http,
  numberToHex,
  parseEther,
  TransactionRejectedRpcError,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { runScript } from "../../examples/viem.ts";
import type { Mandate } from "../../src/cli/mandates.ts";
import { loadSealIdentity, readSealed } from "../../src/keys/sealed.ts";
import { mandateTransport } from "../../src/server/client/mandateTransport.ts";
import { toMandateAccount } from "../../src/server/client/toMandateAccount.ts";
import { zkmandateJson } from "../cli/run.ts";
import {
  type Desk,
  limit,
  localChain,
  passphrase,
  payee,
  type RunningService,
  startDesk,
} from "./support/desk.ts";

// The service proves, and the command line is started several times.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let desk: Desk;
let service: RunningService;
const tokens: Record<string, string> = {};

async function call(method: string, params: unknown[] = [], token = tokens.bot) {
  const response = await fetch(service.url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: whatever the service answers, for matchers
  return (await response.json()) as any;
}

const pay = (wei: bigint) => ({ from: desk.gate, to: payee, value: numberToHex(wei) });

beforeAll(async () => {
  desk = await startDesk();
  tokens.bot = await desk.token("bot");
  tokens.alice = await desk.token("alice", "--operator");
  service = await desk.serve();
});

afterAll(async () => {
  if (service.process.exitCode === null) await service.stop("SIGKILL");
  await desk.close();
});

describe("zkmandate serve", () => {
  it("sends what the policy allows", async () => {
    expect(await call("eth_accounts")).toMatchObject({ result: [desk.gate] });
    const before = await desk.node.control.getBalance({ address: payee });
    const { result: hash, error } = await call("eth_sendTransaction", [pay(parseEther("1"))]);
    expect(error).toBeUndefined();
    const receipt = await desk.node.control.waitForTransactionReceipt({ hash });
    expect(receipt.status).toBe("success");
    expect(await desk.node.control.getBalance({ address: payee })).toBe(before + parseEther("1"));
  });

  it("is a viem account like any other: the same script runs with a key and with a gate", async () => {
    const { usdc: token, node } = desk;
    const chain = localChain(node);
    const owned = (address: `0x${string}`) =>
      node.control.readContract({
        address: token,
        abi: erc20Abi,
        functionName: "balanceOf",
        args: [address],
      });

    const plain = privateKeyToAccount(`0x${desk.agentKey.toString("hex")}`);
    await desk.mint(plain.address);
    const endpoint = { url: service.url, token: tokens.bot as string };
    const setups = [
      { account: plain, transport: http(node.rpcUrl) },
      { account: await toMandateAccount(endpoint), transport: mandateTransport(endpoint) },
    ];
    for (const { account, transport } of setups) {
      const before = await owned(payee);
      const receipt = await runScript({ account, transport, chain, token, recipient: payee });
      expect(receipt.status).toBe("success");
      expect(await owned(payee)).toBe(before + 25_000_000n);
    }
    expect(await owned(desk.gate)).toBe(975_000_000n);
  });

  it("denies a viem client in viem's words, with the reason", async () => {
    const endpoint = { url: service.url, token: tokens.bot as string };
    const wallet = createWalletClient({
      account: await toMandateAccount(endpoint),
      chain: localChain(desk.node),
      transport: mandateTransport(endpoint),
    });
    const denied = await wallet
      .sendTransaction({ to: payee, value: parseEther("3") })
      .catch((error: BaseError) => error);
    expect(
      (denied as BaseError).walk((e) => e instanceof TransactionRejectedRpcError),
    ).toMatchObject({
      code: -32_003,
    });
    await expect(wallet.signMessage({ message: "hello" })).rejects.toThrow("not signed");
  });

  it("explains a denial to operators alone", async () => {
    const params = [pay(parseEther("3"))];
    const { error } = await call("eth_sendTransaction", params);
    expect(error.data).toEqual({ reason: "denied", request: expect.any(String) });
    const explained = await call("zkmandate_explain", params, tokens.alice);
    expect(explained.result.explanation.join()).toContain("2.345678");
  });

  it("leaves its lanes to nobody else", async () => {
    const { code, json } = await desk.run("gate", "send", "--to", payee, "--value", "1");
    expect({ code, name: json.error.name }).toEqual({ code: 7, name: "LaneServedError" });
  });

  it("does not start beside another with a journal of its own", async () => {
    const text = await readFile(join(desk.folder, "serve.yaml"), "utf8");
    const other = text.replace("journal.sqlite", "other.sqlite").replace("z.sock", "other.sock");
    await writeFile(join(desk.folder, "other.yaml"), other);
    const refused = await desk.serve({ config: "other.yaml" }).catch((error: Error) => error);
    expect(String(refused)).toContain("serve ended with 2");
    expect(String(refused)).toContain("Lane 0 is signed for with another journal");
    expect((await call("zkmandate_check", [pay(1n)])).result).toMatchObject({ allowed: true });
  });

  it("is watched and stopped by operators through its socket", async () => {
    await writeFile(join(desk.folder, "alice.token"), `${tokens.alice}\n`, { mode: 0o600 });
    await writeFile(join(desk.folder, "bot.token"), `${tokens.bot}\n`, { mode: 0o600 });
    const as = (who: string, ...args: string[]) =>
      zkmandateJson(["service", ...args, "--token-file", `${who}.token`], { cwd: desk.folder });

    const status = await as("alice", "status");
    expect(status.json).toMatchObject({ ok: true, status: "ready" });
    expect(status.json.checks.map(({ name }: { name: string }) => name)).toEqual([
      "journal",
      "chain-31337",
      "prover",
      "lanes",
    ]);
    expect(status.json.lanes).toMatchObject([{ lane: 0, isOwned: true, state: "serving" }]);

    const refused = await as("bot", "pause");
    expect(refused).toMatchObject({ code: 4, json: { error: { name: "ServiceAnswerError" } } });
    expect((await as("alice", "pause", "desk")).code).toBe(0);
    expect((await call("eth_sendTransaction", [pay(1n)])).error.data.reason).toBe("paused");
    expect((await as("alice", "resume", "desk")).code).toBe(0);
    expect((await call("eth_sendTransaction", [pay(1n)])).result).toMatch(/^0x/);
  });

  it("tells its metrics", async () => {
    const response = await fetch(`${service.url}/metrics`, {
      headers: { authorization: `Bearer ${tokens.alice}` },
    });
    const text = await response.text();
    for (const stage of ["read", "evaluate", "prove", "sign", "record", "submit"]) {
      expect(text).toContain(`zkmandate_stage_seconds_count{gate="${desk.gate}",stage="${stage}"}`);
    }
    expect(text).toContain(`zkmandate_denials_total{gate="${desk.gate}",restriction="amount"} 2`);
    expect(text).toContain('zkmandate_ready{check="lanes"} 1');
    expect(text).toMatch(/zkmandate_submitter_open_transactions\{.*\} \d/);
    expect(text).toMatch(/zkmandate_requests\{status="\w+"\} \d/);
    expect(text).not.toContain("headroom");
    expect(text).toContain('zkmandate_scrape_failed{source="lanes"} 0');
  });

  it("reads tokens and mandates anew on SIGHUP", async () => {
    const carol = await desk.token("carol");
    service.process.kill("SIGHUP");
    await service.said('"reloaded"');
    expect((await call("eth_chainId", [], carol)).result).toBe("0x7a69");
  });

  it("keeps an audit log that shows what was changed", async () => {
    const exported = await desk.run("audit", "export", "audit.jsonl");
    expect(exported.json).toMatchObject({ ok: true, checkpoint: expect.stringMatching(/^\d+:0x/) });
    const text = await readFile(join(desk.folder, "audit.jsonl"), "utf8");
    const entries = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const events = new Set(entries.map(({ event }) => event));
    for (const event of ["started", "signed", "submitted", "denied", "paused", "resumed"]) {
      expect(events).toContain(event);
    }
    expect(entries.find(({ event }) => event === "paused").principal).toBe("alice");

    const verify = (...args: string[]) => desk.run("audit", "verify", ...args);
    const { checkpoint } = exported.json;
    expect(await verify("audit.jsonl", "--checkpoint", checkpoint)).toMatchObject({ code: 0 });
    expect(await verify("--checkpoint", checkpoint)).toMatchObject({ code: 0 });
    await writeFile(join(desk.folder, "changed.jsonl"), text.replace('"alice"', '"mallory"'));
    expect(await verify("changed.jsonl")).toMatchObject({
      code: 5,
      json: { error: { name: "AuditLogError" } },
    });
    await writeFile(
      join(desk.folder, "cut.jsonl"),
      `${text.trim().split("\n").slice(0, -1).join("\n")}\n`,
    );
    expect((await verify("cut.jsonl")).code).toBe(0);
    expect((await verify("cut.jsonl", "--checkpoint", checkpoint)).code).toBe(5);
  });

  it("never writes a secret into its log, at whatever level", async () => {
    const mandates = join(desk.folder, "secrets", "mandates");
    const identity = await loadSealIdentity(
      join(desk.folder, "secrets", "identity.age"),
      passphrase,
    );
    const [file] = await readdir(mandates);
    const { policy, stateSecret } = await readSealed<Mandate>(
      join(mandates, file as string),
      identity,
    );
    const planted: Record<string, string> = {
      token: (tokens.bot as string).slice(4),
      "operator's token": (tokens.alice as string).slice(4),
      passphrase,
      identity: identity.reveal(),
      "agent's private key": desk.agentKey.toString("hex"),
      "state secret": stateSecret.slice(2),
      "policy's salt": `${policy.salt}`,
      limit: `${limit}`,
      "limit in words": "2.345678",
      "amount of a transaction": parseEther("1").toString(16),
      calldata: payee.slice(2).toLowerCase(),
    };
    const log = service.lines.join("\n").toLowerCase();
    // The log is there, with the requests, and at trace.
    expect(log).toContain('"level":"trace"');
    expect(log).toContain('"status":"denied"');
    for (const [name, secret] of Object.entries(planted)) {
      expect(secret.length, name).toBeGreaterThan(6);
      expect(log.includes(secret.toLowerCase()), name).toBe(false);
    }
  });

  it("ends by SIGTERM with what is under way, and restores from its backup", async () => {
    expect((await desk.run("service", "backup", "backup.age")).json.rows).toBeGreaterThan(5);
    const before = service.lines.length;
    const last = call("eth_sendTransaction", [pay(2n)]);
    await service.said('"status":"queued"', before);
    expect(await service.stop()).toBe(0);
    const { result, error } = await last;
    expect(result ?? error.data.request).toBeDefined();
    expect(service.lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ ok: true, signal: "SIGTERM" }),
    );

    await rm(join(desk.folder, "journal.sqlite"));
    for (const suffix of ["-wal", "-shm"]) {
      await rm(join(desk.folder, `journal.sqlite${suffix}`), { force: true });
    }
    const restored = await desk.run("service", "restore", "backup.age");
    expect(restored.json).toMatchObject({ ok: true, quietUntil: expect.stringMatching(/^\d+$/) });
    expect((await desk.run("service", "restore", "backup.age")).code).toBe(2);
    expect((await desk.run("audit", "verify")).code).toBe(0);

    // The lane was bound to the journal that is lost.
    await expect(desk.serve()).rejects.toThrow("LaneBoundError");
    const adopted = await desk.run("service", "adopt");
    expect(adopted.json.lanes).toMatchObject([
      { lane: 0, epoch: 1, record: expect.stringMatching(/kept|rebuilt/) },
    ]);
    service = await desk.serve();
    const { result: lanes } = await call("zkmandate_status");
    expect(lanes).toMatchObject([{ lane: 0, isOwned: true }]);
    expect(await service.stop()).toBe(0);
  });

  it("gives a lane back to the command line when that is asked for, and not otherwise", async () => {
    const kept = await desk.run("state", "recover");
    expect(kept).toMatchObject({ code: 7, json: { error: { name: "LaneServedError" } } });
    const deployment = join(desk.folder, "deployment.json");
    const known = await readFile(deployment, "utf8");
    await writeFile(deployment, known.replace(/("fromBlock": *)"\d+"/, '$1"9999999"'));
    // The lane is nobody's when it cannot be recovered: neither the service nor the command line signs.
    expect((await desk.run("state", "recover", "--from-service")).json.ok).toBe(false);
    await writeFile(deployment, known);
    await expect(desk.serve()).rejects.toThrow("LaneBoundError");
    expect((await desk.run("gate", "send", "--to", payee, "--value", "1")).code).toBe(7);
    const taken = await desk.run("state", "recover", "--from-service");
    expect(taken.json).toMatchObject({ ok: true, lane: 0, budgets: [{ name: "payouts" }, {}] });
    // What the service signed last could still land.
    const { code, json } = await desk.run("gate", "send", "--to", payee, "--value", "1");
    expect({ code, name: json.error.name }).toEqual({ code: 7, name: "LaneBusyError" });
  });
});
