import { Command, InvalidArgumentError } from "commander";
import { rpcMethods } from "../../agent/gateRpc.ts";
import { UsageError } from "../../errors/cli.ts";
import { namesMethod } from "../../server/auth/token.ts";
import { addToken } from "../../server/auth/tokenFile.ts";
import { METRICS_METHOD } from "../../server/http/app.ts";
import { parseCount } from "../actionOptions.ts";
import { action, examples } from "../cli.ts";
import { done, table } from "../output.ts";
import { type ServeFileOptions, serveConfig, serveFileOption } from "../serveFile.ts";

interface TokenNewOptions extends ServeFileOptions {
  gates?: string[];
  methods?: string[];
  operator?: boolean;
  callsPerMinute?: number;
  expires?: string;
}

/** `zkmandate token new`: a bearer token for the service. */
export function tokenNewCommand(): Command {
  const command = new Command("new")
    .description(
      "Makes a bearer token of 256 random bits and prints it, once: the tokens file keeps its sha256. A " +
        "running service knows it within a second. A name is never given twice, since the audit log knows " +
        "clients by it.",
    )
    .argument("<name>", "what logs and the audit log call the client")
    .option("--gates <name...>", "gates that it may act for; all by default")
    .option(
      "--methods <name...>",
      'methods that it may call, or beginnings such as "eth_*"; all by default (`metrics` has to be ' +
        "named, but for operators of all gates)",
    )
    .option("--operator", "may pause, resume and reload, and is told why the policy denies")
    .option(
      "--calls-per-minute <number>",
      "the configuration's rate.callsPerMinute by default",
      parseCount,
    )
    .option(
      "--expires <when>",
      "an instant, or days from now such as 90d; never by default",
      expiry,
    );
  return serveFileOption(command)
    .addHelpText(
      "after",
      examples([
        "zkmandate token new bot --gates desk-a --expires 90d",
        "zkmandate token new prometheus --methods metrics",
        "zkmandate token new alice --operator",
      ]),
    )
    .action(
      action<TokenNewOptions>(async (cli, options, name) => {
        const config = await serveConfig(cli, options);
        const { gates, methods = ["*"], operator = false, callsPerMinute, expires } = options;
        const unknown = gates?.find((gate) => config.gates.every((known) => known.name !== gate));
        if (unknown !== undefined) {
          throw new UsageError(`The service has no gate ${unknown}`, {
            details: [`its gates: ${config.gates.map((gate) => gate.name).join(", ")}`],
          });
        }
        const offered = [...rpcMethods, METRICS_METHOD];
        const idle = methods.find((entry) => !offered.some((name) => namesMethod([entry], name)));
        if (idle !== undefined) {
          throw new UsageError(`The service has no method ${idle}`, {
            details: [`its methods: ${offered.join(", ")}`],
          });
        }
        if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name as string)) {
          throw new UsageError("A token's name is lower-case letters, digits, dots and hyphens");
        }
        const token = await addToken(config.tokens, {
          name: name as string,
          gates: gates ?? "*",
          methods,
          operator,
          ...(callsPerMinute !== undefined && { callsPerMinute }),
          ...(expires !== undefined && { expiresAt: expires }),
        });
        return {
          data: { name, token, gates: gates ?? "*", methods, operator, expiresAt: expires },
          text: [
            done(`token ${name} made`),
            table([
              ["token", token],
              ["gates", gates?.join(", ") ?? "all"],
              ["methods", methods.join(", ")],
              ["operator", operator ? "yes" : "no"],
              ["expires", expires ?? "never"],
            ]),
            "It is shown this once. The client sends it as: Authorization: Bearer <token>",
          ].join("\n"),
        };
      }),
    );
}

const DAY_MS = 86_400_000;

function expiry(text: string): string {
  const [, days] = /^([1-9]\d{0,4})d$/.exec(text) ?? [];
  const at = days === undefined ? Date.parse(text) : Date.now() + Number(days) * DAY_MS;
  if (Number.isNaN(at)) throw new InvalidArgumentError("It is not an instant or a number of days.");
  if (at <= Date.now()) throw new InvalidArgumentError("It is in the past.");
  return new Date(at).toISOString();
}
