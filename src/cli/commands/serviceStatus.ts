import { Command } from "commander";
import type { LaneReport } from "../../agent/agent.ts";
import { action, examples } from "../cli.ts";
import { exitCodes } from "../exitCodes.ts";
import { formatTime, table } from "../output.ts";
import {
  type ServiceClientOptions,
  serviceClient,
  serviceClientOptions,
} from "../serviceClient.ts";

interface ReadinessAnswer {
  status: string;
  checks?: { name: string; ok: boolean; problem?: string }[];
}

/** `zkmandate service status`: what a running service works on. */
export function serviceStatusCommand(): Command {
  const command = new Command("status").description(
    "Shows what a running service says of itself: its parts, and each lane with what is queued and in flight. " +
      "Ends with 5 if it is not ready.",
  );
  return serviceClientOptions(command)
    .addHelpText("after", examples(["zkmandate service status --token-file operator.token"]))
    .action(
      action<ServiceClientOptions>(async (cli, options) => {
        const service = await serviceClient(cli, options);
        const { status, checks = [] } = (await service.readiness()) as ReadinessAnswer;
        const lanes = (await service.call("zkmandate_status")) as LaneReport[];
        return {
          data: { status, checks, lanes },
          text: table([
            ["service", status],
            ...checks.map(
              ({ name, ok, problem }) => [name, ok ? "ok" : (problem ?? "no")] as const,
            ),
            ...lanes.map((lane) => [`${lane.gate} lane ${lane.lane}`, laneText(lane)] as const),
          ]),
          ...(status !== "ready" && { exitCode: exitCodes.setup }),
        };
      }),
    );
}

function laneText(report: LaneReport): string {
  const { state, isOwned, problem, epoch, seq, inFlight, queued, busyUntil } = report;
  // With something in flight the lane is only busy, and soon free again.
  const quietUntil = inFlight === 0 && busyUntil !== undefined ? BigInt(busyUntil) : undefined;
  return [
    problem ? `${state}: ${problem}` : state,
    ...(isOwned ? [] : ["not this process's"]),
    ...(epoch === undefined ? [] : [`epoch ${epoch}, sequence ${seq}`]),
    `${inFlight} in flight, ${queued} queued`,
    ...(quietUntil === undefined
      ? []
      : [`signs nothing until a finalized block is past ${formatTime(quietUntil)}`]),
  ].join(", ");
}
