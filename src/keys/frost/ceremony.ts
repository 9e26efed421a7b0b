import { secp256k1 } from "@noble/curves/secp256k1.js";
import type { Hex } from "viem";
import {
  FrostAbortError,
  FrostOrderError,
  InvalidFrostDataError,
  type Misconduct,
} from "../../errors/frost.ts";
import { type CurvePoint, hasEvenY } from "../schnorr.ts";
import {
  type Broadcast,
  broadcastStatement,
  type Deal,
  type Echo,
  isSignedBroadcast,
  isSignedDeal,
  isSignedEcho,
  parseBroadcast,
  parseDeal,
  parseEcho,
  signBroadcast,
  signDeal,
  signEcho,
} from "./ceremonyMessages.ts";
import {
  type CeremonyParameters,
  type CeremonyResult,
  ceremonyId,
  checkParameters,
} from "./ceremonyParameters.ts";
import { decodePoint, decodeScalar, encodePoint, encodeScalar } from "./encoding.ts";
import { assertShareOf, KeyShare, parseFrostGroup } from "./group.ts";
import { commitTo, evaluate, evaluateCommitments, randomCoefficients } from "./polynomial.ts";
import { isKnowledgeProven, proveKnowledge } from "./proofOfKnowledge.ts";
import { gateSuite } from "./suite.ts";

const { Point } = secp256k1;
const { Fn } = Point;

/** What the others sent, by authenticated sender. */
export type Received = ReadonlyMap<number, unknown>;

const steps = ["broadcast", "echo", "deal", "finish", "done"] as const;
type Step = (typeof steps)[number];

/**
 * One node's side of a ceremony that makes a group's key, or refreshes its shares. Four steps, in order, once each: the
 * owner carries the messages. The first node that sees a lie ends its ceremony with the liar's name; then nothing of it
 * is kept, and the others' ceremonies starve.
 *
 * 1. `broadcast`: Feldman's commitments to a random polynomial (Pedersen's distributed key generation, as in Komlo and
 *    Goldberg, "FROST", 2020), with a proof that the constant is known; in a refresh the constant is 0 (Herzberg et al.,
 *    "Proactive secret sharing", 1995).
 * 2. `echo`: everyone tells everyone what they received. Who told two nodes different things has signed both.
 * 3. `deal`: everyone's value goes to everyone, once all know that they hold the same commitments.
 * 4. `finish`: values are checked against commitments, sender by sender, and added up.
 */
export class Ceremony {
  /** Names session, kind and parameters: what is said in one ceremony counts in no other. */
  readonly id: Hex;
  readonly #parameters: CeremonyParameters;
  readonly #participants: readonly number[];
  readonly #refreshed: CeremonyResult | undefined;
  #step: Step = "broadcast";
  #polynomial: bigint[] = [];
  #broadcasts: ReadonlyMap<number, Broadcast> = new Map();

  constructor(parameters: CeremonyParameters, refreshed?: CeremonyResult) {
    this.#participants = checkParameters(parameters, refreshed);
    this.#parameters = parameters;
    this.#refreshed = refreshed;
    this.id = ceremonyId(parameters, refreshed);
  }

  /** Step 1: what to tell everyone. */
  broadcast(): Broadcast {
    this.#advance("broadcast");
    const { threshold, self, identity, random } = this.#parameters;
    const isRefresh = this.#refreshed !== undefined;
    const coefficients = randomCoefficients(gateSuite, threshold - (isRefresh ? 1 : 0), random);
    const commitments = commitTo(coefficients);
    this.#polynomial = isRefresh ? [0n, ...coefficients] : coefficients;
    const own = signBroadcast(identity, {
      ceremony: this.id,
      from: self,
      commitments: commitments.map(encodePoint),
      ...(!isRefresh && {
        proof: proveKnowledge({ ceremony: this.id, from: self }, coefficients[0] as bigint, random),
      }),
    });
    this.#broadcasts = new Map([[self, own]]);
    return own;
  }

