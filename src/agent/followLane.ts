import type { Hex } from "viem";
import { call, getBlock } from "viem/actions";
import { policyAccountAbi } from "../chain/abi/policyAccount.ts";
import { gateEvents } from "../chain/gateEvents.ts";
import { refusalOf } from "../chain/refusal.ts";
import { LaneBlockedError, RequestRefusedError } from "../errors/agent.ts";
import { CallRefusedError } from "../errors/chain.ts";
import type { OuterTransaction } from "../journal/journal.ts";
import type { RequestRecord, RequestStatus } from "../journal/request.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import { requestHash } from "../signer/signingRequest.ts";
import type { LaneStanding } from "../signer/standing.ts";
import type { PendingTransition } from "../state/laneStore.ts";
import { isCancel } from "./attempt.ts";
import { crashPoint } from "./crashMarks.ts";
import { failureOf } from "./failure.ts";
import { askedOf } from "./signNext.ts";
import { endRequest, type WorkingLane } from "./workingLane.ts";

/** Requests that something was signed for, and that are not at their end. */
const signedStatuses = ["signed", "submitted", "landed"] as const satisfies RequestStatus[];
/** Requests whose transition is to land. */
const wantedStatuses = ["queued", "signed", "submitted"] as const satisfies RequestStatus[];
/** A gate's refusal counts when it was heard as often: a node that lags refuses what will execute. */
const REFUSALS = 3;

/** A request with what was signed for it. */
type SignedRequest = RequestRecord & { signed: SignedGateCall };

/** What a look at a lane shows. */
export interface LaneLook {
  /** Requests that are not at their end. */
  openRequests: number;
  /** Those of them that only wait for their block to become final. */
  landed: number;
  inFlight: number;
  /** Sequence number of the next action at the latest block. */
  seq: bigint;
  /** As `LaneStanding.busyUntil`. */
  busyUntil: bigint | undefined;
}

/** How a lane stands and what was asked of it, at one moment. */
interface Scene {
  standing: LaneStanding;
  /** Digests of what was sent. */
  sent: Set<Hex>;
  /** The lowest sequence number in flight that nobody will submit any more. */
  doomedFrom: bigint | undefined;
}

/**
 * Holds every request that was signed against the lane's state on-chain, sends what is ready, and moves on what
 * has landed, reverted, died or come back. The lane's state decides what has landed; receipts only say why not.
 *
 * @throws whatever keeps the lane from being followed; what was done so far stays done
 */
export async function followLane(lane: WorkingLane): Promise<LaneLook> {
  // In this order: whatever the record holds was asked for in the list, unless it ended; whatever the list says
  // was signed is known to the standing.
  const { requests } = lane.journal;
  const record = await lane.journal.lanes.read(lane.id);
  const open = await requests.list({ lane: lane.id, statuses: signedStatuses });
  const standing = await lane.open.signer.standing();

  const signed = open
    .filter((request): request is SignedRequest => request.signed !== undefined)
    .toSorted((a, b) => Number(a.signed.seq - b.signed.seq));
  const inFlight = new Set(standing.inFlight.map(({ digest }) => digest));
  const pending = record?.pending.filter(({ digest }) => inFlight.has(digest)) ?? [];
  const doomed = await firstUnwanted(lane, pending, signed);
  lane.isHeld = doomed !== undefined;

  const sent = signed.filter(({ status }) => status === "submitted");
  const scene: Scene = {
    standing,
    sent: new Set(sent.map((request) => request.signed.digest)),
    doomedFrom: doomed?.released.seq,
  };
  for (const request of signed) await followRequest(lane, scene, request);
  const reported = await followReported(lane, standing);
  const { queued = 0 } = await requests.count(lane.id);
  return {
    openRequests: queued + open.length + reported,
    landed: open.filter(({ status }) => status === "landed").length,
    inFlight: inFlight.size,
    seq: standing.latestSeq,
    busyUntil: standing.busyUntil,
  };
}

/**
 * The first transition in flight that no request stands behind any more. Requests that wait are many and may be
 * large: they are looked at only for a transition that none of the signed ones has.
 */
async function firstUnwanted(
  lane: WorkingLane,
  pending: readonly PendingTransition<SignedGateCall>[],
  signed: readonly SignedRequest[],
): Promise<PendingTransition<SignedGateCall> | undefined> {
  const digests = new Set(
    signed.filter(({ status }) => status !== "landed").map((request) => request.signed.digest),
  );
  const unclaimed = pending.filter(({ digest }) => !digests.has(digest));
  if (unclaimed.length === 0) return undefined;
  const wanted = await lane.journal.requests.list({ lane: lane.id, statuses: wantedStatuses });
  return unclaimed.find(
    ({ request, released: { call } }) =>
      !wanted.some(
        (other) =>
          // Hashing takes long where the calldata does.
          other.call.data === call.data && requestHash(askedOf(other)) === request,
      ),
  );
}

