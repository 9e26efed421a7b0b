import { Command } from "commander";
import { action, examples } from "../cli.ts";
import { exitCodes } from "../exitCodes.ts";
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
      "Lets signing go on after a pause. A gate that was paused by name and by `*` needs both resumed: the " +
        "answer says what holds still, and with 5 ends a resume of a gate that all others hold.",
    )
    .argument("[gate]", "its name or address; what was paused for all by default", "*");
  return serviceClientOptions(command)
    .addHelpText("after", examples(["zkmandate service resume --token-file operator.token"]))
    .action(
      action<ServiceClientOptions>(async (cli, options, gate) => {
        const service = await serviceClient(cli, options);
        const { stillPaused } = (await service.call("zkmandate_resume", [gate])) as {
          stillPaused: string[];
        };
        const isHeld = stillPaused.includes("*");
        const lifted =
          gate === "*" ? "the pause of all gates is lifted" : `${gate}'s own pause is lifted`;
        return {
          data: { resumed: gate, stillPaused },
          text: [
            done(
              stillPaused.length === 0 ? (gate === "*" ? "resumed" : `${gate} resumed`) : lifted,
            ),
            ...(isHeld ? ["all gates are paused still: zkmandate service resume"] : []),
            ...stillPaused
              .filter((name) => name !== "*")
              .map((name) => `${name} is paused still: zkmandate service resume ${name}`),
          ].join("\n"),
          ...(isHeld && { exitCode: exitCodes.setup }),
        };
      }),
    );
}
