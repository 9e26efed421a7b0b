import { hexToBigInt, isHex, size, zeroAddress } from "viem";
import { UsageError } from "../errors/cli.ts";
import type { SealIdentity } from "../keys/sealed.ts";
import type { Cli } from "./cli.ts";
import { createMandate, loadMandate, type OpenMandate } from "./mandates.ts";
import { compileFile } from "./policyFile.ts";

/** Which policies a deployment or a rotation gives the lanes. */
export interface NewMandatesOptions {
  lanes: number;
  /** Commitments that `policy commit` made, by lane. */
  commitments?: string[];
}

/**
 * The mandates of a new epoch: those of the commitments given, else fresh ones for a policy file.
 *
 * @param file a policy; the workspace's by default
 * @throws {UsageError} if the commitments are not of lanes 0 … n − 1, or name different risk feeds
 */
export async function newMandates(
  cli: Cli,
  identity: SealIdentity,
  { lanes, commitments }: NewMandatesOptions,
  file: string | undefined,
): Promise<OpenMandate[]> {
  const workspace = await cli.workspace();
  if (commitments === undefined) {
    const compiled = await compileFile(cli, file, { lanes });
    if (compiled.chainId !== workspace.chain.id) {
      throw new UsageError("The policy is for another chain than the workspace", {
        details: [`workspace: chain ${workspace.chain.id}`, `policy: chain ${compiled.chainId}`],
      });
    }
    const mandates: OpenMandate[] = [];
    for (let lane = 0; lane < lanes; lane++) {
      mandates.push(await createMandate(workspace, identity, { lane, compiled }));
    }
    return mandates;
  }
  if (file !== undefined)
    throw new UsageError("A policy file and --commitments exclude each other");
  const mandates: OpenMandate[] = [];
  for (const [lane, text] of commitments.entries()) {
    if (!isHex(text) || size(text) !== 32) {
      throw new UsageError("A commitment is 0x and 64 hexadecimal digits", {
        details: [`received: ${text}`],
      });
    }
    const mandate = await loadMandate(workspace, identity, hexToBigInt(text));
    if (mandate.lane !== lane) {
      throw new UsageError("The commitments must be in the order of their lanes", {
        details: [`expected: lane ${lane}`, `received: lane ${mandate.lane}`],
      });
    }
    mandates.push(mandate);
  }
  return mandates;
}

/** The gate's risk feed that the lanes' policies ask for. */
export function riskFeedOf(mandates: readonly OpenMandate[]) {
  const [first, ...rest] = mandates.map(({ riskFeed }) => riskFeed);
  for (const other of rest) {
    if (other?.address !== first?.address || other?.maxAge !== first?.maxAge) {
      throw new UsageError("The lanes' policies ask for different risk feeds");
    }
  }
  return {
    riskFeed: first?.address ?? zeroAddress,
    riskMaxAge: Number(first?.maxAge ?? 0n),
  };
}
