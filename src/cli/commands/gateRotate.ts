import { Command } from "commander";
import { numberToHex } from "viem";
import { getBlock, readContract } from "viem/actions";
import { timelockControllerAbi } from "../../chain/abi/timelockController.ts";
import { countLanes } from "../../chain/countLanes.ts";
import { gateOperation } from "../../chain/gateOperation.ts";
import { readGate } from "../../chain/readGate.ts";
import { laneGenesis } from "../../chain/rotation.ts";
import { agentOfAccount } from "../accounts.ts";
import { parseCount } from "../actionOptions.ts";
import { agentText, assertNotRevoked } from "../agentKey.ts";
import { action, examples } from "../cli.ts";
import { announce } from "../gateAction.ts";
import { gateClient } from "../gateClient.ts";
import { assertStatesCanBeKept } from "../keptStates.ts";
import { type NamedAgent, namedAgent, parseAgent } from "../namedAgent.ts";
import { type NewMandatesOptions, newMandates, riskFeedOf } from "../newMandates.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { openIdentity } from "../secrets.ts";

interface RotateOptions extends PassphraseOptions, Partial<NewMandatesOptions> {
  agent?: NamedAgent;
  keepState?: boolean;
}

/** `zkmandate gate rotate`: announces a new epoch with a new policy, agent key or feeds. */
export function gateRotateCommand(): Command {
  const command = new Command("rotate")
    .description(
      "Announces, as the governance account, a new epoch: fresh commitments to the policy, the agent key, the " +
        "risk feed and maxDelay. Executable with `gate execute` after the timelock's delay and within 7 days. " +
        "Lanes that are not named are dead then. Budgets start full, that is with nothing left, unless " +
        "--keep-state keeps the lanes' states (same budgets and units only).",
    )
    .argument("[file]", "a policy; the workspace's by default")
    .option(
      "--lanes <number>",
      "lanes that share the policy's budgets; as many as now by default",
      parseCount,
    )
    .option("--commitments <hex...>", "commitments that `policy commit` made, instead of a policy")
    .option(
      "--agent <key>",
      "the new agent key: an address, a Schnorr key, or a group's file; the agent account by default",
      parseAgent,
    )
    .option("--keep-state", "keep the lanes' states");
  return passphraseOptions(command)
    .addHelpText(
      "after",
      examples([
        "zkmandate gate rotate",
        "zkmandate gate rotate tighter.yaml --keep-state",
        "zkmandate gate rotate --keep-state --agent group.json",
      ]),
    )
    .action(
      action<RotateOptions>(async (cli, options, file) => {
        const workspace = await cli.workspace();
        const agent = options.agent
          ? await namedAgent(options.agent)
          : await agentOfAccount(cli, "agent");
        const { client: reader, deployment } = await gateClient(workspace);
        await assertNotRevoked(reader, { ...deployment, agent });
        const identity = await openIdentity(cli, options);
        return announce(cli, options, "rotate", async (client, { gate, timelock, chainId }) => {
          const live = await countLanes(client, { gate });
          const wanted = { ...options, lanes: options.lanes ?? Math.max(live, 1) };
          const { mandates, seal } = await newMandates(cli, identity, wanted, file);
          if (mandates.length < live) {
            cli.warn(
              `the gate has ${live} lanes, the rotation names ${mandates.length}: the others are dead once it is executed`,
            );
          }
          if (options.keepState) {
            await assertStatesCanBeKept(client, workspace, identity, { gate, mandates });
          }
          const [config, block, minDelay] = await Promise.all([
            readGate(client, { gate }),
            getBlock(client),
            readContract(client, {
              address: timelock,
              abi: timelockControllerAbi,
              functionName: "getMinDelay",
            }),
          ]);
          const epoch = config.epoch + 1;
          const eta = block.timestamp + minDelay;
          const lanes = mandates.map(({ lane, committed, secret }) =>
            options.keepState
              ? { lane, keepState: true, policy: committed.commitment, state: 0n }
              : laneGenesis({ chainId, gate, lane, epoch, eta, committed, secret, fill: "full" })
                  .rotation,
          );
          const rotation = {
            epoch,
            eta,
            agent,
            ...riskFeedOf(mandates),
            maxDelay: workspace.gate.maxDelay,
            lanes,
          };
          await seal();
          return {
            epoch,
            rows: [
              ["epoch", `${epoch}`],
              ["agent", agentText(agent)],
              ...mandates.map(({ lane, committed }): [string, string] => [
                `lane ${lane}`,
                numberToHex(committed.commitment, { size: 32 }),
              ]),
            ],
            operation: gateOperation({ gate, functionName: "rotate", args: [rotation] }),
          };
        });
      }),
    );
}
