import { readFile } from "node:fs/promises";
import { type Address, type Hex, hexToBytes } from "viem";
import { InputFileError, UsageError } from "../errors/cli.ts";
import { KeyFileError } from "../errors/keys.ts";
import { decodePoint } from "../keys/frost/encoding.ts";
import { type FrostGroup, groupKeyId, parseFrostGroup } from "../keys/frost/group.ts";
import { NodeIdentity } from "../keys/frost/identity.ts";
import { type AgentKey, agentKeyKinds } from "../keys/keys.ts";
import { schnorrKeyAddress } from "../keys/schnorr.ts";
import { readSealed, writeSealed } from "../keys/sealed.ts";
import { createGroupKey } from "../node/groupKey.ts";
import type { Cli } from "./cli.ts";
import type { PassphraseOptions } from "./passphrase.ts";
import { openIdentity } from "./secrets.ts";
import type { AccountRole, GroupAccount } from "./workspace.ts";

/** The group that holds an account's key; nothing if something else does. */
export async function groupOfAccount(cli: Cli, role: string): Promise<GroupAccount | undefined> {
  const account = (await cli.workspace()).accounts[role as AccountRole];
  return "group" in account ? account.group : undefined;
}

/**
 * Reads a group's public file.
 *
 * @throws {InputFileError} if there is none
 * @throws {InvalidFrostDataError} if it is malformed
 */
export async function readGroupFile({ file }: Pick<GroupAccount, "file">): Promise<{
  group: FrostGroup;
  address: Address;
  onchain: { kind: number; id: Hex };
}> {
  const expected = "a group's file, as zkmandate node dkg writes it";
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    const { code = "text that is not JSON" } = error as NodeJS.ErrnoException;
    const received = code === "ENOENT" ? "no such file" : code;
    throw new InputFileError({ path: file, expected, received });
  }
  const group = parseFrostGroup(json);
  return {
    group,
    address: schnorrKeyAddress(decodePoint(group.commitments[0] as Hex)),
    onchain: { kind: agentKeyKinds.schnorr, id: groupKeyId(group) },
  };
}

/**
 * Opens a group's key, which asks its nodes for each signature; what a node does instead of its part is told as a
 * warning.
 *
 * @throws {UsageError} if the desk has no key by which the nodes know it
 */
export async function openGroup(
  cli: Cli,
  options: PassphraseOptions,
  account: GroupAccount,
): Promise<AgentKey> {
  const { group } = await readGroupFile(account);
  return createGroupKey({
    group,
    identity: await openCoordinator(cli, options, account),
    nodes: account.nodes.map(({ key, ...node }) => ({ ...node, publicKey: key })),
    onFault: ({ participant, kind, reason }) =>
      cli.warn(`node ${participant} of the group ${kind}: ${reason}`),
  });
}

/**
 * Opens the key by which a group's nodes know the desk.
 *
 * @throws {UsageError} if there is none
 */
export async function openCoordinator(
  cli: Cli,
  options: PassphraseOptions,
  { identity }: GroupAccount,
): Promise<NodeIdentity> {
  const seal = await openIdentity(cli, options);
  const secret = await readSealed<Hex>(identity, seal).catch((cause: unknown) => {
    if (!(cause instanceof KeyFileError)) throw cause;
    throw new UsageError("The desk has no key by which the group's nodes know it", {
      details: ["make one with: zkmandate keys new agent"],
      cause,
    });
  });
  return new NodeIdentity(hexToBytes(secret));
}

/** Makes the key by which a group's nodes know the desk. What exists is never overwritten. */
export async function createCoordinator(
  cli: Cli,
  options: PassphraseOptions,
  { identity: path }: GroupAccount,
): Promise<Hex> {
  const seal = await openIdentity(cli, options, { create: true });
  const identity = new NodeIdentity();
  await writeSealed(path, identity.reveal(), seal);
  return identity.publicKey;
}

/** Refuses what can be done with a keystore only. */
export function refuseGroup({ file }: GroupAccount, role: string): never {
  throw new UsageError(`The ${role} key is a group's: ${file}`, {
    details: [
      "its nodes make it: zkmandate node dkg, or zkmandate node split for one that exists",
      "name a keystore file, or change accounts in zkmandate.yaml",
    ],
  });
}
