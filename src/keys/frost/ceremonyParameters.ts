import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { bytesToHex, type Hex } from "viem";
import { InvalidFrostDataError } from "../../errors/frost.ts";
import { hexSchema, parseStrict, participantsSchema } from "./encoding.ts";
import { assertShareOf, type FrostGroup, type KeyShare } from "./group.ts";
import type { NodeIdentity } from "./identity.ts";
import type { Random } from "./polynomial.ts";

/** What all nodes of a ceremony have agreed on beforehand. */
export interface CeremonyParameters {
  /** 32 bytes, fresh for each ceremony, so that nothing said in another one counts. */
  session: Hex;
  /** How many sign together, at least 2. */
  threshold: number;
  /** This node's number. */
  self: number;
  /** Everyone's identity key by number, this node's included. */
  nodes: Readonly<Record<number, Hex>>;
  identity: NodeIdentity;
  random?: Random;
}

/** What a node has of a ceremony. */
export interface CeremonyResult {
  group: FrostGroup;
  share: KeyShare;
}

const participantsOf = ({ nodes }: CeremonyParameters) =>
  Object.keys(nodes)
    .map(Number)
    .sort((a, b) => a - b);

/**
 * Refuses parameters that no ceremony can have.
 *
 * @param refreshed the group whose shares are refreshed, and this node's share
 * @returns the participants, ascending
 * @throws {InvalidFrostDataError}
 */
export function checkParameters(
  parameters: CeremonyParameters,
  refreshed?: CeremonyResult,
): readonly number[] {
  const { session, threshold, self, nodes, identity } = parameters;
  parseStrict(hexSchema(32), session, "a ceremony's session");
  const ids = parseStrict(participantsSchema, participantsOf(parameters), "a list of participants");
  const problems = [
    ...(Number.isInteger(threshold) && threshold >= 2 && threshold <= ids.length
      ? []
      : [`threshold: ${threshold} of ${ids.length}`]),
    ...(nodes[self] === identity.publicKey ? [] : [`nodes.${self}: not this node's identity`]),
    ...(new Set(Object.values(nodes)).size === ids.length ? [] : ["nodes: one identity twice"]),
  ];
  if (refreshed) {
    const { group, share } = refreshed;
    assertShareOf(group, share);
    if (threshold !== group.threshold) problems.push(`threshold: expected ${group.threshold}`);
    if (share.participant !== self) problems.push(`self: expected ${share.participant}`);
    if (!ids.every((id) => group.participants.includes(id))) {
      problems.push("nodes: one is not of the group");
    }
  }
  if (problems.length > 0) throw new InvalidFrostDataError({ what: "a ceremony", problems });
  return ids;
}

/** The ceremony's name: SHA-256 of session, kind and parameters, 32 bytes. */
export function ceremonyId(parameters: CeremonyParameters, refreshed?: CeremonyResult): Hex {
  const { session, threshold, nodes } = parameters;
  const statement = [
    "zkmandate/ceremony/v1",
    refreshed ? "refresh" : "key",
    session,
    threshold,
    participantsOf(parameters).map((id) => [id, nodes[id]]),
    refreshed ? [refreshed.group.epoch, refreshed.group.commitments] : [],
  ];
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(statement))));
}
