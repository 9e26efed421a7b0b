import { type AdoptedLane, adoptLane } from "../agent/adoptLane.ts";
import type { AgentGate, AgentLane, LaneMandate } from "../agent/options.ts";
import type { ReadClient } from "../chain/client.ts";
import { UsageError } from "../errors/cli.ts";
import { KeyFileError } from "../errors/keys.ts";
import type { Journal } from "../journal/journal.ts";
import type { AgentKey } from "../keys/keys.ts";
import type { SealIdentity } from "../keys/sealed.ts";
import type { ServeConfig } from "../server/config/serveConfig.ts";
import type { LaneId } from "../state/laneStore.ts";
import { openAccount } from "./accounts.ts";
import type { Cli } from "./cli.ts";
import type { Deployment } from "./deployment.ts";
import { gateClient } from "./gateClient.ts";
import { assertNotSetBack, markJournal, unmarkJournal } from "./journalMark.ts";
import { assertBound, assertFreeOrBound, bindLane, rebindLane } from "./laneBinding.ts";
import { loadMandate, noteKeptState } from "./mandates.ts";
import type { PassphraseOptions } from "./passphrase.ts";
import { openIdentity } from "./secrets.ts";
import { handOver, markServed } from "./servedLanes.ts";
import { loadWorkspace, type Workspace } from "./workspace.ts";

/** The gates that a service works for, opened. */
export interface ServedGates {
  gates: readonly AgentGate[];
  /** For reads, by chain id. */
  clients: ReadonlyMap<number, ReadClient>;
  /**
   * Binds every lane that no service has taken yet to the journal that will sign for it.
   *
   * @throws {LaneBoundError} if a lane is bound to another; nothing is bound then
   * @throws {JournalSetBackError} if the journal has forgotten what a workspace knows that it held
   */
  bind(journal: Journal): Promise<void>;
  /** Notes in the workspaces how far the journal goes, so that an older copy is noticed at the next start. */
  mark(journal: Journal): Promise<void>;
  /**
   * Takes every lane from the journal that it is bound to, and binds it to another once that one is quiet.
   *
   * @throws {LaneBlockedError | UnrecoverableLaneError} if a lane cannot be gone on with: it is nobody's then
   */
  adopt(journal: Journal): Promise<AdoptedLane[]>;
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
  const opened: OpenedLane[] = [];
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
      const agentGate: AgentGate = {
        name,
        chainId,
        gate,
        fromBlock,
        client,
        submitterKey,
        lanes: (lanes ?? [workspace.lane]).map(laneOf),
      };
      gates.push(agentGate);
      for (const lane of agentGate.lanes) {
        opened.push({
          workspace,
          identity,
          gate: agentGate,
          lane,
          id: { chainId, gate, lane: lane.lane },
        });
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  const clients = new Map(gates.map(({ chainId, client }) => [chainId, client]));
  return {
    gates,
    clients,
    close,
    bind: (journal) => bindAll(opened, journal),
    async mark(journal) {
      for (const workspace of workspacesOf(opened)) await markJournal(workspace, journal);
    },
    adopt: (journal) => adoptAll(opened, journal),
  };
}

/** A lane with the workspace that it is of. */
interface OpenedLane {
  workspace: Workspace;
  identity: SealIdentity;
  gate: AgentGate;
  lane: AgentLane;
  id: LaneId;
}

const workspacesOf = (lanes: readonly OpenedLane[]) =>
  new Set(lanes.map(({ workspace }) => workspace));

async function bindAll(lanes: readonly OpenedLane[], journal: Journal): Promise<void> {
  for (const { workspace, id } of lanes) await assertFreeOrBound(workspace, id, journal.name);
  for (const workspace of workspacesOf(lanes)) await assertNotSetBack(workspace, journal);
  for (const { workspace, identity, id } of lanes) {
    await bindLane(workspace, identity, id, journal.name);
  }
}

async function adoptAll(lanes: readonly OpenedLane[], journal: Journal): Promise<AdoptedLane[]> {
  const adopted: AdoptedLane[] = [];
  for (const { workspace, gate, lane, id } of lanes) {
    // From here on nobody signs: what is quiet afterwards has seen the last signature.
    await rebindLane(workspace, id, null);
    const result = await adoptLane(gate, lane, journal);
    await markServed(workspace, result);
    await rebindLane(workspace, id, journal.name);
    adopted.push(result);
  }
  for (const workspace of workspacesOf(lanes)) await unmarkJournal(workspace, journal);
  return adopted;
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
    assertBound: (journal) => assertBound(workspace, { chainId, gate, lane }, journal),
    record: (epoch) => handOver(workspace, identity, { chainId, gate, lane, epoch }),
    async keep(commitment, state) {
      const mandate = await loadMandate(workspace, identity, commitment);
      await noteKeptState(workspace, identity, mandate, state);
    },
  };
}
