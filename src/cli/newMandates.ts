import { hexToBigInt, isHex, size, zeroAddress } from "viem";
import { UsageError } from "../errors/cli.ts";
import type { SealIdentity } from "../keys/sealed.ts";
import type { Cli } from "./cli.ts";
import { draftMandate, loadMandate, type OpenMandate, sealMandate } from "./mandates.ts";
import { assertPolicyFitsChain, compileFile } from "./policyFile.ts";

/** The mandates of a new epoch; fresh ones are not on the disk yet. */
export interface NewMandates {
  mandates: readonly OpenMandate[];
  /** Writes the fresh ones; call it before anything with their commitments is sent. */
  seal(): Promise<void>;
}

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
): Promise<NewMandates> {
  const workspace = await cli.workspace();
  if (commitments === undefined) {
    const compiled = await compileFile(cli, file, { lanes });
    assertPolicyFitsChain(compiled, workspace);
    const mandates = Array.from({ length: lanes }, (_, lane) => draftMandate({ lane, compiled }));
    const seal = async () => {
      for (const mandate of mandates) await sealMandate(workspace, identity, mandate);
    };
    return { mandates, seal };
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
  return { mandates, seal: async () => {} };
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
