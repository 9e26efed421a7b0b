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
import { mandateTransport } from "../../src/server/client/mandateTransport.ts";
import { toMandateAccount } from "../../src/server/client/toMandateAccount.ts";
import { type Desk, localChain, payee, type RunningService, startDesk } from "./support/desk.ts";

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
});
