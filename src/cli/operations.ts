import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Address, type Hex, isAddress, isHex } from "viem";
import { getBlock, readContract } from "viem/actions";
import { z } from "zod";
import { timelockControllerAbi } from "../chain/abi/timelockController.ts";
import type { ReadClient } from "../chain/client.ts";
import type { TimelockOperation } from "../chain/timelockOperation.ts";
import { CallRefusedError } from "../errors/chain.ts";
import { InputFileError, UsageError } from "../errors/cli.ts";
import { schemaIssue } from "../errors/schemaIssue.ts";
import { writeFileAtomic } from "../keys/files.ts";
import { formatTime } from "./output.ts";
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
    {
      details:
        known.length === 0
          ? ["none was announced from this workspace"]
          : known.map((saved) => `known: ${saved.id} (${saved.action})`),
    },
  );
}

/** OpenZeppelin's OperationState, in order. */
const operationStates = ["cancelled", "waiting", "ready", "done"] as const;

/** Where an announced operation stands by the latest block. */
export async function operationState(client: ReadClient, { timelock, id }: SavedOperation) {
  const state = await readContract(client, {
    address: timelock,
    abi: timelockControllerAbi,
    functionName: "getOperationState",
    args: [id],
  });
  return operationStates[state] ?? "unknown";
}

/**
 * Refuses an operation that is done or cancelled.
 *
 * @throws {CallRefusedError}
 */
export async function assertPending(client: ReadClient, saved: SavedOperation): Promise<void> {
  const state = await operationState(client, saved);
  if (state === "waiting" || state === "ready") return;
  const reason = state === "done" ? "it is done already" : "it was cancelled, or never announced";
  throw new CallRefusedError({ functionName: saved.action, reason });
}

/**
 * Refuses an operation that cannot be executed now.
 *
 * @throws {CallRefusedError} if it is done, cancelled, or its delay is not over
 */
export async function assertExecutable(client: ReadClient, saved: SavedOperation): Promise<void> {
  await assertPending(client, saved);
  const { timestamp } = await getBlock(client);
  const clock = BigInt(Math.floor(Date.now() / 1_000));
  // On a chain that stands still the next block has the clock's time.
  const now = timestamp > clock ? timestamp : clock;
  if (now >= saved.readyAt) return;
  throw new CallRefusedError({
    functionName: saved.action,
    reason: `it is executable from ${formatTime(saved.readyAt)}; now it is ${formatTime(now)}`,
  });
}

async function readOperation(path: string): Promise<SavedOperation> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch {
    throw new InputFileError({ path, expected: "an announced operation", received: "not JSON" });
  }
  const parsed = operationSchema.safeParse(json, { error: schemaIssue });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputFileError({
    path,
    expected: "an announced operation",
    received: `${issue?.path.join(".") || "file"}: ${issue?.message}`,
  });
}