async function followRequest(
  lane: WorkingLane,
  scene: Scene,
  request: SignedRequest,
): Promise<void> {
  const status = scene.standing.statusOf(request.signed);
  // Most of what is open waits like that for a quarter of an hour.
  if (status === "landed" && request.status === "landed") return;
  const outer = await lane.journal.transactions.ofRequest(request.id);
  switch (status) {
    case "final":
    case "landed":
      return land(lane, request, status, outer);
    case "inFlight":
      if (request.status === "landed") return unland(lane, request);
      if (request.kind === "sign") return;
      return request.status === "signed"
        ? submit(lane, scene, request, outer)
        : watch(lane, scene, request, outer);
    case "dead":
      return bury(lane, request, outer);
    case "unknown":
      return settleUnknown(lane, scene, request, outer);
  }
}

/** The lane's state says that it was executed. */
async function land(
  lane: WorkingLane,
  request: RequestRecord,
  status: "landed" | "final",
  outer: OuterTransaction | undefined,
): Promise<void> {
  let current = request;
  if (current.status !== "landed") {
    // Of several versions, only the receipt tells which was mined.
    const [only, other] = outer?.attempts ?? [];
    const transaction = outer?.mined?.hash ?? (other ? undefined : only?.hash);
    current = await lane.ledger.move(
      current,
      { status: "landed", transactions: hashesOf(outer), failure: undefined, mayLand: undefined },
      {
        audit: { event: "landed", policy: lane.open.policy, ...(transaction && { transaction }) },
        mark: "request-landed",
      },
    );
    lane.observer.onStage?.("confirm", Math.max(0, Date.now() - request.updatedAt), current);
  }
  if (status !== "final") return;
  await lane.ledger.move(current, { status: "final" }, { mark: "request-final" });
}

/** The block that had executed it was replaced. */
async function unland(lane: WorkingLane, request: RequestRecord): Promise<void> {
  const status = request.kind === "send" ? "submitted" : "signed";
  await lane.ledger.move(
    request,
    { status },
    { audit: { event: "reorganized", policy: lane.open.policy } },
  );
}

/** What is in flight at a sequence number will not be submitted any more: what follows it dies with it. */
function doom(lane: WorkingLane, scene: Scene, seq: bigint): void {
  lane.isHeld = true;
  if (scene.doomedFrom === undefined || seq < scene.doomedFrom) scene.doomedFrom = seq;
}

const isDoomed = ({ doomedFrom }: Scene, { seq }: SignedGateCall): boolean =>
  doomedFrom !== undefined && doomedFrom < seq;

/** Sends a signed call, when everything that it stands on was sent before. */
async function submit(
  lane: WorkingLane,
  scene: Scene,
  request: SignedRequest,
  outer: OuterTransaction | undefined,
): Promise<void> {
  const { signed } = request;
  const { standing, sent } = scene;
  if (lane.pauses.isPaused(request)) {
    // What was recorded for sending may have left: it is watched until it is known.
    if (outer && outer.attempts.length > 0) return;
    await endRequest(lane, request, {
      reason: "paused",
      message: "Operators have paused the gate",
    });
    doom(lane, scene, signed.seq);
    return;
  }
  if (isDoomed(scene, signed)) return;
  if (standing.time > signed.proof.deadline) return;
  const before = standing.inFlight.filter(({ seq }) => seq < signed.seq);
  if (!before.every(({ digest }) => sent.has(digest))) return;
  if (await send(lane, scene, request, before.length > 0)) sent.add(signed.digest);
}

/** @returns whether it was sent; a refusal that may be a lagging node's is heard again first */
async function send(
  lane: WorkingLane,
  scene: Scene,
  request: SignedRequest,
  hasPredecessors: boolean,
): Promise<boolean> {
  const { ledger, submitter, refusals, assertAllowed } = lane;
  const { id, signed } = request;
  const start = performance.now();
  let transaction: OuterTransaction;
  try {
    transaction = await submitter.prepare({ request, signed, hasPredecessors, assertAllowed });
  } catch (error) {
    // The next look ends it.
    if (error instanceof RequestRefusedError && error.reason === "paused") return false;
    if (!(error instanceof CallRefusedError)) throw error;
    // The node is behind the one that the action's time was read from.
    if (error.reason === "TimeInFuture") return false;
    const times = (refusals.get(id) ?? 0) + 1;
    refusals.set(id, times);
    if (times < REFUSALS) return false;
    refusals.delete(id);
    await endRequest(lane, request, failureOf(error), { cause: error });
    doom(lane, scene, signed.seq);
    return false;
  }
  refusals.delete(id);
  const newest = transaction.attempts.at(-1);
  if (!newest || isCancel(transaction, newest)) return false;
  await ledger.audit(request, {
    event: "submitted",
    policy: lane.open.policy,
    transaction: newest.hash,
  });
  crashPoint("submission-audited");
  await submitter.broadcast(transaction);
  crashPoint("broadcast");
  const moved = await ledger.move(
    request,
    { status: "submitted", transactions: hashesOf(transaction) },
    { mark: "request-submitted" },
  );
  lane.observer.onStage?.("submit", performance.now() - start, moved);
  return true;
}

