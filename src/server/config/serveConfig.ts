import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { z } from "zod";
import { ServeConfigError } from "../../errors/server.ts";
import { serveSchema } from "./schema.ts";
import { parseYaml } from "./yaml.ts";

/** The file that configures the service, in the folder where `zkmandate serve` looks for it. */
export const SERVE_FILE = "serve.yaml";

/** The port without one in the configuration. */
const DEFAULT_PORT = 8_645;

type Entries = z.infer<typeof serveSchema>;

/** The service's configuration; its paths are absolute, and every gate has a name. */
export interface ServeConfig extends Omit<Entries, "gates"> {
  /** The file that it was read from. */
  path: string;
  gates: (Entries["gates"][number] & { name: string })[];
}

/**
 * Reads the service's configuration.
 *
 * @throws {ServeConfigError} if it is missing or malformed; says where and what was expected
 */
export async function loadServeConfig(path: string): Promise<ServeConfig> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ServeConfigError({
      path,
      problems:
        code === "ENOENT"
          ? ["there is no such file", "make one with: zkmandate service init"]
          : [`it cannot be read: ${code}`],
    });
  }
  return parseServeConfig(text, path);
}

/**
 * Reads the text of a configuration.
 *
 * @param path of its file; relative paths in it start from the file's folder
 * @throws {ServeConfigError} if it is malformed
 */
export function parseServeConfig(text: string, path: string): ServeConfig {
  const { value, problems } = parseYaml(text, serveSchema);
  if (problems) throw new ServeConfigError({ path, problems });
  const config = resolvePaths(value, resolve(path));
  const names = config.gates.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new ServeConfigError({ path, problems: [`gates: two gates are called ${twice}`] });
  }
  return config;
}

function resolvePaths(entries: Entries, path: string): ServeConfig {
  const folder = dirname(path);
  const absolute = (relative: string) => resolve(folder, relative);
  const optional = <Key extends string>(key: Key, relative: string | undefined) =>
    relative === undefined ? {} : ({ [key]: absolute(relative) } as Record<Key, string>);
  const { listen, tls, journal, gates, tokens } = entries;
  const port = listen.port ?? (listen.socket === undefined ? DEFAULT_PORT : undefined);
  return {
    ...entries,
    path,
    listen: { ...listen, port, ...optional("socket", listen.socket) },
    ...(tls && { tls: { cert: absolute(tls.cert), key: absolute(tls.key) } }),
    tokens: absolute(tokens),
    journal: {
      ...journal,
      identity: absolute(journal.identity),
      ...optional("sqlite", journal.sqlite),
      ...optional("passphraseFile", journal.passphraseFile),
      ...(journal.postgres && {
        postgres: { ...journal.postgres, ...optional("urlFile", journal.postgres.urlFile) },
      }),
    },
    gates: gates.map((gate) => {
      const workspace = absolute(gate.workspace);
      return { ...gate, workspace, name: gate.name ?? gateName(workspace) };
    }),
  };
}

/** A folder's name as a gate may be called. */
function gateName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-");
  return name.replace(/^-+|-+$/g, "").slice(0, 63) || "gate";
}
