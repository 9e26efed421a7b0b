import { createHardhatRuntimeEnvironment } from "hardhat/hre";
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

/** A chain of this process (Hardhat's EDR, Osaka rules) that speaks JSON-RPC over HTTP on this machine. */
export interface BenchChain {
  rpcUrl: string;
  control: ChainControl;
  /** @param privateKey 32 bytes */
  walletOf(privateKey: Uint8Array): BenchWallet;
  close(): Promise<void>;
}

export async function openBenchChain(): Promise<BenchChain> {
  const environment = await createHardhatRuntimeEnvironment({
    networks: {
      local: {
        type: "edr-simulated",
        chainType: "l1",
        hardfork: "osaka",
        chainId: CHAIN_ID,
        throwOnTransactionFailures: false,
      },
    },
  });
  const node = await environment.network.createServer({ network: "local" }, "127.0.0.1", 0);
  const { address: host, port } = await node.listen();
  const rpcUrl = `http://${host}:${port}`;
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
    close: () => node.close(),
  };
}
