import type { ReadClient } from "../chain/client.ts";
import { createGateReader } from "../chain/gateReader.ts";
import { readLane } from "../chain/readLane.ts";
import { UsageError } from "../errors/cli.ts";
import { createKernelProver } from "../prover/kernel/kernelProver.ts";
import { createSigner, type Signer } from "../signer/signer.ts";
import { openAccount } from "./accounts.ts";
import type { Cli } from "./cli.ts";
import type { Deployment } from "./deployment.ts";
import { gateClient } from "./gateClient.ts";
import { laneStore } from "./laneRecords.ts";
import { loadMandate, type OpenMandate } from "./mandates.ts";
import type { PassphraseOptions } from "./passphrase.ts";
import { openIdentity } from "./secrets.ts";
import { assertNotServed } from "./servedLanes.ts";

/** A signer of the workspace's lane and what it was made of. */
export interface LaneSigner {
  signer: Signer;
  client: ReadClient;
  deployment: Deployment;
  mandate: OpenMandate;
  lane: number;
}

/**
 * Opens the workspace's lane (sealed mandate and state, agent key, prover), works with its signer, and closes
 * everything again.
 *
 * @throws {UsageError} if the gate has never heard of the lane
 * @throws {LaneServedError} if a service signs for it
 */
export async function withLaneSigner<T>(
  cli: Cli,
  options: PassphraseOptions,
  work: (parts: LaneSigner) => Promise<T>,
): Promise<T> {
  const workspace = await cli.workspace();
  const { lane } = workspace;
  const { client, deployment } = await gateClient(workspace);
  const { gate, chainId } = deployment;
  const { policy, epoch } = await readLane(client, { gate, lane });
  if (epoch === 0) {
    throw new UsageError(`The gate has no lane ${lane}`, {
      details: ["see: lane in zkmandate.yaml, and zkmandate gate status"],
    });
  }
  await assertNotServed(workspace, { chainId, gate, lane, epoch });
  const identity = await openIdentity(cli, options);
  const mandate = await loadMandate(workspace, identity, policy);
  const key = await openAccount(cli, "agent", options);
  const prover = createKernelProver({
    onFallback: (reason) =>
      cli.warn(`snarkjs proves, since the kernel does not work here: ${reason}`),
  });
  try {
    const signer = createSigner({
      chainId,
      gate,
      lane,
      committed: mandate.committed,
      secret: mandate.secret,
      labels: mandate.labels,
      key,
      prover,
      reader: createGateReader(client, { gate }),
      store: laneStore(workspace, identity),
    });
    return await work({ signer, client, deployment, mandate, lane });
  } finally {
    await Promise.all([prover.close(), key.close()]);
    mandate.secret.fill(0);
  }
}
