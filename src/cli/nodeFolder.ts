import { access, readFile, rename, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Address, getAddress, type Hex, hexToBytes, isAddress, numberToHex } from "viem";
import { z } from "zod";
import { UsageError, WorkspaceError } from "../errors/cli.ts";
import { FileExistsError } from "../errors/keys.ts";
import { writeFileAtomic } from "../keys/files.ts";
import type { CeremonyResult } from "../keys/frost/ceremonyParameters.ts";
import { nodeCrashPoint } from "../keys/frost/crashMarks.ts";
import { hexSchema, participantSchema } from "../keys/frost/encoding.ts";
import { parseKeyShare } from "../keys/frost/group.ts";
import { NodeIdentity } from "../keys/frost/identity.ts";
import { loadSealIdentity, readSealed, type SealIdentity, writeSealed } from "../keys/sealed.ts";
import type { NodeMandate } from "../node/judge.ts";
import type { NodeAddress } from "../node/transport/nodeClient.ts";
import { commitPolicy } from "../policy/commitment.ts";
import { parseYaml } from "../server/config/yaml.ts";
import type { Cli } from "./cli.ts";
import { readGroupFile } from "./groupAccount.ts";
import type { Mandate } from "./mandates.ts";
import { shown } from "./output.ts";
import { type PassphraseOptions, passphraseFor } from "./passphrase.ts";
import { withProgress } from "./progress.ts";

/** The file that makes a folder a node's. */
export const NODE_FILE = "node.yaml";

const port = z.int().min(1).max(65_535);
/** Where a node listens and the key it shows, as configurations name it. */
export const nodeAddressSchema = z.strictObject({
  host: z.string().min(1).default("127.0.0.1"),
  port,
  key: hexSchema(32),
});

const schema = z.strictObject({
  version: z.literal(1),
  participant: participantSchema,
  threshold: z.int().min(2),
  chain: z.strictObject({
    id: z.int().positive(),
    rpcUrl: z.url({ protocol: /^https?$/, error: "not an http or https URL" }),
  }),
  /** The gates that it signs for. */
  gates: z
    .array(
      z
        .string()
        .refine((text) => isAddress(text), "not an address")
        .transform((text): Address => getAddress(text)),
    )
    .default([]),
  /** Everyone of the group by number, this node included. */
  nodes: z.record(z.string().regex(/^[1-9]\d*$/), nodeAddressSchema),
  /** Keys of those who may ask for signatures. */
  coordinators: z.array(hexSchema(32)).default([]),
  passphraseFile: z.string().min(1).optional(),
});

/** A node's configuration; its paths are absolute. */
export interface NodeFolder extends Omit<z.output<typeof schema>, "nodes"> {
  folder: string;
  nodes: ReadonlyMap<number, NodeAddress>;
  listen: { host: string; port: number };
}

/**
 * Reads the node's configuration in the workspace's folder.
 *
 * @throws {WorkspaceError} if it is missing or malformed
 */
export async function loadNodeFolder(cli: Cli): Promise<NodeFolder> {
  const folder = resolve(cli.global.workspace);
  const path = join(folder, NODE_FILE);
  const unusable = (problems: readonly string[]) => new WorkspaceError({ path, problems });
  const text = await readFile(path, "utf8").catch(() => {
    throw unusable(["there is no such file", "make a node with: zkmandate node init"]);
  });
  const { value, problems } = parseYaml(text, schema);
  if (problems) throw unusable(problems);
  const nodes = new Map(
    Object.entries(value.nodes).map(([id, { key, ...address }]): [number, NodeAddress] => [
      Number(id),
      { ...address, publicKey: key },
    ]),
  );
  if (nodes.size < value.threshold) {
    const expected = `everyone's address and key, at least ${value.threshold}`;
    throw unusable([`nodes: expected ${expected}; received ${nodes.size}`]);
  }
  const own = nodes.get(value.participant);
  if (!own) throw unusable([`nodes: ${value.participant}, this node itself, is missing`]);
  const { passphraseFile } = value;
  return {
    ...value,
    folder,
    nodes,
    listen: own,
    ...(passphraseFile !== undefined && { passphraseFile: resolve(folder, passphraseFile) }),
  };
}

/** The files of a node's folder. */
export const nodeFiles = (folder: string) => ({
  seal: join(folder, "identity.age"),
  node: join(folder, "node.age"),
  group: join(folder, "group.json"),
  share: join(folder, "share.age"),
  nextGroup: join(folder, "group.next.json"),
  nextShare: join(folder, "share.next.age"),
  mandates: join(folder, "mandates"),
  ceremonies: join(folder, "ceremonies"),
  nonces: join(folder, "nonces"),
  signed: join(folder, "signed"),
});

/** A node's secrets but its share. */
export interface NodeSecrets {
  seal: SealIdentity;
  identity: NodeIdentity;
}

/**
 * Opens a node's identity.
 *
 * @throws {WorkspaceError} if it is not the one that the configuration names
 */
