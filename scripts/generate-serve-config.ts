/**
 * Writes the reference of `serve.yaml` (docs/serve-config.md) from its schema, or with `--check` fails if the
 * file says something else.
 *
 * @example
 * node scripts/generate-serve-config.ts --check
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { serveSchema } from "../src/server/config/schema.ts";

const target = fileURLToPath(new URL("../docs/serve-config.md", import.meta.url));

/** What is read of a JSON schema. */
interface Entry {
  type?: string;
  const?: unknown;
  enum?: readonly unknown[];
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  properties?: Record<string, Entry>;
  required?: readonly string[];
  items?: Entry;
}

interface Row {
  key: string;
  values: string;
  fallback: string;
  description: string;
}

/** The whole page. */
export function serveConfigReference(): string {
  const schema = z.toJSONSchema(serveSchema, { io: "input" }) as Entry;
  const rows = rowsOf(schema, "");
  return [
    "# serve.yaml",
    "",
    "<!-- Made by scripts/generate-serve-config.ts from src/server/config/schema.ts. -->",
    "",
    "The configuration of `zkmandate serve`. Unknown keys are refused, with their line. Relative paths start from the",
    "folder of the file. Secrets are never in it: it names the files that hold them.",
    "",
    "| key | value | default | meaning |",
    "|---|---|---|---|",
    ...rows.map(
      ({ key, values, fallback, description }) =>
        `| \`${key}\` | ${values} | ${fallback} | ${description} |`,
    ),
    "",
  ].join("\n");
}

function rowsOf({ properties = {}, required = [] }: Entry, prefix: string): Row[] {
  return Object.entries(properties).flatMap(([name, entry]) => {
    const key = `${prefix}${name}`;
    const row = {
      key,
      values: valuesOf(entry),
      fallback: defaultOf(entry, required.includes(name)),
      description: (entry.description ?? missing(key)).replaceAll("|", "\\|"),
    };
    const inner = entry.type === "array" ? entry.items : entry;
    const below = rowsOf(inner ?? {}, entry.type === "array" ? `${key}[].` : `${key}.`);
    return [row, ...below];
  });
}

function missing(key: string): never {
  throw new Error(`${key} is not described in its schema`);
}

function valuesOf(entry: Entry): string {
  if (entry.const !== undefined) return `\`${entry.const}\``;
  if (entry.enum) return entry.enum.map((value) => `\`${value}\``).join(", ");
  if (entry.type === "array")
    return `list of ${entry.items?.properties ? "entries" : valuesOf(entry.items ?? {}).replace(/^\w+/, "$&s")}`;
  if (entry.type === "object") return "entries below";
  const { minimum, exclusiveMinimum, maximum } = entry;
  const from =
    minimum ?? (exclusiveMinimum === undefined ? undefined : `above ${exclusiveMinimum}`);
  const range = [from, maximum].filter((bound) => bound !== undefined).join(" to ");
  return `${entry.type}${range && ` (${range})`}`;
}

function defaultOf(entry: Entry, required: boolean): string {
  if (required) return "**needed**";
  if (entry.default === undefined || entry.type === "object") return "";
  return `\`${JSON.stringify(entry.default)}\``;
}

function main(): void {
  const page = serveConfigReference();
  if (!process.argv.includes("--check")) {
    writeFileSync(target, page);
  } else if (readFileSync(target, "utf8") !== page) {
    console.error("docs/serve-config.md differs: run node scripts/generate-serve-config.ts");
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
