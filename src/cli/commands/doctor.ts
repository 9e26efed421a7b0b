import { access } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { type Check, formatChecks, passed } from "../checks.ts";
import { action, type Cli, examples } from "../cli.ts";
import { readClient } from "../clients.ts";
import { loadDeployment } from "../deployment.ts";
import { checkCode, checkFeeds, checkGate, checkNode, checkTimelock } from "../doctor/chain.ts";
import { checkLaneFiles } from "../doctor/lane.ts";
import { checkMachine } from "../doctor/machine.ts";
import { checkArtifacts } from "../doctor/setup.ts";
import { checkPolicy, checkWorkspaceFiles } from "../doctor/workspace.ts";
import { exitCodes } from "../exitCodes.ts";
import { describeError } from "../output.ts";
import { WORKSPACE_FILE } from "../workspace.ts";

/** `zkmandate doctor`: whether everything fits together. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description(
      "Looks at the machine, the artifacts and where their keys come from, the workspace's files, the node, and " +
        "whether what stands on-chain (gate, verifiers, timelock, roles, agent, submitter, feeds) is what this " +
        "release and this workspace expect. No passphrase is needed. Ends with 5 if anything fails.",
    )
    .addHelpText("after", examples(["zkmandate doctor", "zkmandate doctor -w desk --json"]))
    .action(
      action(async (cli) => {
        const checks = [
          ...checkMachine(),
          ...(await checkArtifacts()),
          ...(await checkWorkspace(cli)),
        ];
        const healthy = passed(checks);
        return {
          data: { healthy, checks },
          text: formatChecks(checks),
          exitCode: healthy ? exitCodes.ok : exitCodes.setup,
        };
      }),
    );
}

async function checkWorkspace(cli: Cli): Promise<Check[]> {
  const path = join(cli.global.workspace, WORKSPACE_FILE);
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) {
    const detail = `no ${path}; make one with: zkmandate init`;
    return [{ name: "workspace", status: "skip", detail }];
  }
  return guarded("workspace", async () => {
    const workspace = await cli.workspace();
    const policy = await checkPolicy(workspace);
    return [
      { name: "workspace", status: "ok", detail: workspace.folder },
      ...(await checkWorkspaceFiles(workspace)),
      policy.check,
      ...(await guarded("node's chain", async () => {
        const client = await readClient(workspace);
        const onchain = await guarded("deployment", async () => {
          const deployment = await loadDeployment(workspace);
          const { gate } = deployment;
          const code = await checkCode(client, deployment);
          if (!passed(code)) return code;
          return [
            ...code,
            ...(await checkTimelock(cli, client, deployment)),
            ...(await checkGate(cli, client, gate)),
            ...(await checkLaneFiles(workspace, client, deployment)),
            ...(await checkFeeds(client, gate, policy.compiled?.priceFeeds ?? [])),
          ];
        });
        return [await checkNode(client), ...onchain];
      })),
    ];
  });
}

/** What cannot be looked at has failed: doubt is not health. */
async function guarded(name: string, look: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await look();
  } catch (error) {
    const { message, details } = describeError(error);
    return [{ name, status: "fail", detail: [message, ...details].join("; ") }];
  }
}
