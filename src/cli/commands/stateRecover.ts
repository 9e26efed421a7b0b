import { Command } from "commander";
import { readLane } from "../../chain/readLane.ts";
import { recoverState } from "../../chain/recoverState.ts";
import { UnrecoverableLaneError } from "../../errors/chain.ts";
import { UnknownLaneError } from "../../errors/signer.ts";
import { formatUnit } from "../../policy/explain.ts";
import { replaceRecord } from "../../state/laneStore.ts";
import type { State } from "../../state/state.ts";
import { parseCount } from "../actionOptions.ts";
import { action, examples } from "../cli.ts";
import { gateClient } from "../gateClient.ts";
import { laneStore, recordedStates } from "../laneRecords.ts";
import { loadMandate } from "../mandates.ts";
import { done, formatTime, table } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { withProgress } from "../progress.ts";
import { openIdentity } from "../secrets.ts";
import { takeBack, unbindLane } from "../servedLanes.ts";

/** `zkmandate state recover`: a lane's hidden state from the secret and the chain. */
export function stateRecoverCommand(): Command {
  const command = new Command("recover")
    .description(
      "Rebuilds the lane's budgets from the sealed mandate and the gate's events, compares the result with the " +
        "commitment on-chain, and records it. Nothing is signed until whatever was forgotten can no longer " +
        "land. A state that does not open means that someone else used the agent key: rotate.",
    )
    .option("--lane <number>", "the workspace's lane by default", parseCount)
    .option("--from-service", "take the lane back from a service that was stopped for good");
  return passphraseOptions(command)
    .addHelpText(
      "after",
      examples(["zkmandate state recover", "zkmandate state recover --lane 1 --json"]),
    )
    .action(
      action<PassphraseOptions & { lane?: number; fromService?: boolean }>(async (cli, options) => {
        const workspace = await cli.workspace();
        const lane = options.lane ?? workspace.lane;
        const { client, deployment } = await gateClient(workspace);
        const { gate, chainId, fromBlock } = deployment;
        const onchain = await readLane(client, { gate, lane });
        if (onchain.epoch === 0) throw new UnknownLaneError({ lane });
        const identity = await openIdentity(cli, options);
        const mandate = await loadMandate(workspace, identity, onchain.policy);
        const { committed, secret, kept, labels, policy } = mandate;
        const store = laneStore(workspace, identity);
        const { record, transitions } = await store.exclusive({ chainId, gate, lane }, async () => {
          // What a service signs until here can land no longer than the record will be quiet.
          const { epoch } = onchain;
          if (options.fromService) await unbindLane(workspace, { chainId, gate, lane, epoch });
          // A rotation that kept the state may not have been noted: the last record is then what was kept.
          const last = await store.read({ chainId, gate, lane }).catch(() => undefined);
          const candidates = [kept, ...recordedStates(last)];
          const recovered = await withProgress("reading the chain", () =>
            firstThatOpens(candidates, (state) =>
              recoverState(client, { gate, lane, committed, secret, fromBlock, kept: state }),
            ),
          );
          if (options.fromService) await takeBack(workspace, recovered.record);
          await replaceRecord(store, recovered.record);
          return recovered;
        });
        const budgets = policy.budgets
          .map(({ name, capacity }, i) => ({
            name,
            capacity: formatUnit(capacity, labels.budgets[i]),
            level: formatUnit(record.state.levels[i]?.level ?? 0n, labels.budgets[i]),
            last: record.state.levels[i]?.last ?? 0n,
            used: capacity > 0n,
          }))
          .filter(({ used }) => used)
          .map(({ used: _used, ...budget }) => budget);
        const { epoch, seq, quietUntil } = record;
        return {
          data: { gate, lane, epoch, seq, quietUntil, budgets, transitions: transitions.length },
          text: [
            done("the state is recovered and recorded"),
            table([
              ["lane", lane],
              ["epoch, sequence", `${epoch}, ${seq}`],
              ["actions replayed", transitions.length],
              ...budgets.map(
                ({ name, level, capacity, last }) =>
                  [name, `${level} of ${capacity}, last charged ${formatTime(last)}`] as const,
              ),
              ["signs again after", formatTime(quietUntil)],
            ]),
          ].join("\n"),
        };
      }),
    );
}

/** Tries the states that a rotation may have kept, in order; the last refusal stands. */
async function firstThatOpens<T>(
  candidates: readonly (State | undefined)[],
  attempt: (kept: State | undefined) => Promise<T>,
): Promise<T> {
  const [first, ...rest] = candidates;
  try {
    return await attempt(first);
  } catch (error) {
    const next = rest.findIndex((state) => state !== undefined);
    if (!(error instanceof UnrecoverableLaneError) || next < 0) throw error;
    return firstThatOpens(rest.slice(next), attempt);
  }
}
