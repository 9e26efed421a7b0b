import { type Address, encodeFunctionData, getAddress, type Hex, pad, zeroAddress } from "viem";
import { call, getBlock } from "viem/actions";
import { policyAccountAbi } from "../chain/abi/policyAccount.ts";
import type { ReadClient } from "../chain/client.ts";
import { readGate } from "../chain/readGate.ts";
import { refusalOf } from "../chain/refusal.ts";
import { CallRefusedError } from "../errors/chain.ts";
import { RevokedAgentError } from "../errors/cli.ts";
import { type AgentKey, agentKeyKinds } from "../keys/keys.ts";

/** An agent key as a gate stores it. */
export type OnchainAgent = AgentKey["onchain"];

/** The agent as a gate stores it, for an address. */
export const agentOf = (address: Address) => ({
  kind: agentKeyKinds.ecdsa,
  id: pad(address, { size: 32 }).toLowerCase() as Hex,
});

/** An agent as a gate stores it, as a person reads it: an ECDSA key's address, or a group's key. */
export function agentText({ kind, id }: OnchainAgent): string {
  if (kind === 0) return "none (revoked)";
  return kind === agentKeyKinds.ecdsa ? getAddress(`0x${id.slice(26)}`) : `Schnorr key ${id}`;
}

/** How another agent key comes to a gate. */
export const replaceAgentKey = [
  "zkmandate keys new --out secrets/agent-2.json",
  "in zkmandate.yaml: accounts.agent: { keystore: secrets/agent-2.json }",
  "zkmandate gate rotate",
] as const;

/**
 * Whether a rotation to an agent key would be refused because the key was revoked.
 *
 * @throws {CallRefusedError} if it would be refused for another reason
 */
export async function isRevoked(
  client: ReadClient,
  { gate, timelock, agent }: { gate: Address; timelock: Address; agent: OnchainAgent },
): Promise<boolean> {
  const [{ epoch }, { timestamp }] = await Promise.all([
    readGate(client, { gate }),
    getBlock(client),
  ]);
  // The gate remembers revoked keys where nobody reads them; a rotation that is only tried tells.
  const rotation = {
    epoch: epoch + 1,
    eta: timestamp,
    agent,
    riskFeed: zeroAddress,
    riskMaxAge: 0,
    maxDelay: 1,
    lanes: [],
  };
  const data = encodeFunctionData({
    abi: policyAccountAbi,
    functionName: "rotate",
    args: [rotation],
  });
  try {
    await call(client, { account: timelock, to: gate, data });
    return false;
  } catch (cause) {
    const refusal = refusalOf(cause, policyAccountAbi);
    if (refusal.reason === "AgentWasRevoked") return true;
    throw new CallRefusedError({ functionName: "rotate", ...refusal, cause });
  }
}

/**
 * Refuses to announce a rotation that the gate would refuse once its delay is over.
 *
 * @throws {RevokedAgentError} if the key was revoked before
 */
export async function assertNotRevoked(
  client: ReadClient,
  parameters: { gate: Address; timelock: Address; agent: OnchainAgent },
): Promise<void> {
  if (await isRevoked(client, parameters)) {
    throw new RevokedAgentError({ agent: agentText(parameters.agent), steps: replaceAgentKey });
  }
}
