import { relative } from "node:path";
import pc from "picocolors";
import { BaseError } from "../errors/base.ts";
import { CallRefusedError } from "../errors/chain.ts";

/** What a command hands back: one object for machines, lines for people. */
export interface CommandResult {
  /** Printed with `--json`; bigints become decimal strings. */
  data: Record<string, unknown>;
  /** Printed otherwise. */
  text: string;
  /** 0 unless said otherwise. */
  exitCode?: number;
}

/**
 * JSON with bigints as decimal strings and errors as their message.
 *
 * @example
 * toJson({ limit: 5n }); // '{"limit":"5"}'
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, entry) => {
    if (typeof entry === "bigint") return entry.toString();
    return entry instanceof Error ? entry.message : entry;
  });
}

/** Two columns, the first padded to its widest entry; empty values are left out. */
export function table(
  rows: readonly (readonly [label: string, value: string | number | bigint | undefined])[],
): string {
  const shown = rows.filter(([, value]) => value !== undefined && value !== "");
  const width = Math.max(0, ...shown.map(([label]) => label.length));
  return shown.map(([label, value]) => `${pc.dim(label.padEnd(width))}  ${value}`).join("\n");
}

/** A line that says that something was done. */
export function done(text: string): string {
  return `${pc.green("✓")} ${text}`;
}

/** An error as a person reads it: message and details; never the stack of an unknown error's values. */
export function formatError(error: unknown): string {
  const { message, details, causes } = describeError(error);
  return [
    `${pc.red("error:")} ${message}`,
    ...details.map((line) => `  ${line}`),
    ...causes.map((cause) => pc.dim(`  because: ${cause}`)),
  ].join("\n");
}

/** An error for machines. */
export function describeError(error: unknown): {
  name: string;
  message: string;
  details: readonly string[];
  causes: string[];
} {
  if (!(error instanceof Error)) {
    return { name: "Error", message: "an unknown error", details: [], causes: [] };
  }
  const causes: string[] = [];
  // A refusal names its reason itself; below it stand viem's ways of saying that there was one.
  let cause = error instanceof CallRefusedError ? undefined : error.cause;
  while (cause instanceof Error && causes.length < 5) {
    const text = firstLine(messageOf(cause));
    if (![messageOf(error), ...causes].some((said) => said.includes(text))) causes.push(text);
    cause = cause.cause;
  }
  return {
    name: error.name,
    message: messageOf(error),
    details: error instanceof BaseError ? error.details : [],
    causes,
  };
}

function messageOf(error: Error): string {
  // viem's errors have a short message too; the long one repeats whole requests.
  const { shortMessage } = error as { shortMessage?: unknown };
  return typeof shortMessage === "string" ? shortMessage : error.message;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] as string;
}

/** Unix seconds as a person reads them. */
export function formatTime(seconds: bigint): string {
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A path as a person reads it: relative to where they stand if it is below. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}

/** How many of something there are, as people write it: "1 rule", "2 rules". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
