import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import {
  type Account,
  bytesToHex,
  type Chain,
  createTestClient,
  createWalletClient,
  defineChain,
  http,
  publicActions,
  type Transport,
  type WalletClient,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { ChainControl } from "../demo/localChain.ts";

export const CHAIN_ID = 31_337;

export type BenchWallet = WalletClient<Transport, Chain, Account>;

/** This module is TypeScript in the sources and JavaScript when built; so is its fork. */
const chainProcess = fileURLToPath(
  new URL(`./chainProcess${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

/** A chain in a process of its own, so that whoever measures does not wait for its work. */
export interface BenchChain {
  rpcUrl: string;
  control: ChainControl;
  /** @param privateKey 32 bytes */
  walletOf(privateKey: Uint8Array): BenchWallet;
  close(): Promise<void>;
}

export async function openBenchChain(): Promise<BenchChain> {
  const node = fork(chainProcess, [`${CHAIN_ID}`]);
  const rpcUrl = await new Promise<string>((resolve, reject) => {
    node.once("message", (url) => resolve(url as string));
    node.once("error", reject);
    node.once("exit", (code) => reject(new Error(`the chain's process ended with ${code}`)));
  });
  const chain = defineChain({
    id: CHAIN_ID,
    name: "bench",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  const transport = http(rpcUrl);
  return {
    rpcUrl,
    control: createTestClient({ chain, mode: "hardhat", transport, cacheTime: 0 }).extend(
      publicActions,
    ),
    walletOf: (privateKey) =>
      createWalletClient({
        account: privateKeyToAccount(bytesToHex(privateKey)),
        chain,
        transport,
      }),
    async close() {
      if (node.exitCode !== null || node.signalCode !== null) return;
      const ended = once(node, "exit");
      if (node.connected) node.disconnect();
      await ended;
    },
  };
}
