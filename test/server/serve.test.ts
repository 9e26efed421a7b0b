import { numberToHex, parseEther } from "viem";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Desk, payee, type RunningService, startDesk } from "./support/desk.ts";

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
});
