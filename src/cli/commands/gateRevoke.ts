import { Command } from "commander";
import { revokeAgent } from "../../chain/revokeAgent.ts";
import { replaceAgentKey } from "../agentKey.ts";
import { action, examples } from "../cli.ts";
import { asAccount, receiptData } from "../gateAction.ts";
import { done, table } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { withProgress } from "../progress.ts";

/** `zkmandate gate revoke`: the guardian takes the agent key's power at once. */
export function gateRevokeCommand(): Command {
  const command = new Command("revoke").description(
    "Revokes the agent key at once, as the guardian. Only a rotation names a new key (gate rotate).",
  );
  return passphraseOptions(command)
    .addHelpText("after", examples(["zkmandate gate revoke"]))
    .action(
      action<PassphraseOptions>((cli, options) =>
        asAccount(cli, "guardian", options, async (client, { gate }) => {
          const receipt = await withProgress("revoking", () => revokeAgent(client, { gate }));
          return {
            data: { gate, revoked: true, ...receiptData(receipt) },
            text: [
              done("the agent key is revoked"),
              table([
                ["gate", gate],
                ["transaction", receipt.transactionHash],
              ]),
              "To go on with another key:",
              ...replaceAgentKey.map((step) => `  ${step}`),
            ].join("\n"),
          };
        }),
      ),
    );
}
