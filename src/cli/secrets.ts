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

/** The identities that a command line has opened, by path: deriving their keys takes seconds each time. */
const opened = new WeakMap<Cli["global"], Map<string, SealIdentity>>();

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
  const known = opened.get(cli.global) ?? new Map<string, SealIdentity>();
  opened.set(cli.global, known);
  const before = known.get(path);
  if (before) return before;
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
  const identity = isNew
    ? await withProgress(`making ${shown(path)}`, () => createSealIdentity(path, passphrase))
    : await withProgress(`opening ${shown(path)}`, () => loadSealIdentity(path, passphrase));
  known.set(path, identity);
  return identity;
}
