import { estimateGas } from "viem/actions";
import { policyAccountAbi } from "../chain/abi/policyAccount.ts";
import { readGate } from "../chain/readGate.ts";
import { readLane } from "../chain/readLane.ts";
import { refusalOf } from "../chain/refusal.ts";
import { InvalidContextError } from "../errors/action.ts";
import { RequestRefusedError } from "../errors/agent.ts";
import { WitnessError } from "../errors/prover.ts";
import {
  DeniedError,
  GateNotReadyError,
  InvalidRequestError,
  LaneBusyError,
  RequestExecutedError,
} from "../errors/signer.ts";
import type { RequestRecord } from "../journal/request.ts";
import { failedRestrictions } from "../policy/evaluate.ts";
import { closestRules } from "../policy/explain.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import type { SigningRequest } from "../signer/signingRequest.ts";
import { failureOf } from "./failure.ts";
import { isImpossible } from "./nodeErrors.ts";
import { isAnother } from "./openLane.ts";
import { endRequest, type WorkingLane } from "./workingLane.ts";

/** Whether a request was moved on, or must wait for the lane. */
export type SigningOutcome = "moved" | "waits";

/**
 * Takes the lane's oldest request from `queued` to `signed`, or to its end.
 *
 * @throws whatever keeps the lane from working: the request stays where it is and is tried again
 */
export async function signNext(lane: WorkingLane, request: RequestRecord): Promise<SigningOutcome> {
  if (lane.isHeld) return "waits";
  const asked = askedOf(request);
  const revert = await revertNow(lane, request).catch(async (error: unknown) => {
    // What the node says of calls that are not allowed anyway must not hold the lane up.
    if (await isAllowed(lane, asked)) throw error;
    return undefined;
  });
  if (revert !== undefined && (await isAllowed(lane, asked))) {
    const { inFlight } = await lane.open.signer.standing();
    // It may be what is in flight that makes it possible, as an approval does.
    if (inFlight.length > 0) return "waits";
    await endRequest(lane, request, {
      reason: "call-reverts",
      message: `The call would revert: ${revert}`,
    });
    return "moved";
  }

  let signed: SignedGateCall;
  try {
    signed = await lane.open.signer.sign(asked);
  } catch (error) {
    return refused(lane, request, error);
  }
  await lane.ledger.move(
    request,
    { status: "signed", signed },
    {
      audit: { event: "signed", policy: lane.open.policy },
      mark: "request-signed",
    },
  );
  return "moved";
}

/** Whether nothing but the call itself is in the way: a denial says more than a revert, and so does a shut gate. */
async function isAllowed({ open }: WorkingLane, asked: SigningRequest): Promise<boolean> {
  return open.signer.check(asked).then(
    ({ allowed }) => allowed,
    () => false,
  );
}

/** What the signer is asked for; the same request is the same to it for ever. */
export function askedOf({ call, submitter, validFor, id }: RequestRecord): SigningRequest {
  return { ...call, submitter, validFor, id };
}

/**
 * Ends a queued request that may not be signed whatever the policy says: its gate is paused, or it waited for
 * so long that whoever asked may not want it any more.
 *
 * @returns whether it was ended
 */
export async function endUnwanted(
  lane: Pick<WorkingLane, "pauses" | "tuning"> & Parameters<typeof endRequest>[0],
  request: RequestRecord,
): Promise<boolean> {
  const { ledger, pauses, tuning } = lane;
  const waited = ledger.waited(request);
  if (pauses.isPaused(request)) {
    const message = "Operators have paused the gate";
    await endRequest(lane, request, { reason: "paused", message });
    return true;
  }
  if (waited <= tuning.maxQueueSeconds) return false;
  const message = Number.isFinite(waited)
    ? `It was not signed within ${tuning.maxQueueSeconds} seconds`
    : "It is not known how long it has waited: a clock was set back";
  await endRequest(lane, request, { reason: "queue-timeout", message });
  return true;
}

/** Why the call would revert if the gate made it at the latest block; undefined if it would not. */
async function revertNow(
  { gate, tuning }: WorkingLane,
  { kind, call }: RequestRecord,
): Promise<string | undefined> {
  if (!tuning.preflight || kind !== "send") return undefined;
  const { target: to, value, data } = call;
  try {
    await estimateGas(gate.client, { account: gate.gate, to, value, data });
    return undefined;
  } catch (error) {
    if (!isImpossible(error)) throw error;
    return refusalOf(error, policyAccountAbi).reason;
  }
}

/** Ends a request that its own content, the policy or the gate rules out; throws what is the lane's trouble. */
async function refused(
  lane: WorkingLane,
  request: RequestRecord,
  error: unknown,
): Promise<SigningOutcome> {
  if (error instanceof LaneBusyError) return "waits";
  if (error instanceof RequestExecutedError) {
    await lane.ledger.move(request, { status: "final" });
    return "moved";
  }
  if (error instanceof RequestRefusedError && error.reason === "paused") {
    // The transition may be reserved by now: it dies unsigned, and nothing is signed on top of it.
    lane.isHeld = true;
    await endRequest(lane, request, { reason: "paused", message: error.shortMessage });
    return "moved";
  }
  if (error instanceof GateNotReadyError && !(await isShut(lane))) throw error;
  if (
    error instanceof DeniedError ||
    error instanceof InvalidRequestError ||
    error instanceof InvalidContextError ||
    error instanceof WitnessError ||
    error instanceof GateNotReadyError
  ) {
    if (error instanceof DeniedError) {
      const [closest] = closestRules(error.verdict.rules);
      lane.observer.onDenied?.(request, closest ? failedRestrictions(closest.findings) : []);
    }
    await endRequest(lane, request, failureOf(error), { cause: error });
    return "moved";
  }
  throw error;
}

/** Whether the gate itself says that nobody's action of this lane and key would execute now. */
async function isShut({ gate, id }: WorkingLane): Promise<boolean> {
  const lane = gate.lanes.find((each) => each.lane === id.lane);
  const [config, { epoch }] = await Promise.all([
    readGate(gate.client, { gate: gate.gate }),
    readLane(gate.client, { gate: gate.gate, lane: id.lane }),
  ]);
  // Another key is not the gate's trouble but the lane's, which waits for a restart with that key.
  if (lane && isAnother(config.agent, lane.key)) return false;
  return config.paused || epoch !== config.epoch || config.agent.kind === 0;
}