export async function openNode(
  cli: Cli,
  options: PassphraseOptions,
  { folder, passphraseFile, nodes, participant }: NodeFolder,
): Promise<NodeSecrets> {
  const files = nodeFiles(folder);
  const passphrase = await passphraseFor(cli, options, {
    path: files.seal,
    configured: passphraseFile,
  });
  const seal = await withProgress(`opening ${shown(files.seal)}`, () =>
    loadSealIdentity(files.seal, passphrase),
  );
  const identity = new NodeIdentity(hexToBytes(await readSealed<Hex>(files.node, seal)));
  if (nodes.get(participant)?.publicKey !== identity.publicKey) {
    throw new WorkspaceError({
      path: join(folder, NODE_FILE),
      problems: [
        `nodes.${participant}.key: this folder's node has ${identity.publicKey}`,
        "is participant its number, and this folder the right one?",
      ],
    });
  }
  return { seal, identity };
}

/**
 * Reads a node's group and share.
 *
 * @throws {UsageError} if it has none yet
 * @throws {InputFileError} if the group's file is missing or no JSON
 * @throws {InvalidFrostDataError} if the share is not the group's
 */
export async function readShare(folder: string, seal: SealIdentity): Promise<CeremonyResult> {
  const files = nodeFiles(folder);
  const exists = await access(files.share).then(
    () => true,
    () => false,
  );
  if (!exists) {
    throw new UsageError("The node has no share yet", {
      details: ["make a key with: zkmandate node dkg", "or import one: zkmandate node split"],
    });
  }
  const sealed = await readSealed(files.share, seal);
  const open = async (path: string): Promise<CeremonyResult> => {
    const { group } = await readGroupFile({ file: path });
    return { group, share: parseKeyShare(sealed, group) };
  };
  try {
    return await open(files.group);
  } catch (error) {
    // A process that died between the two renames of `adoptNext` has left the new share beside the old group.
    const next = await open(files.nextGroup).catch(() => {
      throw error;
    });
    await rename(files.nextGroup, files.group);
    return next;
  }
}

/**
 * Refuses to make another key where there is one: its share would be gone.
 *
 * @throws {FileExistsError}
 */
export async function assertNoShare(folder: string): Promise<void> {
  const { share } = nodeFiles(folder);
  const exists = await access(share).then(
    () => true,
    () => false,
  );
  const remedy =
    "node refresh gives new shares of the same key; for another key move this one away";
  if (exists) throw new FileExistsError({ path: share, remedy });
}

/**
 * Takes note of a ceremony, for good. A second part in it would be made of other random values: honest, it would look
 * like a lie, and what was said in the first would prove it.
 *
 * @param id see `Ceremony.id`
 * @throws {UsageError} if the node took part in it before
 */
export async function claimCeremony(folder: string, id: Hex): Promise<void> {
  try {
    await writeFileAtomic(join(nodeFiles(folder).ceremonies, id.slice(2)), "");
  } catch (cause) {
    if (!(cause instanceof FileExistsError)) throw cause;
    throw new UsageError("The node took part in a ceremony of this session before", {
      details: ["take 32 fresh random bytes, the same on every node: openssl rand -hex 32"],
      cause,
    });
  }
}

/** Writes what a ceremony made where it waits for the others' confirmation. */
export async function keepNext(
  folder: string,
  seal: SealIdentity,
  { group, share }: CeremonyResult,
): Promise<void> {
  const files = nodeFiles(folder);
  await writeFileAtomic(files.nextGroup, groupText(group), { replace: true, mode: 0o644 });
  await writeSealed(files.nextShare, share.reveal(), seal, { replace: true });
}

/** What a ceremony made takes the place of what was there, once everyone has it. */
export async function adoptNext(folder: string): Promise<void> {
  const files = nodeFiles(folder);
  await rename(files.nextShare, files.share);
  nodeCrashPoint("share-replaced");
  await rename(files.nextGroup, files.group);
}

/** A group as its file holds it. */
export const groupText = (group: CeremonyResult["group"]) => `${JSON.stringify(group, null, 2)}\n`;

/**
 * Reads a node's copies of lanes' mandates. A file is opened again once it is another one; its operator takes a mandate
 * away by removing the file.
 *
 * @returns by commitment; nothing if there is none for it
 */
export function createMandateReader(
  folder: string,
  seal: SealIdentity,
): (commitment: bigint) => Promise<NodeMandate | undefined> {
  const { mandates } = nodeFiles(folder);
  const opened = new Map<string, { version: string; mandate: NodeMandate }>();
  return async (commitment) => {
    const path = join(mandates, `${numberToHex(commitment, { size: 32 })}.age`);
    const file = await stat(path, { bigint: true }).catch(() => undefined);
    if (!file) {
      opened.delete(path);
      return undefined;
    }
    const version = [file.ino, file.size, file.mtimeNs, file.ctimeNs].join();
    const known = opened.get(path);
    if (known?.version === version) return known.mandate;
    const { policy, stateSecret } = await readSealed<Mandate>(path, seal);
    const mandate = { committed: commitPolicy(policy), secret: hexToBytes(stateSecret) };
    opened.set(path, { version, mandate });
    return mandate;
  };
}
