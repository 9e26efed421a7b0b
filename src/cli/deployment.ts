import { access, readFile } from "node:fs/promises";
import { type Address, getAddress, isAddress } from "viem";
import { z } from "zod";
import { WorkspaceError } from "../errors/cli.ts";
import { FileExistsError } from "../errors/keys.ts";
import { schemaIssue } from "../errors/schemaIssue.ts";
import { writeFileAtomic } from "../keys/files.ts";
import type { Workspace } from "./workspace.ts";

const address = z
  .string()
  .refine((text) => isAddress(text, { strict: false }), "not an address")
  .transform((text) => getAddress(text));

const deploymentSchema = z.strictObject({
  version: z.literal(1),
  chainId: z.int().positive(),
  gate: address,
  timelock: address,
  verifiers: z.strictObject({ gate: address, wide: address }),
  /** The block of the gate's deployment, from which its events are read. */
  fromBlock: z.string().regex(/^\d+$/).transform(BigInt),
});

/** Where a gate and what belongs to it stand. Public. */
export interface Deployment {
  version: 1;
  chainId: number;
  gate: Address;
  timelock: Address;
  verifiers: { gate: Address; wide: Address };
  fromBlock: bigint;
}

/**
 * Reads the workspace's deployment.
 *
 * @throws {WorkspaceError} if there is none, it is malformed, or of another chain
 */
export async function loadDeployment(workspace: Workspace): Promise<Deployment> {
  const path = workspace.deployment;
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new WorkspaceError({
      path,
      problems: missing
        ? [
            "there is no such file: no gate is deployed from this workspace",
            "make one with: zkmandate gate deploy",
          ]
        : ["it is not JSON"],
    });
  }
  const parsed = deploymentSchema.safeParse(json, { error: schemaIssue });
  if (!parsed.success) {
    throw new WorkspaceError({
      path,
      problems: parsed.error.issues.map(
        (issue) => `${issue.path.join(".") || "file"}: ${issue.message}`,
      ),
    });
  }
  if (parsed.data.chainId !== workspace.chain.id) {
    throw new WorkspaceError({
      path,
      problems: [
        `expected: chain ${workspace.chain.id}, as zkmandate.yaml says`,
        `received: chain ${parsed.data.chainId}`,
      ],
    });
  }
  return parsed.data;
}

/** Writes the workspace's deployment; never over another. */
export async function saveDeployment(workspace: Workspace, deployment: Deployment): Promise<void> {
  const json = { ...deployment, fromBlock: deployment.fromBlock.toString() };
  await writeFileAtomic(workspace.deployment, `${JSON.stringify(json, null, 2)}\n`, {
    mode: 0o644,
  });
}

/**
 * Refuses to go on where a gate is deployed already, before anything is sent.
 *
 * @throws {FileExistsError}
 */
export async function assertNoDeployment({ deployment }: Workspace): Promise<void> {
  const exists = await access(deployment).then(
    () => true,
    () => false,
  );
  const remedy = "the workspace has its gate: zkmandate init <folder> makes another workspace";
  if (exists) throw new FileExistsError({ path: deployment, remedy });
}
