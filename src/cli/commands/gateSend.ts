import { Command } from "commander";
import type { Address } from "viem";
import { getBlock } from "viem/actions";
import type { ReadClient } from "../../chain/client.ts";
import { executeAction } from "../../chain/executeAction.ts";
import { readGate } from "../../chain/readGate.ts";
import { readLane } from "../../chain/readLane.ts";
import { CallRefusedError } from "../../errors/chain.ts";
import { UsageError } from "../../errors/cli.ts";
import type { SignedGateCall } from "../../signer/gateCall.ts";
import { addressOfAccount } from "../accounts.ts";
import { type ActionOptions, actionOptions, callOf } from "../actionOptions.ts";
import { action, type Cli, examples } from "../cli.ts";
import { assertFunded, assertGateHolds, leastGas } from "../funds.ts";
import { asAccount, receiptData } from "../gateAction.ts";
import { gateClient } from "../gateClient.ts";
import { withLaneSigner } from "../laneSigner.ts";
import { done, table } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { withProgress } from "../progress.ts";
import { signAction } from "../signAction.ts";
import { readSignedCall, type SignedCallFile } from "../signedCallFile.ts";

type SendOptions = PassphraseOptions & Partial<ActionOptions> & { signed?: string };

/** `zkmandate gate send`: proves, signs and sends an action. */
export function gateSendCommand(): Command {
  const command = new Command("send").description(
    "Decides, proves and signs an action with the agent key, sends it as the submitter account and waits " +
      "until it is executed. Ends with 3 if the policy denies, with 4 if the gate refuses.",
  );
  return passphraseOptions(actionOptions(command, { optional: true }))
    .option("--signed <file>", "send what `zkmandate prove` wrote")
    .addHelpText(
      "after",
      examples([
        'zkmandate gate send --to 0xA0b8…eB48 --call "transfer(address,uint256)" --args 0x7099…79C8 25000000',
        "zkmandate gate send --signed call.json",
      ]),
    )
    .action(
      action<SendOptions>(async (cli, options) => {
        const { signed } = await signedCallOf(cli, options);
        return asAccount(cli, "submitter", options, async (client, { gate }) => {
          await assertNotLanded(client, gate, signed);
          const { receipt, epoch, seq } = await withProgress("sending", () =>
            executeAction(client, { gate, signed }),
          );
          return {
            data: { gate, lane: signed.proof.lane, epoch, seq, ...receiptData(receipt) },
            text: [
              done("executed"),
              table([
                ["transaction", receipt.transactionHash],
                ["block", receipt.blockNumber],
                ["gas", receipt.gasUsed],
                ["lane, sequence", `${signed.proof.lane}, ${seq}`],
              ]),
            ].join("\n"),
          };
        });
      }),
    );
}

async function signedCallOf(cli: Cli, options: SendOptions): Promise<SignedCallFile> {
  const { signed, to } = options;
  if ((signed === undefined) === (to === undefined)) {
    throw new UsageError("Either an action (--to …) or a signed call (--signed <file>) is sent");
  }
  if (signed !== undefined) {
    if (
      [options.value, options.data, options.call, options.args].some((part) => part !== undefined)
    )
      throw new UsageError("A signed call is sent as it is: --signed takes no part of an action");
    return readSignedCall(signed);
  }
  const call = callOf(options as ActionOptions);
  const { client, deployment } = await gateClient(await cli.workspace());
  await assertFunded(cli, client, { role: "submitter", gas: leastGas.action });
  await assertGateHolds(client, { gate: deployment.gate, value: call.value });
  await warnOfIdleChain(cli, client, deployment.gate);
  const request = {
    ...call,
    submitter: await addressOfAccount(cli, "submitter"),
  };
  return withLaneSigner(cli, options, (parts) => signAction(parts, request));
}

/** The proof claims a time near the latest block's, and the gate compares it with the next one's. */
async function warnOfIdleChain(cli: Cli, client: ReadClient, gate: Address): Promise<void> {
  const [{ timestamp, number }, { maxDelay }] = await Promise.all([
    getBlock(client),
    readGate(client, { gate }),
  ]);
  const age = Math.floor(Date.now() / 1_000) - Number(timestamp);
  if (age < maxDelay) return;
  cli.warn(
    `the chain stands still: block ${number} is ${age} s old, and the gate takes an action for ${maxDelay} s; ` +
      "it will probably answer TimeStale. On a local node mine a block first (any transaction, or evm_mine)",
  );
}

/** A call that has landed is refused as badly signed, since the lane has moved on: say so instead. */
async function assertNotLanded(
  client: ReadClient,
  gate: Address,
  { proof, seq, epoch }: SignedGateCall,
): Promise<void> {
  const { lane } = proof;
  const onchain = await readLane(client, { gate, lane });
  if (onchain.epoch !== epoch) {
    const reason = `lane ${lane} is in epoch ${onchain.epoch}, the call is for epoch ${epoch}`;
    throw new CallRefusedError({ functionName: "execute", reason });
  }
  if (onchain.seq > seq) {
    const reason = `it, or another action in its place, was executed: lane ${lane} is at sequence ${onchain.seq}, the call is for ${seq}`;
    throw new CallRefusedError({ functionName: "execute", reason });
  }
}
