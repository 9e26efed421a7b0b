import { Command } from "commander";
import { action, examples } from "../cli.ts";
import { done } from "../output.ts";
import {
  type ServiceClientOptions,
  serviceClient,
  serviceClientOptions,
} from "../serviceClient.ts";

/** `zkmandate service resume`: signing goes on. */
export function serviceResumeCommand(): Command {
  const command = new Command("resume")
    .description(
      "Lets signing go on after a pause. A gate that was paused by name and by `*` needs both resumed.",
    )
    .argument("[gate]", "its name or address; what was paused for all by default", "*");
  return serviceClientOptions(command)
    .addHelpText("after", examples(["zkmandate service resume --token-file operator.token"]))
    .action(
      action<ServiceClientOptions>(async (cli, options, gate) => {
        await (await serviceClient(cli, options)).call("zkmandate_resume", [gate]);
        return {
          data: { resumed: gate },
          text: done(gate === "*" ? "resumed" : `${gate} resumed`),
        };
      }),
    );
}
