import { Command } from "commander";
import { action, examples } from "../cli.ts";
import { done } from "../output.ts";
import {
  type ServiceClientOptions,
  serviceClient,
  serviceClientOptions,
} from "../serviceClient.ts";

/** `zkmandate service reload`: tokens, certificate and mandates anew. */
export function serviceReloadCommand(): Command {
  const command = new Command("reload").description(
    "Makes a running service read its tokens, its certificate and the mandates anew, as SIGHUP does. A lane is " +
      "served by its old mandate or its new one, never by none. The configuration itself needs a restart.",
  );
  return serviceClientOptions(command)
    .addHelpText("after", examples(["zkmandate service reload --token-file operator.token"]))
    .action(
      action<ServiceClientOptions>(async (cli, options) => {
        await (await serviceClient(cli, options)).call("zkmandate_reload");
        return { data: {}, text: done("reloaded") };
      }),
    );
}
