import { Command } from "commander";
import { gateOperation } from "../../chain/gateOperation.ts";
import { type ActionOptions, actionOptions, callOf } from "../actionOptions.ts";
import { action, examples } from "../cli.ts";
import { formatEth } from "../funds.ts";
import { announce } from "../gateAction.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";

/** `zkmandate gate exit`: the timelocked way out, without any proof. */
export function gateExitCommand(): Command {
  const command = new Command("exit").description(
    "Announces, as the governance account, one call from the gate without proof or policy: to withdraw " +
      "assets when proving has stopped, or to set an allowance to 0. It works while the gate is paused. " +
      "Executable after the timelock's delay with `gate execute`.",
  );
  return passphraseOptions(actionOptions(command))
    .addHelpText(
      "after",
      examples([
        "zkmandate gate exit --to 0x7099…79C8 --value 1000000000000000000",
        'zkmandate gate exit --to 0xA0b8…eB48 --call "approve(address,uint256)" --args 0xE592…1564 0',
      ]),
    )
    .action(
      action<PassphraseOptions & ActionOptions>((cli, options) => {
        const { target, value, data } = callOf(options);
        return announce(cli, options, "exit", async (_client, { gate }) => ({
          operation: gateOperation({
            gate,
            functionName: "governanceCall",
            args: [target, value, data],
          }),
          rows: [
            ["calls", target],
            ["with", formatEth(value)],
            ["calldata", data],
          ],
        }));
      }),
    );
}
