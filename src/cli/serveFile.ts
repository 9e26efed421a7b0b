import { join, resolve } from "node:path";
import type { Command } from "commander";
import { loadServeConfig, SERVE_FILE, type ServeConfig } from "../server/config/serveConfig.ts";
import type { Cli } from "./cli.ts";

/** Which configuration of the service a command works with. */
export interface ServeFileOptions {
  config?: string;
}

/** Adds the option that names the service's configuration. */
export function serveFileOption(command: Command): Command {
  return command.option(
    "-c, --config <file>",
    `the service's configuration; ${SERVE_FILE} in the workspace by default`,
  );
}

/** Where the service's configuration is, or goes. */
export function serveFilePath(cli: Cli, { config }: ServeFileOptions): string {
  return resolve(config ?? join(cli.global.workspace, SERVE_FILE));
}

/**
 * Reads the service's configuration.
 *
 * @throws {ServeConfigError} if it is missing or malformed
 */
export async function serveConfig(cli: Cli, options: ServeFileOptions): Promise<ServeConfig> {
  return loadServeConfig(serveFilePath(cli, options));
}
