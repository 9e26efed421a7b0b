import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import type { Hex } from "viem";
import { agentKeyKinds } from "../keys/keys.ts";
import { schnorrKeyPoint } from "../keys/schnorr.ts";
import { parseAddress } from "./actionOptions.ts";
import { agentOf, type OnchainAgent } from "./agentKey.ts";
import { readGroupFile } from "./groupAccount.ts";

/** An agent key that the command line names; a group's stands in its file. */
export type NamedAgent = OnchainAgent | { file: string };

/**
 * Reads an agent key from the command line: an ECDSA key by its address, a Schnorr key by its 32 bytes (`keys show`: id
 * on-chain), a group by its public file.
 */
export function parseAgent(text: string): NamedAgent {
  if (!text.startsWith("0x")) return { file: resolve(text) };
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) return agentOf(parseAddress(text));
  const id = text.toLowerCase() as Hex;
  if (schnorrKeyPoint(id) === undefined) throw new InvalidArgumentError("No Schnorr key has it.");
  return { kind: agentKeyKinds.schnorr, id };
}

/**
 * The named key as a gate stores it.
 *
 * @throws {InputFileError | InvalidFrostDataError} if a file is no group's
 */
export async function namedAgent(named: NamedAgent): Promise<OnchainAgent> {
  return "file" in named ? (await readGroupFile(named)).onchain : named;
}
