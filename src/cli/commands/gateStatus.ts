import { Command } from "commander";
import { isAddressEqual, numberToHex, zeroAddress } from "viem";
import { getBalance, getBlock, readContract } from "viem/actions";
import { policyAccountAbi } from "../../chain/abi/policyAccount.ts";
import { timelockControllerAbi } from "../../chain/abi/timelockController.ts";
import { readGate } from "../../chain/readGate.ts";
import { readLane } from "../../chain/readLane.ts";
import { addressOfAccount } from "../accounts.ts";
import { parseCount } from "../actionOptions.ts";
import { agentText } from "../agentKey.ts";
import { action, examples } from "../cli.ts";
import { formatEth } from "../funds.ts";
import { gateClient } from "../gateClient.ts";
import { listOperations, operationState } from "../operations.ts";
import { formatTime, table } from "../output.ts";

/** `zkmandate gate status`: what everyone can see of a gate. */
export function gateStatusCommand(): Command {
  return new Command("status")
    .description(
      "Shows a gate as everyone can see it: epoch, pause, agent, guardian, feeds, one lane's commitments, the " +
        "timelock's delay and the operations announced from this workspace. No passphrase is needed.",
    )
    .option("--lane <number>", "the workspace's lane by default", parseCount)
    .addHelpText(
      "after",
      examples(["zkmandate gate status", "zkmandate gate status --lane 1 --json"]),
    )
    .action(
      action<{ lane?: number }>(async (cli, options) => {
        const workspace = await cli.workspace();
        const number = options.lane ?? workspace.lane;
        const { client, deployment } = await gateClient(workspace);
        const { gate, timelock } = deployment;
        const [block, config, lane, balance, delay, operations, submitter] = await Promise.all([
          getBlock(client),
          readGate(client, { gate }),
          readLane(client, { gate, lane: number }),
          getBalance(client, { address: gate }),
          readContract(client, {
            address: timelock,
            abi: timelockControllerAbi,
            functionName: "getMinDelay",
          }),
          listOperations(workspace),
          addressOfAccount(cli, "submitter").catch(() => undefined),
        ]);
        const allowed =
          submitter &&
          (await readContract(client, {
            address: gate,
            abi: policyAccountAbi,
            functionName: "isSubmitter",
            args: [submitter],
          }));
        const agent = agentText(config.agent);
        const live = lane.epoch === config.epoch && lane.epoch > 0;
        const announced = await Promise.all(
          operations.map(async (saved) => ({ saved, state: await operationState(client, saved) })),
        );
        return {
          data: {
            block: block.number,
            time: block.timestamp,
            gate,
            balance,
            ...config,
            timelock: { address: timelock, minDelay: delay },
            ...(submitter && { submitter: { address: submitter, allowed } }),
            lane: { number, live, ...lane },
            operations: announced.map(({ saved: { id, action: name, readyAt }, state }) => ({
              id,
              action: name,
              readyAt,
              state,
            })),
          },
          text: table([
            ["gate", gate],
            ["balance", formatEth(balance)],
            ["epoch", config.epoch],
            ["paused", config.paused ? "yes" : "no"],
            ["agent", agent],
            ["guardian", config.guardian],
            ["submitter", submitter && `${submitter} ${allowed ? "(allowed)" : "(NOT allowed)"}`],
            ["open submission", config.openSubmission ? "yes" : "no"],
            ["risk feed", isAddressEqual(config.riskFeed, zeroAddress) ? "none" : config.riskFeed],
            ["longest delay", `${config.maxDelay} s`],
            ["timelock", `${timelock}, delay ${delay} s`],
            [`lane ${number}`, laneText(lane, live)],
            ["  policy", numberToHex(lane.policy, { size: 32 })],
            ["  state", numberToHex(lane.state, { size: 32 })],
            ["  last action", lane.lastTime > 0n ? formatTime(lane.lastTime) : "never"],
            ...announced.map(
              ({ saved, state }) =>
                [
                  `${saved.action}`,
                  `${saved.id.slice(0, 18)}, ${state}, from ${formatTime(saved.readyAt)}`,
                ] as const,
            ),
          ]),
        };
      }),
    );
}

function laneText({ epoch, seq }: { epoch: number; seq: bigint }, live: boolean): string {
  if (live) return `live, sequence ${seq}`;
  return epoch === 0 ? "the gate has no such lane" : "dead: not part of the current epoch";
}
