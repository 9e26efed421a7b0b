import { Command } from "commander";
import { addressOfAccount } from "../accounts.ts";
import { type ActionOptions, actionOptions, callOf, parseWei } from "../actionOptions.ts";
import { action, examples } from "../cli.ts";
import { withLaneSigner } from "../laneSigner.ts";
import { done, formatTime, shown, table } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { signAction } from "../signAction.ts";
import { writeSignedCall } from "../signedCallFile.ts";

interface ProveOptions extends PassphraseOptions, ActionOptions {
  out?: string;
  validFor?: bigint;
}

/** `zkmandate prove`: a proven and signed call, without sending it. */
export function proveCommand(): Command {
  const command = new Command("prove").description(
    "Decides whether the hidden policy allows an action now, proves it and signs it. Nothing is sent: " +
      "`gate send --signed` does that, until the deadline. Ends with 3 if the policy denies.",
  );
  return passphraseOptions(actionOptions(command))
    .option(
      "--valid-for <seconds>",
      "seconds the call can land; the gate's maxDelay by default",
      parseWei,
    )
    .option("--out <file>", "write the signed call to a file")
    .addHelpText(
      "after",
      examples([
        'zkmandate prove --to 0xA0b8…eB48 --call "transfer(address,uint256)" --args 0x7099…79C8 25000000 --out call.json',
        "zkmandate prove --to 0x7099…79C8 --value 1000000000000000000 --json",
      ]),
    )
    .action(
      action<ProveOptions>(async (cli, options) => {
        const request = {
          ...callOf(options),
          submitter: await addressOfAccount(cli, "submitter"),
          validFor: options.validFor,
        };
        const file = await withLaneSigner(cli, options, (parts) => signAction(parts, request));
        if (options.out !== undefined) await writeSignedCall(options.out, file);
        const { proof, digest, seq } = file.signed;
        return {
          data: { ...file, ...(options.out !== undefined && { file: options.out }) },
          text: [
            done("proven and signed"),
            table([
              ["digest", digest],
              ["sequence", seq],
              ["submitter", proof.submitter],
              ["lands until", formatTime(proof.deadline)],
              ["written to", options.out && shown(options.out)],
            ]),
          ].join("\n"),
        };
      }),
    );
}