  /**
   * Step 2: what to tell everyone of what they told.
   *
   * @throws {FrostAbortError} naming everyone whose broadcast is not one, or came not
   */
  echo(received: Received): Echo {
    this.#advance("echo");
    const broadcasts = new Map(this.#broadcasts);
    this.#fromEach(received, "broadcast", (from, value) => {
      const message = parseBroadcast(value);
      const reason = this.#broadcastFault(from, message);
      if (reason !== undefined) return reason;
      broadcasts.set(from, message);
      return undefined;
    });
    this.#broadcasts = broadcasts;
    const { self, identity } = this.#parameters;
    const ascending = this.#participants.map((id) => broadcasts.get(id) as Broadcast);
    return signEcho(identity, { ceremony: this.id, from: self, broadcasts: ascending });
  }

  /**
   * Step 3: what to tell each one in secret.
   *
   * @returns a deal for every other participant
   * @throws {FrostAbortError} naming everyone who told two nodes different things, who claims to have been told what was
   * not said, or whose echo came not
   */
  deal(received: Received): Deal[] {
    this.#advance("deal");
    const equivocated = new Set<number>();
    this.#fromEach(
      received,
      "echo",
      (from, value) => {
        const { broadcasts, ...rest } = parseEcho(value);
        let heard: Broadcast[];
        try {
          heard = broadcasts.map(parseBroadcast);
        } catch {
          return "echoed what is no broadcast";
        }
        const message: Echo = { ...rest, broadcasts: heard };
        if (message.ceremony !== this.id || message.from !== from)
          return "echo of another ceremony";
        if (!isSignedEcho(this.#identityOf(from), message)) return "its echo is not signed by it";
        const senders = heard.map((broadcast) => broadcast.from);
        if (senders.join() !== this.#participants.join()) return "echoed not each broadcast once";
        for (const other of heard) {
          if (this.#isAsHeard(other)) continue;
          const signed =
            other.ceremony === this.id && isSignedBroadcast(this.#identityOf(other.from), other);
          // Nobody can sign for another: either the sender said two things, or the echo was made up.
          if (!signed) return `echoed what participant ${other.from} did not say`;
          equivocated.add(other.from);
        }
        return undefined;
      },
      () =>
        [...equivocated].map((participant) => ({
          participant,
          reason: "told different nodes different things",
        })),
    );
    const { self, identity } = this.#parameters;
    return this.#participants
      .filter((to) => to !== self)
      .map((to) =>
        signDeal(identity, {
          ceremony: this.id,
          from: self,
          to,
          share: encodeScalar(evaluate(this.#polynomial, to)),
        }),
      );
  }

  /**
   * Step 4: the group and this node's share. Use it once every node has told that it finished.
   *
   * @throws {FrostAbortError} naming everyone whose deal does not fit its commitments, or came not
   */
  finish(received: Received): CeremonyResult {
    this.#advance("finish");
    const { self } = this.#parameters;
    let sum = evaluate(this.#polynomial, self);
    this.#fromEach(received, "deal", (from, value) => {
      const message = parseDeal(value);
      if (message.ceremony !== this.id || message.from !== from || message.to !== self) {
        return "deal of another ceremony or for another node";
      }
      if (!isSignedDeal(this.#identityOf(from), message)) return "its deal is not signed by it";
      if (!this.#fits(message)) return "its deal does not fit its commitments";
      sum = Fn.add(sum, decodeScalar(message.share));
      return undefined;
    });
    const result = this.#result(sum);
    this.abort();
    return result;
  }

  /**
   * Whether a deal that another node shows proves that its sender cheated: signed by it, in this ceremony, and not
   * what it committed to. Shown deals are no secret any more; the ceremony is over anyway.
   *
   * @param value the deal as its receiver got it
   */
  provesCheating(value: unknown): boolean {
    let message: Deal;
    try {
      message = parseDeal(value);
    } catch {
      return false;
    }
    const { nodes } = this.#parameters;
    const isOurs =
      message.ceremony === this.id &&
      this.#broadcasts.has(message.from) &&
      nodes[message.to] !== undefined;
    return isOurs && isSignedDeal(this.#identityOf(message.from), message) && !this.#fits(message);
  }

  /** Forgets every secret; nothing more comes of this ceremony. */
  abort(): void {
    this.#polynomial.fill(0n);
    this.#polynomial = [];
    this.#step = "done";
  }

  #advance(step: Step): void {
    if (this.#step !== step) throw new FrostOrderError({ expected: this.#step, received: step });
    this.#step = steps[steps.indexOf(step) + 1] as Step;
  }

  #identityOf(participant: number): Hex {
    return this.#parameters.nodes[participant] as Hex;
  }

  /** Judges what each of the others sent; ends the ceremony if anyone is at fault. */
  #fromEach(
    received: Received,
    round: string,
    judge: (from: number, value: unknown) => string | undefined,
    more: () => Misconduct[] = () => [],
  ): void {
    const misconduct: Misconduct[] = [];
    const missing: number[] = [];
    for (const participant of this.#participants) {
      if (participant === this.#parameters.self) continue;
      if (!received.has(participant)) {
        missing.push(participant);
        continue;
      }
      let reason: string | undefined;
      try {
        reason = judge(participant, received.get(participant));
      } catch (error) {
        if (!(error instanceof InvalidFrostDataError)) throw error;
        reason = `malformed ${round}: ${error.details.join(", ")}`;
      }
      if (reason !== undefined) misconduct.push({ participant, reason });
    }
    misconduct.push(...more());
    if (misconduct.length + missing.length === 0) return;
    this.abort();
    throw new FrostAbortError({ round, misconduct, missing });
  }

  #broadcastFault(from: number, message: Broadcast): string | undefined {
    if (message.ceremony !== this.id || message.from !== from)
      return "broadcast of another ceremony";
    if (!isSignedBroadcast(this.#identityOf(from), message)) {
      return "its broadcast is not signed by it";
    }
    const expected = this.#parameters.threshold - (this.#refreshed ? 1 : 0);
    if (message.commitments.length !== expected) {
      return `${message.commitments.length} commitments instead of ${expected}`;
    }
    if (this.#refreshed) return message.proof ? "a proof, which a refresh has not" : undefined;
    return isKnowledgeProven(message) ? undefined : "its proof of knowledge does not hold";
  }

  #isAsHeard(message: Broadcast): boolean {
    const heard = this.#broadcasts.get(message.from) as Broadcast;
    return (
      JSON.stringify(broadcastStatement(message)) === JSON.stringify(broadcastStatement(heard))
    );
  }

  /** All commitments of a broadcast, the constant's included. */
  #commitmentsOf({ commitments }: Broadcast): CurvePoint[] {
    return [...(this.#refreshed ? [Point.ZERO] : []), ...commitments.map(decodePoint)];
  }

  #fits({ from, to, share }: Deal): boolean {
    const commitments = this.#commitmentsOf(this.#broadcasts.get(from) as Broadcast);
    const expected = evaluateCommitments(commitments, to);
    return Point.BASE.multiplyUnsafe(decodeScalar(share)).equals(expected);
  }

  #result(sum: bigint): CeremonyResult {
    const { threshold, self } = this.#parameters;
    const added = Array.from({ length: threshold }, (_, k) =>
      [...this.#broadcasts.values()].reduce(
        (total, broadcast) => total.add(this.#commitmentsOf(broadcast)[k] as CurvePoint),
        Point.ZERO,
      ),
    );
    const { group: old, share: oldShare } = this.#refreshed ?? {};
    const oldCommitments = old?.commitments.map(decodePoint);
    const commitments = added.map((point, k) => point.add(oldCommitments?.[k] ?? Point.ZERO));
    const secret = Fn.add(sum, oldShare?.scalar() ?? 0n);
    // A key with odd y is made even by everyone for themselves: the group's negative has the negative shares.
    const negate = !hasEvenY(commitments[0] as CurvePoint);
    const epoch = old === undefined ? 0 : old.epoch + 1;
    const group = parseFrostGroup({
      threshold,
      participants: [...this.#participants],
      epoch,
      commitments: commitments.map((point) => encodePoint(negate ? point.negate() : point)),
    });
    const share = new KeyShare({
      participant: self,
      epoch,
      secret: negate ? Fn.neg(secret) : secret,
    });
    assertShareOf(group, share);
    return { group, share };
  }
}

/**
 * Makes a key that no machine ever holds.
 *
 * @throws {InvalidFrostDataError} if the parameters do not fit together
 *
 * @example
 * const ceremony = createKeyGeneration({ session, threshold: 2, self: 1, nodes, identity });
 * send(ceremony.broadcast());
 */
export function createKeyGeneration(parameters: CeremonyParameters): Ceremony {
  return new Ceremony(parameters);
}

/**
 * Gives a group new shares of the same key. Old shares fit neither each other's successors nor a request of the new epoch;
 * delete them. Everyone who is to have a share takes part; who is left out (a lost node) has none afterwards.
 *
 * @param current the group and this node's share of it
 * @throws {InvalidFrostDataError} if the parameters do not fit the group
 */
export function createRefresh(
  parameters: Omit<CeremonyParameters, "threshold" | "self">,
  current: CeremonyResult,
): Ceremony {
  const { threshold } = current.group;
  return new Ceremony({ ...parameters, threshold, self: current.share.participant }, current);
}
