import { type DestinationStream, type Logger, pino } from "pino";
import { tokenPattern } from "../auth/token.ts";
import { errorForLog } from "./errorForLog.ts";
import type { LogLevel } from "./logLevels.ts";

export type { Logger } from "pino";

/** Names of fields that never have anything to do in a log, at whatever depth somebody puts them. */
const secretFields = [
  "authorization",
  "body",
  "data",
  "explanation",
  "headers",
  "levels",
  "params",
  "passphrase",
  "policy",
  "privateKey",
  "raw",
  "salt",
  "secret",
  "signature",
  "state",
  "token",
  "verdict",
  "witness",
] as const;

/** Secrets that can be told by their looks, wherever they stand. */
const secretLooks: readonly [RegExp, string][] = [
  [new RegExp(tokenPattern, "g"), "[token]"],
  [/AGE-SECRET-KEY-1[0-9A-Z]+/g, "[identity]"],
  [/\b(Bearer|Basic) +[^\s"\\]+/gi, "$1 [redacted]"],
  [/(\w+:\/\/)[^\s/@"\\]+@/g, "$1[redacted]@"],
];

/**
 * The service's log: one JSON object a line.
 *
 * What is logged is chosen, never dumped: no bodies, headers or parameters. The field names and looks that
 * are taken out here are a second net below that.
 *
 * @param destination standard error by default
 *
 * @example
 * const log = createLogger({ level: "info" });
 * log.warn({ err: error, gate: "desk-a" }, "the node does not answer");
 */
export function createLogger(
  { level }: { level: LogLevel },
  destination: DestinationStream = pino.destination(2),
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error) => errorForLog(error) },
      redact: {
        paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: "[redacted]",
      },
      hooks: {
        // Without a text of its own, pino would take the error's message, which quotes.
        logMethod([first, ...rest], method) {
          const entry = first instanceof Error ? { err: first } : first;
          method.apply(this, [entry, ...(rest.length > 0 ? rest : textFor(entry))]);
        },
        streamWrite: (line) =>
          secretLooks.reduce((text, [look, instead]) => text.replace(look, instead), line),
      },
    },
    destination,
  );
}

function textFor(entry: unknown): [] | [text: string] {
  return typeof entry === "object" && entry !== null && "err" in entry ? ["an error"] : [];
}
