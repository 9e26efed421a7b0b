import { access, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ReadClient } from "../../chain/client.ts";
import { readLane } from "../../chain/readLane.ts";
import type { Check } from "../checks.ts";
import type { Deployment } from "../deployment.ts";
import { mandatePath } from "../mandates.ts";
import { shown } from "../output.ts";
import type { Workspace } from "../workspace.ts";

/** Whether the workspace holds what its lane signs with: the mandate of the policy on-chain, and a state. */
export async function checkLaneFiles(
  workspace: Workspace,
  client: ReadClient,
  { gate, chainId }: Deployment,
): Promise<Check[]> {
  const { lane, secrets } = workspace;
  const { policy } = await readLane(client, { gate, lane });
  const mandate = mandatePath(workspace, policy);
  const hasMandate = await access(mandate).then(
    () => true,
    () => false,
  );
  const lanes = join(secrets.folder, "lanes");
  const prefix = `${chainId}-${gate.toLowerCase()}-${lane}.`;
  const records = await readdir(lanes).catch((): string[] => []);
  const hasState = records.some((name) => name.startsWith(prefix) && name.endsWith(".age"));
  return [
    {
      name: `mandate of lane ${lane}`,
      status: hasMandate ? "ok" : "fail",
      detail: hasMandate
        ? `${basename(mandate).slice(0, 18)}…, as on-chain`
        : `no ${shown(mandate)}, which opens the policy on-chain: restore it from a backup`,
    },
    {
      name: `state of lane ${lane}`,
      status: hasState ? "ok" : "fail",
      detail: hasState ? "recorded" : `not in ${shown(lanes)}: zkmandate state recover`,
    },
  ];
}
