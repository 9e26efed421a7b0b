import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Address, bytesToHex, type Hex, hexToBytes, numberToHex } from "viem";
import { UsageError } from "../errors/cli.ts";
import { KeyFileError } from "../errors/keys.ts";
import { assertFieldElement } from "../field/field.ts";
import { randomFieldElement } from "../field/random.ts";
import { readSealed, type SealIdentity, writeSealed } from "../keys/sealed.ts";
import { type CommittedPolicy, commitPolicy } from "../policy/commitment.ts";
import { type CompiledPolicy, withSalt } from "../policy/compile.ts";
import type { PolicyLabels } from "../policy/labels.ts";
import type { Policy } from "../policy/policy.ts";
import { SECRET_BYTES } from "../state/salt.ts";
import type { State } from "../state/state.ts";
import type { Workspace } from "./workspace.ts";

/** What opens one lane's policy commitment and derives its states, for one epoch. Secret, sealed on disk. */
export interface Mandate {
  version: 1;
  lane: number;
  policy: Policy;
  labels: PolicyLabels;
  /** What the gate must be configured with, for a policy with regimes. */
  riskFeed?: { address: Address; maxAge: bigint } | undefined;
  /** 32 bytes, fresh for each mandate */
  stateSecret: Hex;
  /** The state that a rotation kept, once it is known. */
  kept?: State;
}

/** A mandate ready for use. */
export interface OpenMandate extends Mandate {
  committed: CommittedPolicy;
  secret: Uint8Array;
}

/** The file of a commitment's mandate; its name is what stands on-chain. */
export function mandatePath({ secrets }: Workspace, commitment: bigint): string {
  return join(secrets.folder, "mandates", `${numberToHex(commitment, { size: 32 })}.age`);
}

/** Commits a lane to a policy with a fresh salt and state secret. Nothing is written: see `sealMandate`. */
export function draftMandate({
  lane,
  compiled,
}: {
  lane: number;
  compiled: CompiledPolicy;
}): OpenMandate {
  const { riskFeed } = compiled;
  return open({
    version: 1,
    lane,
    policy: withSalt(compiled.policy, randomFieldElement()),
    labels: compiled.labels,
    ...(riskFeed && { riskFeed: { address: riskFeed.address, maxAge: riskFeed.maxAge } }),
    stateSecret: bytesToHex(randomBytes(SECRET_BYTES)),
  });
}

/**
 * Seals a mandate into the workspace; returns once it is on the disk. It must be there before its
 * commitment is on-chain, which nobody could open otherwise.
 */
export async function sealMandate(
  workspace: Workspace,
  identity: SealIdentity,
  { committed, secret: _secret, ...mandate }: OpenMandate,
): Promise<void> {
  await writeSealed(mandatePath(workspace, committed.commitment), mandate, identity);
}

/**
 * Opens the mandate of a policy commitment and checks that it is the one.
 *
 * @throws {UsageError} if the workspace has none for it, or the file is of another commitment
 */
export async function loadMandate(
  workspace: Workspace,
  identity: SealIdentity,
  commitment: bigint,
): Promise<OpenMandate> {
  assertFieldElement(commitment, "policy commitment");
  const path = mandatePath(workspace, commitment);
  const mandate = await readSealed<Mandate>(path, identity).catch((error: unknown) => {
    if (!(error instanceof KeyFileError)) throw error;
    throw new UsageError("The workspace has no mandate for that policy commitment", {
      cause: error,
      details: [`commitment: ${numberToHex(commitment, { size: 32 })}`, `looked for: ${path}`],
    });
  });
  const opened = open(mandate);
  if (opened.committed.commitment !== commitment) {
    throw new UsageError("A mandate file is of another policy commitment", {
      details: [`file: ${path}`],
    });
  }
  return opened;
}

/** Notes the state that a rotation kept, without which the lane could not be recovered. */
export async function noteKeptState(
  workspace: Workspace,
  identity: SealIdentity,
  { committed, secret: _secret, ...mandate }: OpenMandate,
  kept: State,
): Promise<void> {
  const path = mandatePath(workspace, committed.commitment);
  await writeSealed(path, { ...mandate, kept }, identity, { replace: true });
}

function open(mandate: Mandate): OpenMandate {
  return {
    ...mandate,
    committed: commitPolicy(mandate.policy),
    secret: hexToBytes(mandate.stateSecret),
  };
}
