import { UsageError } from "../errors/cli.ts";
import type { DatabaseJournal } from "../journal/databaseJournal.ts";
import { loadSealIdentity, type SealIdentity } from "../keys/sealed.ts";
import type { ServeConfig } from "../server/config/serveConfig.ts";
import type { Cli } from "./cli.ts";
import { shown } from "./output.ts";
import { type PassphraseOptions, passphraseFor } from "./passphrase.ts";
import { withProgress } from "./progress.ts";
import { readSecret } from "./secretInput.ts";

/** A service's journal, and the identity that its secrets are encrypted to. */
export interface ServiceJournal {
  journal: DatabaseJournal;
  identity: SealIdentity;
}

/**
 * Opens the journal of a service's configuration.
 *
 * @throws {UsageError} if the database's URL is not where the configuration says
 * @throws {KeyFileError | WrongPassphraseError} if the identity does not open
 * @throws {JournalUnavailableError} if the database cannot be reached or written
 */
export async function openServiceJournal(
  cli: Cli,
  options: PassphraseOptions,
  { journal: { sqlite, postgres, identity: path, passphraseFile } }: ServeConfig,
): Promise<ServiceJournal> {
  const passphrase = await passphraseFor(cli, options, { path, configured: passphraseFile });
  const identity = await withProgress(`opening ${shown(path)}`, () =>
    loadSealIdentity(path, passphrase),
  );
  if (sqlite !== undefined) {
    const { openSqliteJournal } = await import("../journal/openSqliteJournal.ts");
    return { journal: await openSqliteJournal({ path: sqlite, identity }), identity };
  }
  const { openPostgresJournal } = await import("../journal/openPostgresJournal.ts");
  const connectionString = await databaseUrl(cli, postgres);
  return { journal: await openPostgresJournal({ connectionString, identity }), identity };
}

async function databaseUrl(
  cli: Cli,
  postgres: ServeConfig["journal"]["postgres"],
): Promise<string> {
  const { urlFile, urlEnv } = postgres ?? {};
  if (urlFile !== undefined) {
    return readSecret(
      { file: urlFile },
      { prompt: "Database URL", hint: "see journal.postgres.urlFile", warn: cli.warn },
    );
  }
  const url = process.env[urlEnv ?? ""];
  if (url) return url;
  throw new UsageError(`The environment variable ${urlEnv} holds no database URL`, {
    details: ["see journal.postgres.urlEnv in the service's configuration"],
  });
}
