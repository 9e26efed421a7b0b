import { type Hex, keccak256, numberToHex } from "viem";
import { NonceUsedError } from "../../../src/errors/frost.ts";
import {
  type Ceremony,
  createKeyGeneration,
  createRefresh,
} from "../../../src/keys/frost/ceremony.ts";
import type { CeremonyResult } from "../../../src/keys/frost/ceremonyParameters.ts";
import type { FrostGroup } from "../../../src/keys/frost/group.ts";
import { groupKeyId } from "../../../src/keys/frost/group.ts";
import { NodeIdentity } from "../../../src/keys/frost/identity.ts";
import type { NonceStore } from "../../../src/keys/frost/nonces.ts";
import { combineShares, ShareSigner } from "../../../src/keys/frost/signing.ts";

export const range = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
export const digestOf = (n: number): Hex => keccak256(numberToHex(n));

/** What is used is remembered for as long as the test runs. */
export function memoryNonceStore(): NonceStore {
  const used = new Set<Hex>();
  return {
    async markUsed(id) {
      if (used.has(id)) throw new NonceUsedError({ id });
      used.add(id);
    },
  };
}

const identities = new Map<number, NodeIdentity>();
/** Node n's identity, the same in all ceremonies. */
export function identityOf(n: number): NodeIdentity {
  const known = identities.get(n) ?? new NodeIdentity(new Uint8Array(32).fill(n));
  identities.set(n, known);
  return known;
}
export const nodesOf = (ids: readonly number[]) =>
  Object.fromEntries(ids.map((id) => [id, identityOf(id).publicKey]));

/** What a network between honest nodes does with a message; an attack changes it. */
export interface Network {
  broadcast?: (message: unknown, from: number, to: number) => unknown;
  echo?: (message: unknown, from: number, to: number) => unknown;
  deal?: (message: unknown, from: number, to: number) => unknown;
}

const DROPPED = Symbol("dropped");
export const drop = () => DROPPED;

/** JSON and back: whatever is sent is data. */
const carried = (message: unknown) => JSON.parse(JSON.stringify(message));

/** Runs all nodes of a ceremony; each ends with its result or its error. */
export function runCeremony(
  ceremonies: ReadonlyMap<number, Ceremony>,
  network: Network = {},
): Map<number, CeremonyResult | Error> {
  const outcome = new Map<number, CeremonyResult | Error>();
  const alive = () => [...ceremonies].filter(([id]) => !outcome.has(id));
  const attempt = <T>(id: number, work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      outcome.set(id, error as Error);
      return undefined;
    }
  };
  const deliver = (
    sent: ReadonlyMap<number, (to: number) => unknown>,
    to: number,
    tamper: (message: unknown, from: number, to: number) => unknown = (message) => message,
  ) => {
    const received = new Map<number, unknown>();
    for (const [from, message] of sent) {
      if (from === to) continue;
      const arrived = tamper(carried(message(to)), from, to);
      if (arrived !== DROPPED) received.set(from, arrived);
    }
    return received;
  };
  const broadcasts = new Map(
    [...ceremonies].map(([id, ceremony]) => {
      const message = ceremony.broadcast();
      return [id, () => message] as const;
    }),
  );
  const echoes = new Map<number, () => unknown>();
  for (const [id, ceremony] of alive()) {
    const message = attempt(id, () => ceremony.echo(deliver(broadcasts, id, network.broadcast)));
    if (message) echoes.set(id, () => message);
  }
  const deals = new Map<number, (to: number) => unknown>();
  for (const [id, ceremony] of alive()) {
    const sent = attempt(id, () => ceremony.deal(deliver(echoes, id, network.echo)));
    if (sent) deals.set(id, (to) => sent.find((deal) => deal.to === to));
  }
  for (const [id, ceremony] of alive()) {
    const result = attempt(id, () => ceremony.finish(deliver(deals, id, network.deal)));
    if (result) outcome.set(id, result);
  }
  return outcome;
}

export function keyGeneration(
  ids: readonly number[],
  threshold: number,
  session: Hex = digestOf(1),
): Map<number, Ceremony> {
  return new Map(
    ids.map((self) => [
      self,
      createKeyGeneration({
        session,
        threshold,
        self,
        nodes: nodesOf(ids),
        identity: identityOf(self),
      }),
    ]),
  );
}

export function refresh(
  ids: readonly number[],
  current: ReadonlyMap<number, CeremonyResult>,
  session: Hex = digestOf(2),
): Map<number, Ceremony> {
  return new Map(
    ids.map((self) => [
      self,
      createRefresh(
        { session, nodes: nodesOf(ids), identity: identityOf(self) },
        current.get(self) as CeremonyResult,
      ),
    ]),
  );
}

/** The results of a ceremony that must have gone well. */
export function results(outcome: ReadonlyMap<number, CeremonyResult | Error>) {
  return new Map(
    [...outcome].map(([id, result]) => {
      if (result instanceof Error) throw result;
      return [id, result] as const;
    }),
  );
}

/** Signs a digest with a quorum. */
export async function signWith(
  group: FrostGroup,
  members: ReadonlyMap<number, CeremonyResult>,
  ids: readonly number[],
  digest: Hex,
): Promise<Hex> {
  const signers = ids.map((id) => {
    const { share } = members.get(id) as CeremonyResult;
    return [id, new ShareSigner({ group, share, store: memoryNonceStore() })] as const;
  });
  const commitments = signers.map(([, signer]) => signer.commit());
  const request = { key: groupKeyId(group), epoch: group.epoch, digest, commitments };
  const answers = new Map<number, unknown>();
  for (const [id, signer] of signers) answers.set(id, carried(await signer.sign(request)));
  return combineShares(group, request, answers);
}
