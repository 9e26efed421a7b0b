import { Command } from "commander";
import { action, examples } from "../cli.ts";
import { done } from "../output.ts";
import {
  type ServiceClientOptions,
  serviceClient,
  serviceClientOptions,
} from "../serviceClient.ts";

/** `zkmandate service pause`: no more signatures, at once. */
export function servicePauseCommand(): Command {
  const command = new Command("pause")
    .description(
      "Stops signing at once, for one gate or all, in every process on the same journal, and stays so over " +
        "restarts; what is in flight is watched on. The gate itself goes on: `zkmandate gate pause` stops that.",
    )
    .argument("[gate]", "its name or address; all by default", "*");
  return serviceClientOptions(command)
    .addHelpText("after", examples(["zkmandate service pause desk-a --token-file operator.token"]))
    .action(
      action<ServiceClientOptions>(async (cli, options, gate) => {
        await (await serviceClient(cli, options)).call("zkmandate_pause", [gate]);
        return { data: { paused: gate }, text: done(gate === "*" ? "paused" : `${gate} paused`) };
      }),
    );
}
