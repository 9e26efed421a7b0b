import {
  LaneBlockedError,
  LaneBoundError,
  OutcomeUnknownError,
  RequestEndedError,
  RequestRefusedError,
  RpcError,
  type RpcErrorData,
  StillWaitingError,
} from "../../errors/agent.ts";
import { DeniedError } from "../../errors/signer.ts";
import { failureOf } from "../failure.ts";
import type { RpcContext } from "../gateRpc.ts";
import { codeOf } from "../reasons.ts";

/**
 * What a caller is told of an error: a stable reason, and an explanation only for operators. Causes stay
 * here: they may hold limits, URLs with credentials, or worse.
 */
export function rpcErrorOf(
  error: unknown,
  { isOperator }: Pick<RpcContext, "isOperator">,
): RpcError {
  if (error instanceof RpcError) return error;
  const answer = (reason: string, message: string, more: Partial<RpcErrorData> = {}) =>
    new RpcError({ code: codeOf(reason), message, data: { reason, ...more }, cause: error });

  if (error instanceof StillWaitingError) {
    return answer("still-waiting", error.shortMessage, { request: error.request });
  }
  if (error instanceof OutcomeUnknownError) {
    return answer("journal-unavailable", error.shortMessage, { outcome: "unknown" });
  }
  if (error instanceof RequestRefusedError) return answer(error.reason, error.shortMessage);
  if (error instanceof RequestEndedError) {
    const { cause, request } = error;
    const explanation = isOperator && cause instanceof DeniedError ? cause.details : undefined;
    return answer(error.reason, error.shortMessage, {
      request,
      ...(explanation && { explanation }),
    });
  }
  if (isOperator && (error instanceof LaneBlockedError || error instanceof LaneBoundError)) {
    return answer("lane-blocked", error.shortMessage);
  }
  const failure = failureOf(error);
  return answer(failure.reason, failure.message);
}
