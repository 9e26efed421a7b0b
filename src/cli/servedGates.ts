import type { AgentGate, AgentLane, LaneMandate } from "../agent/options.ts";
import type { ReadClient } from "../chain/client.ts";
import { UsageError } from "../errors/cli.ts";
import { KeyFileError } from "../errors/keys.ts";
import type { AgentKey } from "../keys/keys.ts";
import type { SealIdentity } from "../keys/sealed.ts";
import type { ServeConfig } from "../server/config/serveConfig.ts";
import { openAccount } from "./accounts.ts";
import type { Cli } from "./cli.ts";
import type { Deployment } from "./deployment.ts";
import { gateClient } from "./gateClient.ts";
import { loadMandate, noteKeptState } from "./mandates.ts";
import type { PassphraseOptions } from "./passphrase.ts";
import { openIdentity } from "./secrets.ts";
import { handOver } from "./servedLanes.ts";
import { loadWorkspace, type Workspace } from "./workspace.ts";

/** The gates that a service works for, opened. */
export interface ServedGates {
  gates: readonly AgentGate[];
  /** For reads, by chain id. */
  clients: ReadonlyMap<number, ReadClient>;
  /** Forgets the keys. */
  close(): Promise<void>;
}

/**
 * Opens the workspaces of a service: identities, agent and submitter keys.
 *
 * @throws {WorkspaceError} if one cannot be used
 * @throws {NodeUnreachableError | WrongChainError} if a node does not answer, or is another chain's
 * @throws {UsageError} if two workspaces name the same gate
 */
export async function openServedGates(
  cli: Cli,
  options: PassphraseOptions,
  { gates: configured }: ServeConfig,
): Promise<ServedGates> {
  const keys: AgentKey[] = [];
  const gates: AgentGate[] = [];
  const close = async () => void (await Promise.all(keys.map((key) => key.close())));
  try {
    for (const { workspace: folder, name, lanes } of configured) {
      const workspace = await loadWorkspace(folder);
      const theirs: Cli = { ...cli, workspace: async () => workspace };
      const { client, deployment } = await gateClient(workspace);
      const { chainId, gate, fromBlock } = deployment;
      const other = gates.find((known) => known.chainId === chainId && known.gate === gate);
      if (other) throw new UsageError(`${other.name} and ${name} are the same gate`);
      const identity = await openIdentity(theirs, options);
      const key = await openAccount(theirs, "agent", options);
      keys.push(key);
      const submitterKey = await openAccount(theirs, "submitter", options);
      keys.push(submitterKey);
      const laneOf = (lane: number) => servedLane({ workspace, identity, deployment, key, lane });
      gates.push({
        name,
        chainId,
        gate,
        fromBlock,
        client,
        submitterKey,
        lanes: (lanes ?? [workspace.lane]).map(laneOf),
      });
    }
  } catch (error) {
    await close();
    throw error;
  }
  const clients = new Map(gates.map(({ chainId, client }) => [chainId, client]));
  return { gates, clients, close };
}

/** A lane of a workspace; its mandates are looked for each time, so that new ones are found. */
function servedLane(input: {
  workspace: Workspace;
  identity: SealIdentity;
  deployment: Deployment;
  key: AgentKey;
  lane: number;
}): AgentLane {
  const { workspace, identity, key, lane } = input;
  const { chainId, gate } = input.deployment;
  return {
    lane,
    key,
    async mandate(commitment): Promise<LaneMandate | undefined> {
      try {
        return await loadMandate(workspace, identity, commitment);
      } catch (error) {
        const isMissing = error instanceof UsageError && error.cause instanceof KeyFileError;
        if (isMissing) return undefined;
        throw error;
      }
    },
    record: (epoch) => handOver(workspace, identity, { chainId, gate, lane, epoch }),
    async keep(commitment, state) {
      const mandate = await loadMandate(workspace, identity, commitment);
      await noteKeptState(workspace, identity, mandate, state);
    },
  };
}
