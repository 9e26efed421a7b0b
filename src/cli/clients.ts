import { type Chain, createPublicClient, createWalletClient, defineChain, http } from "viem";
import { getBlockNumber, getChainId } from "viem/actions";
import type { ReadClient, SendClient } from "../chain/client.ts";
import { NodeUnreachableError, WrongChainError } from "../errors/cli.ts";
import { keyAccount } from "../keys/account.ts";
import type { AgentKey } from "../keys/keys.ts";
import type { Workspace } from "./workspace.ts";

function chainOf({ chain: { id, rpcUrl } }: Pick<Workspace, "chain">): Chain {
  return defineChain({
    id,
    name: `chain ${id}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
}

/**
 * A client that reads the workspace's chain.
 *
 * @throws {NodeUnreachableError} if the node does not answer
 * @throws {WrongChainError} if it serves another chain
 */
export async function readClient(workspace: Pick<Workspace, "chain">): Promise<ReadClient> {
  const { id, rpcUrl } = workspace.chain;
  const client = createPublicClient({ chain: chainOf(workspace), transport: http(rpcUrl) });
  const served = await getChainId(client).catch((cause) => {
    throw new NodeUnreachableError({ rpcUrl, cause });
  });
  if (served !== id) throw new WrongChainError({ rpcUrl, expected: id, received: served });
  return client;
}

/**
 * As `readClient`; sends what is asked at the same time as one request, where the chain's node takes several at once
 * (JSON-RPC 2.0 §6; not all do).
 *
 * @throws {NodeUnreachableError | WrongChainError} as `readClient`
 */
export async function batchingClient(workspace: Pick<Workspace, "chain">): Promise<ReadClient> {
  const { id, rpcUrl } = workspace.chain;
  const single = await readClient(workspace);
  const transport = http(rpcUrl, { batch: true });
  const batching = createPublicClient({ chain: chainOf(workspace), transport });
  const asked = Promise.all([getChainId(batching), getBlockNumber(batching)]);
  return asked.then(
    ([served]) => (served === id ? batching : single),
    () => single,
  );
}

/**
 * A client that also sends transactions with a key.
 *
 * @throws {NodeUnreachableError | WrongChainError} as `readClient`
 */
export async function sendClient(workspace: Workspace, key: AgentKey): Promise<SendClient> {
  await readClient(workspace);
  return createWalletClient({
    account: keyAccount(key),
    chain: chainOf(workspace),
    transport: http(workspace.chain.rpcUrl),
  });
}
