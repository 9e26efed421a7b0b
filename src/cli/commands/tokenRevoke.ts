import { Command } from "commander";
import { revokeToken } from "../../server/auth/tokenFile.ts";
import { action, examples } from "../cli.ts";
import { done } from "../output.ts";
import { type ServeFileOptions, serveConfig, serveFileOption } from "../serveFile.ts";

/** `zkmandate token revoke`: shuts a client out. */
export function tokenRevokeCommand(): Command {
  const command = new Command("revoke")
    .description(
      "Revokes a token for good. A running service refuses it within a second; requests that it has already " +
        "made go on (pause the gate to stop them).",
    )
    .argument("<name>", "the token's name");
  return serveFileOption(command)
    .addHelpText("after", examples(["zkmandate token revoke bot"]))
    .action(
      action<ServeFileOptions>(async (cli, options, name) => {
        const { tokens: path } = await serveConfig(cli, options);
        const { revokedAt } = await revokeToken(path, name as string);
        return { data: { name, revokedAt }, text: done(`token ${name} revoked`) };
      }),
    );
}
