import {
  type Account,
  type Chain,
  type Client,
  createTestClient,
  createWalletClient,
  custom,
  defineChain,
  type PublicActions,
  parseEther,
  publicActions,
  type TestActions,
  type Transport,
  type WalletClient,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createLocalEnvironment } from "./localEnvironment.ts";

/** A client that reads the chain and steers it: mining, time, balances. */
export type ChainControl = Client<Transport, Chain, undefined> & PublicActions & TestActions;
/** A client that sends transactions as one account. */
export type Sender = WalletClient<Transport, Chain, Account> & PublicActions<Transport, Chain>;

/** An Ethereum chain inside this process. */
export interface LocalChain {
  chain: Chain;
  transport: Transport;
  control: ChainControl;
  /** Answers a request of Ethereum's JSON-RPC (EIP-1193). */
  request(request: { method: string; params?: unknown[] }): Promise<unknown>;
  /** A fresh account with 10,000 ETH. */
  createSender(): Promise<Sender>;
  /** Timestamp of the latest block, unix seconds. */
  now(): Promise<bigint>;
  /** Lets time pass and mines a block. */
  advance(seconds: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts an in-process chain (Hardhat's EDR, Osaka rules) that mines each transaction at once.
 *
 * @param parameters.startsAt timestamp of the first block, for demos that depend on the hour
 *
 * @example
 * const local = await createLocalChain({ chainId: 31_337 });
 * await local.advance(3_600);
 * await local.close();
 */
export async function createLocalChain(parameters: {
  chainId: number;
  startsAt?: Date | undefined;
}): Promise<LocalChain> {
  const { chainId } = parameters;
  const environment = await createLocalEnvironment(parameters);
  const connection = await environment.network.create({ network: "local" });
  const chain = defineChain({
    id: chainId,
    name: "local",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [] } },
  });
  // Retrying would only repeat an answer that this process gave itself.
  const transport = custom(connection.provider, { retryCount: 0 });
  const control = createTestClient({
    chain,
    mode: "hardhat",
    transport,
    pollingInterval: 20,
    cacheTime: 0,
  }).extend(publicActions);

  return {
    chain,
    transport,
    control,
    request: (request) => connection.provider.request(request),
    async createSender() {
      const account = privateKeyToAccount(generatePrivateKey());
      await control.setBalance({ address: account.address, value: parseEther("10000") });
      return createWalletClient({
        account,
        chain,
        transport,
        pollingInterval: 20,
        cacheTime: 0,
      }).extend(publicActions);
    },
    async now() {
      return (await control.getBlock()).timestamp;
    },
    async advance(seconds) {
      await control.increaseTime({ seconds });
      await control.mine({ blocks: 1 });
    },
    close: () => connection.close(),
  };
}
