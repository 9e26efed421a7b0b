import { access } from "node:fs/promises";
import { join } from "node:path";
import { createSealIdentity, loadSealIdentity, type SealIdentity } from "../keys/sealed.ts";
import type { Cli } from "./cli.ts";
import { shown } from "./output.ts";
import { type PassphraseOptions, passphraseFor } from "./passphrase.ts";
import { withProgress } from "./progress.ts";
import type { Workspace } from "./workspace.ts";

/** The file with the identity that all other sealed files of a workspace are sealed to. */
export function identityPath({ secrets }: Workspace): string {
  return join(secrets.folder, "identity.age");
}

/**
 * Opens the workspace's identity, which opens all its sealed files.
 *
 * @param create whether a workspace without one gets one
 * @throws {KeyFileError} if there is none and `create` is not set
 */
export async function openIdentity(
  cli: Cli,
  options: PassphraseOptions,
  { create = false }: { create?: boolean } = {},
): Promise<SealIdentity> {
  const workspace = await cli.workspace();
  const path = identityPath(workspace);
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  const isNew = create && !exists;
  const passphrase = await passphraseFor(cli, options, {
    path,
    configured: workspace.secrets.passphraseFile,
    confirm: isNew,
  });
  return isNew
    ? withProgress(`making ${shown(path)}`, () => createSealIdentity(path, passphrase))
    : withProgress(`opening ${shown(path)}`, () => loadSealIdentity(path, passphrase));
}
