import { network } from "hardhat";
import {
  type Abi,
  type Account,
  type Address,
  BaseError,
  createPublicClient,
  createWalletClient,
  custom,
  decodeErrorResult,
  encodeDeployData,
  encodeFunctionData,
  type Hex,
  type TransactionReceipt,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { hardhat } from "viem/chains";
import type { CompiledContract } from "./contracts.ts";

/** A decoded custom error. */
export interface Refusal {
  name: string;
  args: readonly unknown[];
}

/** What became of a transaction. */
export type Outcome =
  | { ok: true; receipt: TransactionReceipt }
  | { ok: false; refusal: Refusal; data: Hex };

/** A deployed contract. */
export interface Deployed {
  address: Address;
  abi: Abi;
}

export interface Transaction {
  from: Address;
  to?: Address;
  data?: Hex;
  value?: bigint;
  /** Timestamp of the block it lands in, unix seconds; by default two seconds after the latest. */
  timestamp?: bigint;
  gas?: bigint;
}

const mnemonic = "test test test test test test test test test test test junk";

/** Accounts that the local chain funds and signs for. */
export const accounts = Array.from({ length: 6 }, (_, addressIndex) =>
  mnemonicToAccount(mnemonic, { addressIndex }),
);

export type Chain = Awaited<ReturnType<typeof startChain>>;

/**
 * Starts a local chain of its own.
 *
 * @param options.allowUnlimitedContractSize for builds without the optimizing pipeline
 */
export async function startChain({ allowUnlimitedContractSize = false } = {}) {
  const { provider } = await network.create({
    network: "default",
    override: { allowUnlimitedContractSize, allowBlocksWithSameTimestamp: true },
  });
  const transport = custom(provider);
  const client = createPublicClient({ chain: hardhat, transport, cacheTime: 0 });
  const wallet = createWalletClient({ chain: hardhat, transport });

  async function now(): Promise<bigint> {
    return (await client.getBlock()).timestamp;
  }

  async function setNextTimestamp(timestamp: bigint): Promise<void> {
    await provider.request({
      method: "evm_setNextBlockTimestamp",
      params: [`0x${timestamp.toString(16)}`],
    });
  }

  /** Sends a transaction; a revert is an outcome and not an exception. */
  async function send(transaction: Transaction, errors: Abi): Promise<Outcome> {
    const { timestamp, gas = 5_000_000n, ...rest } = transaction;
    await setNextTimestamp(timestamp ?? (await now()) + 2n);
    try {
      const hash = await wallet.sendTransaction({
        ...rest,
        account: rest.from as unknown as Account,
        to: rest.to ?? null,
        gas,
      } as Parameters<typeof wallet.sendTransaction>[0]);
      return { ok: true, receipt: await client.getTransactionReceipt({ hash }) };
    } catch (error) {
      const data = revertData(error);
      if (data === undefined) throw error;
      return { ok: false, refusal: decodeRefusal(data, errors), data };
    }
  }

  /** Sends a transaction that must succeed. */
  async function mustSend(transaction: Transaction, errors: Abi): Promise<TransactionReceipt> {
    const outcome = await send(transaction, errors);
    if (!outcome.ok)
      throw new Error(`reverted with ${outcome.refusal.name}(${outcome.refusal.args})`);
    return outcome.receipt;
  }

  async function deploy(
    { abi, bytecode }: CompiledContract,
    args: readonly unknown[] = [],
    timestamp?: bigint,
  ): Promise<Deployed> {
    const outcome = await tryDeploy({ abi, bytecode }, args, timestamp);
    if (!outcome.ok) throw new Error(`constructor reverted with ${outcome.refusal.name}`);
    return { address: outcome.receipt.contractAddress as Address, abi };
  }

  async function tryDeploy(
    { abi, bytecode }: CompiledContract,
    args: readonly unknown[] = [],
    timestamp?: bigint,
  ): Promise<Outcome> {
    const from = accounts[0]?.address as Address;
    const data = encodeDeployData({ abi, bytecode, args });
    return send(
      { from, data, gas: 15_000_000n, ...(timestamp !== undefined && { timestamp }) },
      abi,
    );
  }

  /** Calls a function of a contract from an account. */
  async function transact(
    from: Address,
    { address, abi }: Deployed,
    functionName: string,
    args: readonly unknown[] = [],
    options: { value?: bigint; timestamp?: bigint } = {},
  ): Promise<Outcome> {
    const data = encodeFunctionData({ abi, functionName, args });
    return send({ from, to: address, data, ...options }, abi);
  }

  async function read<T>(
    { address, abi }: Deployed,
    functionName: string,
    args: readonly unknown[] = [],
  ): Promise<T> {
    return (await client.readContract({ address, abi, functionName, args })) as T;
  }

  async function snapshot(): Promise<() => Promise<void>> {
    const id = await provider.request({ method: "evm_snapshot", params: [] });
    return async () => {
      await provider.request({ method: "evm_revert", params: [id] });
    };
  }

  return {
    provider,
    client,
    now,
    send,
    mustSend,
    deploy,
    tryDeploy,
    transact,
    read,
    snapshot,
    setNextTimestamp,
  };
}

/** The revert data in an error's chain: EDR gives it as `data`, or as `data.data`. */
function revertData(error: unknown): Hex | undefined {
  if (!(error instanceof BaseError)) return undefined;
  let found: Hex | undefined;
  error.walk((cause) => {
    const { data } = cause as { data?: Hex | { data?: Hex } };
    found = typeof data === "object" ? data.data : data;
    return found !== undefined;
  });
  return found;
}

/** Decodes revert data; what the ABI does not know keeps its selector as its name. */
export function decodeRefusal(data: Hex, abi: Abi): Refusal {
  if (data === "0x") return { name: "0x", args: [] };
  try {
    const { errorName, args } = decodeErrorResult({ abi, data });
    return { name: errorName, args: args ?? [] };
  } catch {
    return { name: data.slice(0, 10), args: [] };
  }
}
