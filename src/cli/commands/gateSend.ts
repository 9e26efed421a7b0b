import { Command } from "commander";
import { executeAction } from "../../chain/executeAction.ts";
import { UsageError } from "../../errors/cli.ts";
import { addressOfAccount, type PassphraseOptions, passphraseOptions } from "../accounts.ts";
import { type ActionOptions, actionOptions, callOf } from "../actionOptions.ts";
import { action, examples } from "../cli.ts";
import { asAccount, receiptData } from "../gateAction.ts";
import { withLaneSigner } from "../laneSigner.ts";
import { done, table } from "../output.ts";
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

async function signedCallOf(
  cli: Parameters<typeof withLaneSigner>[0],
  options: SendOptions,
): Promise<SignedCallFile> {
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
  const request = {
    ...callOf(options as ActionOptions),
    submitter: await addressOfAccount(cli, "submitter"),
  };
  return withLaneSigner(cli, options, (parts) => signAction(parts, request));
}
