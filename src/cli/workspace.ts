import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { WorkspaceError } from "../errors/cli.ts";
import { hexSchema, participantSchema } from "../keys/frost/encoding.ts";
import { parseYaml } from "../server/config/yaml.ts";

/** The file that makes a folder a workspace. */
export const WORKSPACE_FILE = "zkmandate.yaml";

/** The parts that accounts play; the agent only signs, the others send transactions. */
export const accountRoles = ["agent", "submitter", "governance", "guardian"] as const;
export type AccountRole = (typeof accountRoles)[number];

const keystoreAccount = z.strictObject({
  /** An Ethereum v3 keystore. */
  keystore: z.string().min(1),
  /** A file whose one line is the passphrase; without it the CLI asks. */
  passphraseFile: z.string().min(1).optional(),
});

const tokenAccount = z.strictObject({
  pkcs11: z.strictObject({
    /** The vendor's shared library. */
    module: z.string().min(1),
    /** Label of the token. */
    token: z.string().min(1),
    /** Label of the key. */
    key: z.string().min(1),
    /** A file whose one line is the token's PIN; without it the CLI asks. */
    pinFile: z.string().min(1).optional(),
  }),
});
export type TokenAccount = z.infer<typeof tokenAccount>["pkcs11"];

const account = z.union([keystoreAccount, tokenAccount], {
  error: "neither { keystore, passphraseFile } nor { pkcs11: { module, token, key, pinFile } }",
});

const groupAccount = z.strictObject({
  group: z.strictObject({
    /** The group's public file, as its nodes have made it. */
    file: z.string().min(1),
    /** The key by which the nodes know this desk, sealed; `keys new agent` makes it. */
    identity: z.string().min(1).default("secrets/coordinator.age"),
    nodes: z
      .array(
        z.strictObject({
          participant: participantSchema,
          host: z.string().min(1).default("127.0.0.1"),
          port: z.int().min(1).max(65_535),
          key: hexSchema(32),
        }),
      )
      .min(2),
  }),
});
export type GroupAccount = z.infer<typeof groupAccount>["group"];

/** Nodes sign what they find to be an action: the agent may be a group, no other account. */
const agentAccount = z.union([keystoreAccount, tokenAccount, groupAccount], {
  error:
    "neither { keystore, passphraseFile }, nor { pkcs11: { module, token, key, pinFile } }, nor " +
    "{ group: { file, nodes: [{ participant, host, port, key }] } }",
});

const workspaceSchema = z.strictObject({
  version: z.literal(1),
  chain: z.strictObject({
    id: z.int().positive(),
    rpcUrl: z.url({ protocol: /^https?$/, error: "not an http or https URL" }),
  }),
  policy: z.string().min(1).default("policy.yaml"),
  deployment: z.string().min(1).default("deployment.json"),
  lane: z.int().min(0).max(65_535).default(0),
  secrets: z
    .strictObject({
      folder: z.string().min(1).default("secrets"),
      passphraseFile: z.string().min(1).optional(),
    })
    .prefault({}),
  gate: z
    .strictObject({
      /** seconds */
      timelockDelay: z.int().positive().default(172_800),
      /** seconds */
      maxDelay: z.int().min(1).max(300).default(120),
    })
    .prefault({}),
  accounts: z
    .strictObject({
      agent: agentAccount.prefault({ keystore: "secrets/agent.json" }),
      submitter: account.prefault({ keystore: "secrets/submitter.json" }),
      governance: account.prefault({ keystore: "secrets/governance.json" }),
      guardian: account.prefault({ keystore: "secrets/guardian.json" }),
    })
    .prefault({}),
});
type WorkspaceConfig = z.infer<typeof workspaceSchema>;

/** A folder with a configuration; its paths are absolute. */
export interface Workspace extends WorkspaceConfig {
  folder: string;
}

/**
 * Reads the workspace of a folder.
 *
 * @throws {WorkspaceError} if `zkmandate.yaml` is missing or malformed; says where and what was expected
 */
export async function loadWorkspace(folder: string): Promise<Workspace> {
  const path = join(folder, WORKSPACE_FILE);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new WorkspaceError({
      path,
      problems: missing
        ? ["there is no such file", `make a workspace with: zkmandate init ${folder}`]
        : [`it cannot be read: ${(cause as NodeJS.ErrnoException).code}`],
    });
  }
  return parseWorkspace(text, { path, folder });
}

/**
 * Reads the text of a configuration.
 *
 * @param folder that its relative paths start from
 * @throws {WorkspaceError} if it is malformed
 */
export function parseWorkspace(
  text: string,
  { path, folder }: { path: string; folder: string },
): Workspace {
  const { value, problems } = parseYaml(text, workspaceSchema);
  if (problems) throw new WorkspaceError({ path, problems });
  return resolvePaths(value, resolve(folder));
}

function resolvePaths(config: WorkspaceConfig, folder: string): Workspace {
  const absolute = (path: string) => resolve(folder, path);
  const withPassphrase = <T extends { passphraseFile?: string | undefined }>(entry: T): T =>
    entry.passphraseFile === undefined
      ? entry
      : { ...entry, passphraseFile: absolute(entry.passphraseFile) };
  const accountOf = (entry: z.infer<typeof account>) => {
    if ("keystore" in entry) {
      return withPassphrase({ ...entry, keystore: absolute(entry.keystore) });
    }
    const { module, pinFile, ...labels } = entry.pkcs11;
    const pin = pinFile === undefined ? {} : { pinFile: absolute(pinFile) };
    return { pkcs11: { ...labels, module: absolute(module), ...pin } };
  };
  const agentOf = (entry: z.infer<typeof agentAccount>) => {
    if (!("group" in entry)) return accountOf(entry);
    const { file, identity, nodes } = entry.group;
    return { group: { file: absolute(file), identity: absolute(identity), nodes } };
  };
  const { agent, submitter, governance, guardian } = config.accounts;
  return {
    ...config,
    folder,
    policy: absolute(config.policy),
    deployment: absolute(config.deployment),
    secrets: withPassphrase({ ...config.secrets, folder: absolute(config.secrets.folder) }),
    accounts: {
      agent: agentOf(agent),
      submitter: accountOf(submitter),
      governance: accountOf(governance),
      guardian: accountOf(guardian),
    },
  };
}