/** Looks after what was sent and has not executed. */
async function watch(
  lane: WorkingLane,
  scene: Scene,
  request: SignedRequest,
  outer: OuterTransaction | undefined,
): Promise<void> {
  const { standing } = scene;
  const transaction = outer?.mined?.hash ?? outer?.attempts.at(-1)?.hash;
  if (isDoomed(scene, request.signed)) {
    const message = "An action of the lane that it stands on was not executed";
    await endRequest(lane, request, { reason: "predecessor-failed", message }, { transaction });
    return;
  }
  if (!outer) return;
  const { mined } = outer;
  if (!mined) {
    if (outer.status !== "mined") return;
    const message = `Nonce ${outer.nonce} was used by a transaction that was not sent from here`;
    await endRequest(lane, request, { reason: "nonce-used", message }, { transaction });
    doom(lane, scene, request.signed.seq);
    return;
  }
  const attempt = outer.attempts.find(({ hash }) => hash === mined.hash);
  if (attempt && isCancel(outer, attempt)) return;
  const block = await getBlock(lane.gate.client, { blockNumber: mined.blockNumber });
  // Replaced since, or the lane was looked at before: the next look tells.
  if (block.hash !== mined.blockHash || standing.time < block.timestamp) return;
  if (mined.success) {
    throw new LaneBlockedError({
      reason: `the node says that transaction ${mined.hash} executed, and that the lane did not move`,
    });
  }
  const reason = await revertReason(lane, outer, mined.blockNumber);
  const message = `The transaction was mined and reverted: ${reason}`;
  await endRequest(lane, request, { reason: "reverted", message }, { transaction: mined.hash });
  doom(lane, scene, request.signed.seq);
}

/** What the gate says to the same call after the block in which it reverted. */
async function revertReason(
  { gate }: WorkingLane,
  { submitter, to, data }: OuterTransaction,
  blockNumber: bigint,
): Promise<string> {
  try {
    await call(gate.client, { account: submitter, to, data, blockNumber });
    return "for a reason that has passed";
  } catch (error) {
    const { reason, args = [] } = refusalOf(error, policyAccountAbi);
    return args.length === 0 ? reason : `${reason} (${args.join(", ")})`;
  }
}

/** What was signed can never land. What was never sent is signed anew; a hash that was given out is not replaced. */
async function bury(
  lane: WorkingLane,
  request: SignedRequest,
  outer: OuterTransaction | undefined,
): Promise<void> {
  if (request.kind === "send" && request.status === "signed" && !outer) {
    const change = { status: "queued", signed: undefined } as const;
    await lane.ledger.move(request, change, { mark: "request-requeued" });
    return;
  }
  const message = "What was signed can no longer land";
  const transaction = outer?.attempts.at(-1)?.hash;
  await endRequest(lane, request, { reason: "expired", message }, { transaction });
}

/** Signed in another epoch, or before the record was started anew: the gate's events tell, once it cannot land. */
async function settleUnknown(
  lane: WorkingLane,
  { standing }: Scene,
  request: SignedRequest,
  outer: OuterTransaction | undefined,
): Promise<void> {
  if (standing.finalizedTime <= request.signed.proof.deadline) return;
  if (await wasExecuted(lane, request.signed)) await land(lane, request, "final", outer);
  else await bury(lane, request, outer);
}

async function wasExecuted(
  { gate, id }: WorkingLane,
  { epoch, seq, proof }: SignedGateCall,
): Promise<boolean> {
  const { client, fromBlock } = gate;
  for await (const { eventName, args } of gateEvents(client, { gate: gate.gate, fromBlock })) {
    if (eventName !== "ActionExecuted" || args.lane !== id.lane) continue;
    if (args.epoch === epoch && args.seq === seq) return args.stateNew === proof.stateNew;
  }
  return false;
}

/**
 * What was reported as failed may land all the same until it is dead; then that is what is told.
 *
 * @returns how many still may
 */
async function followReported(lane: WorkingLane, standing: LaneStanding): Promise<number> {
  const { journal, ledger } = lane;
  const reported = await journal.requests.list({ lane: lane.id, mayLand: true });
  let left = 0;
  for (const request of reported) {
    const signed = request.signed as SignedGateCall;
    const status = standing.statusOf(signed);
    const isOpen = status === "unknown" && standing.finalizedTime <= signed.proof.deadline;
    if (status === "inFlight" || isOpen) {
      left += 1;
      continue;
    }
    const isLanded = status === "landed" || status === "final";
    if (isLanded || (status === "unknown" && (await wasExecuted(lane, signed)))) {
      const outer = await journal.transactions.ofRequest(request.id);
      await land(lane, request, status === "landed" ? "landed" : "final", outer);
    } else await ledger.move(request, { mayLand: undefined });
  }
  return left;
}

const hashesOf = (outer: OuterTransaction | undefined) =>
  (outer?.attempts ?? []).map(({ hash }) => hash);
