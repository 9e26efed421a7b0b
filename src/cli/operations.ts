import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Address, type Hex, isAddress, isHex } from "viem";
import { z } from "zod";
import type { TimelockOperation } from "../chain/timelockOperation.ts";
import { InputFileError, UsageError } from "../errors/cli.ts";
import { writeFileAtomic } from "../keys/files.ts";
import type { Workspace } from "./workspace.ts";

const hex = z.string().refine((text): text is Hex => isHex(text), "not hexadecimal");
const address = z
  .string()
  .refine((text): text is Address => isAddress(text, { strict: false }), "not an address");
const integer = z.string().regex(/^\d+$/).transform(BigInt);

const operationSchema = z.strictObject({
  version: z.literal(1),
  id: hex,
  /** What it does: rotate, exit, unpause. */
  action: z.string(),
  chainId: z.int().positive(),
  gate: address,
  timelock: address,
  /** unix seconds */
  readyAt: integer,
  /** The epoch that a rotation's states are for. */
  epoch: z.int().positive().optional(),
  operation: z.strictObject({
    target: address,
    value: integer,
    data: hex,
    predecessor: hex,
    salt: hex,
  }),
});

/** An announced timelock operation, kept so that it can be executed later. Public, as is its announcement. */
export interface SavedOperation {
  version: 1;
  id: Hex;
  action: string;
  chainId: number;
  gate: Address;
  timelock: Address;
  /** unix seconds */
  readyAt: bigint;
  /** The epoch that a rotation's states are for. */
  epoch?: number | undefined;
  operation: TimelockOperation;
}

function folderOf(workspace: Workspace): string {
  return join(workspace.folder, "operations");
}

/** Keeps an announced operation in the workspace; returns the file's path. */
export async function saveOperation(workspace: Workspace, saved: SavedOperation): Promise<string> {
  const path = join(folderOf(workspace), `${saved.id.slice(2, 18)}.json`);
  const text = JSON.stringify(
    saved,
    (_, value) => (typeof value === "bigint" ? value.toString() : value),
    2,
  );
  await writeFileAtomic(path, `${text}\n`, { mode: 0o644 });
  return path;
}

/** All operations announced from the workspace, earliest first. */
export async function listOperations(workspace: Workspace): Promise<SavedOperation[]> {
  const folder = folderOf(workspace);
  await mkdir(folder, { recursive: true });
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  const operations = await Promise.all(names.map((name) => readOperation(join(folder, name))));
  return operations.sort((a, b) => Number(a.readyAt - b.readyAt));
}

/**
 * Finds an announced operation by the beginning of its id.
 *
 * @throws {UsageError} if none or several begin so
 */
export async function findOperation(workspace: Workspace, id: string): Promise<SavedOperation> {
  const known = await listOperations(workspace);
  const wanted = id.toLowerCase().replace(/^(0x)?/, "0x");
  const found = known.filter((saved) => saved.id.toLowerCase().startsWith(wanted));
  if (found.length === 1) return found[0] as SavedOperation;
  throw new UsageError(
    found.length === 0 ? `No announced operation begins with ${id}` : `${id} is not unique`,
    { details: known.map((saved) => `known: ${saved.id} (${saved.action})`) },
  );
}

async function readOperation(path: string): Promise<SavedOperation> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch {
    throw new InputFileError({ path, expected: "an announced operation", received: "not JSON" });
  }
  const parsed = operationSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new InputFileError({
    path,
    expected: "an announced operation",
    received: z.prettifyError(parsed.error),
  });
}
