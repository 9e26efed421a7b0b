import { type Address, formatEther } from "viem";
import { getBalance, getGasPrice } from "viem/actions";
import type { ReadClient } from "../chain/client.ts";
import { UnfundedAccountError } from "../errors/cli.ts";
import { addressOfAccount } from "./accounts.ts";
import type { Cli } from "./cli.ts";
import type { AccountRole } from "./workspace.ts";

/** Gas that no transaction of a kind comes below: less money than that cannot be enough. */
export const leastGas = { transaction: 30_000n, action: 250_000n, deployment: 6_000_000n } as const;

/**
 * Refuses to start what an account cannot pay for. An account whose keystore names no address is let
 * through: the node will tell.
 *
 * @param gas that it takes at least
 * @throws {UnfundedAccountError} with the account's address, what it has and what it needs
 */
export async function assertFunded(
  cli: Cli,
  client: ReadClient,
  { role, gas }: { role: AccountRole; gas: bigint },
): Promise<void> {
  const address = await addressOfAccount(cli, role).catch(() => undefined);
  if (address === undefined) return;
  const [balance, price] = await Promise.all([
    getBalance(client, { address }),
    getGasPrice(client),
  ]);
  const needs = gas * price;
  if (balance < needs) throw new UnfundedAccountError({ role, address, has: balance, needs });
}

/**
 * Refuses an action that sends more ETH than the gate holds: it would be proven for nothing.
 *
 * @throws {UnfundedAccountError}
 */
export async function assertGateHolds(
  client: ReadClient,
  { gate, value }: { gate: Address; value: bigint },
): Promise<void> {
  if (value === 0n) return;
  const balance = await getBalance(client, { address: gate });
  if (balance < value) {
    throw new UnfundedAccountError({ role: "gate", address: gate, has: balance, needs: value });
  }
}

/** Wei as people read them: "1.5 ETH", exact. */
export function formatEth(wei: bigint): string {
  return `${formatEther(wei)} ETH`;
}
