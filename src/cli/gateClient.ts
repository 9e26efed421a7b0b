import { getCode } from "viem/actions";
import type { ReadClient } from "../chain/client.ts";
import { WorkspaceError } from "../errors/cli.ts";
import { readClient } from "./clients.ts";
import { type Deployment, loadDeployment } from "./deployment.ts";
import type { Workspace } from "./workspace.ts";

/**
 * The workspace's gate and a client to read it with.
 *
 * @throws {WorkspaceError} if no gate is deployed from the workspace, or no contract stands at its address
 * @throws {NodeUnreachableError | WrongChainError} as `readClient`
 */
export async function gateClient(
  workspace: Workspace,
): Promise<{ client: ReadClient; deployment: Deployment }> {
  const deployment = await loadDeployment(workspace);
  const client = await readClient(workspace);
  const { gate, chainId } = deployment;
  const code = await getCode(client, { address: gate });
  if (code === undefined || code === "0x") {
    throw new WorkspaceError({
      path: workspace.deployment,
      problems: [
        `no gate stands at ${gate} on chain ${chainId}`,
        "a local node forgets its contracts when it is started again; move the file away and deploy anew",
      ],
    });
  }
  return { client, deployment };
}
