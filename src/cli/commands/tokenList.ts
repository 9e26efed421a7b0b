import { Command } from "commander";
import { isReserved, type TokenRecord } from "../../server/auth/token.ts";
import { readTokens } from "../../server/auth/tokenFile.ts";
import { action, examples } from "../cli.ts";
import { table } from "../output.ts";
import { type ServeFileOptions, serveConfig, serveFileOption } from "../serveFile.ts";

/** `zkmandate token list`: who may call the service. */
export function tokenListCommand(): Command {
  const command = new Command("list").description(
    "Lists the service's tokens with what each may do; not the tokens themselves, which are nowhere.",
  );
  return serveFileOption(command)
    .addHelpText("after", examples(["zkmandate token list", "zkmandate token list --json"]))
    .action(
      action<ServeFileOptions>(async (cli, options) => {
        const { tokens: path } = await serveConfig(cli, options);
        const tokens = (await readTokens(path)).map(({ hash: _, ...token }) => ({
          ...token,
          standing: standingOf(token),
        }));
        return {
          data: { file: path, tokens },
          text:
            tokens.length === 0
              ? "No tokens yet. Make one with: zkmandate token new <name>"
              : table(tokens.map((token) => [token.name, describe(token)] as const)),
        };
      }),
    );
}

type Listed = Omit<TokenRecord, "hash">;

function standingOf({
  name,
  revokedAt,
  expiresAt,
}: Listed): "valid" | "expired" | "revoked" | "refused: its name is reserved" {
  if (revokedAt !== undefined) return "revoked";
  if (isReserved(name)) return "refused: its name is reserved";
  return expiresAt !== undefined && Date.parse(expiresAt) <= Date.now() ? "expired" : "valid";
}

function describe({
  standing,
  operator,
  gates,
  methods,
  expiresAt,
}: Listed & { standing: string }) {
  return [
    standing,
    ...(operator ? ["operator"] : []),
    `gates: ${gates === "*" ? "all" : gates.join(" ")}`,
    `methods: ${methods.join(" ")}`,
    ...(expiresAt !== undefined && standing === "valid" ? [`until ${expiresAt}`] : []),
  ].join(", ");
}
