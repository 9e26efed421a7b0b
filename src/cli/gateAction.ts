import type { TransactionReceipt } from "viem";
import type { SendClient } from "../chain/client.ts";
import { scheduleOperation } from "../chain/scheduleOperation.ts";
import type { TimelockOperation } from "../chain/timelockOperation.ts";
import { openAccount } from "./accounts.ts";
import type { Cli } from "./cli.ts";
import { sendClient } from "./clients.ts";
import type { Deployment } from "./deployment.ts";
import { assertFunded, leastGas } from "./funds.ts";
import { gateClient } from "./gateClient.ts";
import { saveOperation } from "./operations.ts";
import { type CommandResult, done, formatTime, shown, table } from "./output.ts";
import type { PassphraseOptions } from "./passphrase.ts";
import { withProgress } from "./progress.ts";
import type { AccountRole } from "./workspace.ts";

/**
 * Opens an account, runs something that sends transactions with it, and forgets the key again.
 *
 * @throws what opening the account, reaching the node or the work throws
 */
export async function asAccount<T>(
  cli: Cli,
  role: AccountRole,
  options: PassphraseOptions,
  work: (client: SendClient, deployment: Deployment) => Promise<T>,
): Promise<T> {
  const workspace = await cli.workspace();
  const { client: reader, deployment } = await gateClient(workspace);
  await assertFunded(cli, reader, { role, gas: leastGas.transaction });
  const key = await openAccount(cli, role, options);
  try {
    return await work(await sendClient(workspace, key), deployment);
  } finally {
    await key.close();
  }
}

/** What a mined transaction looks like in JSON. */
export function receiptData({ transactionHash, blockNumber, gasUsed }: TransactionReceipt) {
  return { transactionHash, blockNumber, gasUsed };
}

/** What is announced, and what a co-signer compares. */
export interface Announcement {
  operation: TimelockOperation;
  /** The epoch that a rotation starts. */
  epoch?: number;
  /** For people, beyond the operation. */
  rows: readonly [label: string, value: string][];
}

/**
 * Announces a timelock operation as the governance account and keeps it for `gate execute`.
 *
 * @param action what it does, in a word
 * @param build makes the operation for the workspace's gate
 */
export async function announce(
  cli: Cli,
  options: PassphraseOptions,
  action: string,
  build: (client: SendClient, deployment: Deployment) => Promise<Announcement>,
): Promise<CommandResult> {
  const workspace = await cli.workspace();
  return asAccount(cli, "governance", options, async (client, deployment) => {
    const { gate, timelock, chainId } = deployment;
    const { operation, epoch, rows } = await build(client, deployment);
    const { id, readyAt, receipt } = await withProgress("announcing the operation", () =>
      scheduleOperation(client, { timelock, operation }),
    );
    const file = await saveOperation(workspace, {
      version: 1,
      id,
      action,
      chainId,
      gate,
      timelock,
      readyAt,
      ...(epoch !== undefined && { epoch }),
      operation,
    });
    return {
      data: {
        id,
        action,
        readyAt,
        file,
        operation,
        announced: Object.fromEntries(rows),
        ...receiptData(receipt),
      },
      text: [
        done(`${action} announced`),
        table([
          ["operation", id],
          ...rows,
          ["executable from", formatTime(readyAt)],
          ["kept in", shown(file)],
          ["transaction", receipt.transactionHash],
        ]),
        `Then: zkmandate gate execute ${id.slice(0, 18)}`,
      ].join("\n"),
    };
  });
}
