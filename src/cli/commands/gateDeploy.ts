import { Command } from "commander";
import { type Address, zeroAddress } from "viem";
import type { SendClient } from "../../chain/client.ts";
import { deployGate } from "../../chain/deployGate.ts";
import { deployTimelock } from "../../chain/deployTimelock.ts";
import { deployVerifiers } from "../../chain/deployVerifiers.ts";
import { laneGenesis } from "../../chain/rotation.ts";
import { usableCircuit } from "../../prover/artifacts.ts";
import { addressOfAccount, agentOfAccount, openAccount } from "../accounts.ts";
import { parseAddress, parseCount } from "../actionOptions.ts";
import { action, type Cli, examples } from "../cli.ts";
import { readClient, sendClient } from "../clients.ts";
import { assertNoDeployment, type Deployment, saveDeployment } from "../deployment.ts";
import { assertFunded, leastGas } from "../funds.ts";
import { adoptLanes, laneRows } from "../laneRecords.ts";
import {
  type NewMandates,
  type NewMandatesOptions,
  newMandates,
  riskFeedOf,
} from "../newMandates.ts";
import { done, shown, table } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { withProgress } from "../progress.ts";
import { openIdentity } from "../secrets.ts";

interface DeployOptions extends PassphraseOptions, NewMandatesOptions {
  guardian?: Address;
}

/** `zkmandate gate deploy`: verifiers, timelock and gate, with the first epoch. */
export function gateDeployCommand(): Command {
  const command = new Command("deploy")
    .description(
      "Deploys, as the governance account, the circuits' verifiers, a timelock and a gate whose lanes are " +
        "committed to the policy, and records the lanes' first states. The addresses go to deployment.json. " +
        "The governance account is the timelock's only proposer and executor; the agent, submitter and " +
        "guardian are the workspace's accounts.",
    )
    .argument("[file]", "a policy; the workspace's by default")
    .option("--lanes <number>", "lanes that share the policy's budgets", parseCount, 1)
    .option("--commitments <hex...>", "commitments that `policy commit` made, instead of a policy")
    .option(
      "--guardian <address>",
      "who may stop the gate; the guardian account by default",
      parseAddress,
    );
  return passphraseOptions(command)
    .addHelpText(
      "after",
      examples(["zkmandate gate deploy", "zkmandate gate deploy desk.yaml --lanes 2 --json"]),
    )
    .action(
      action<DeployOptions>(async (cli, options, file) => {
        const workspace = await cli.workspace();
        await assertNoDeployment(workspace);
        await warnOfDevelopmentKeys(cli);
        const accounts = await accountsOf(cli, options);
        const reader = await readClient(workspace);
        await assertFunded(cli, reader, { role: "governance", gas: leastGas.deployment });
        const identity = await openIdentity(cli, options, { create: true });
        const mandates = await newMandates(cli, identity, options, file);
        const key = await openAccount(cli, "governance", options);
        try {
          const client = await sendClient(workspace, key);
          const deployed = await deployAll(cli, client, mandates, accounts);
          const { deployment, gasUsed } = deployed;
          await saveDeployment(workspace, deployment);
          const blockNumber = deployment.fromBlock;
          const lanes = await adoptLanes({ workspace, client, deployment, identity, blockNumber });
          return {
            data: { ...deployment, lanes, gasUsed, file: workspace.deployment },
            text: [
              done("the gate is deployed"),
              table([
                ["gate", deployment.gate],
                ["timelock", deployment.timelock],
                ["verifier gate", deployment.verifiers.gate],
                ["verifier wide", deployment.verifiers.wide],
                ["block", blockNumber],
                ["gas", gasUsed],
                ...laneRows(lanes),
                ["written to", shown(workspace.deployment)],
              ]),
            ].join("\n"),
          };
        } finally {
          await key.close();
        }
      }),
    );
}

/** Development keys work, and must not guard assets; production mode refuses them. */
async function warnOfDevelopmentKeys(cli: Cli): Promise<void> {
  const { setup } = await usableCircuit("gate");
  if (setup === "development") {
    cli.warn("the proving keys come from a development ceremony: whoever ran it can forge proofs");
  }
}

/** Who plays which part at the new gate; all keystores must be there before anything is sent. */
async function accountsOf(cli: Cli, options: DeployOptions) {
  const agent = await agentOfAccount(cli, "agent");
  const submitter = await addressOfAccount(cli, "submitter");
  const guardian = options.guardian ?? (await addressOfAccount(cli, "guardian"));
  return { agent, submitter, guardian };
}

async function deployAll(
  cli: Cli,
  client: SendClient,
  { mandates, seal }: NewMandates,
  { agent, submitter, guardian }: Awaited<ReturnType<typeof accountsOf>>,
): Promise<{ deployment: Deployment; gasUsed: bigint }> {
  const { chain, gate: settings } = await cli.workspace();
  const governance = client.account.address;
  const verifiers = await withProgress("deploying the verifiers", () => deployVerifiers(client));
  const { timelock, ...timelockCost } = await withProgress("deploying the timelock", () =>
    deployTimelock(client, {
      minDelay: BigInt(settings.timelockDelay),
      proposers: [governance],
      executors: [governance],
    }),
  );
  // As late as can be, so that a failure before leaves no mandate of a gate that never was.
  await seal();
  const deployed = await withProgress("deploying the gate", () =>
    deployGate(client, {
      timelock,
      verifiers: { gate: verifiers.gate, wide: verifiers.wide, quorum: zeroAddress },
      guardian,
      submitters: [submitter],
      agent,
      ...riskFeedOf(mandates),
      maxDelay: settings.maxDelay,
      genesis: (moment) =>
        mandates.map(
          ({ lane, committed, secret }) =>
            laneGenesis({ ...moment, lane, committed, secret, fill: "empty" }).rotation,
        ),
    }),
  );
  return {
    deployment: {
      version: 1,
      chainId: chain.id,
      gate: deployed.gate,
      timelock,
      verifiers: { gate: verifiers.gate, wide: verifiers.wide },
      fromBlock: deployed.blockNumber,
    },
    gasUsed: verifiers.gasUsed + timelockCost.gasUsed + deployed.gasUsed,
  };
}
