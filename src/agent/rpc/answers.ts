import { numberToHex } from "viem";
import { executeCalldata } from "../../chain/executeCalldata.ts";
import type { RequestRecord } from "../../journal/request.ts";
import type { SignedGateCall } from "../../signer/gateCall.ts";

/** A signed gate call as JSON: the transaction that its submitter sends, and what was signed. */
export function signedAnswer(request: RequestRecord) {
  const signed = request.signed as SignedGateCall;
  const { proof, digest, epoch, seq } = signed;
  return {
    request: request.id,
    transaction: {
      from: proof.submitter,
      to: request.gate,
      value: "0x0",
      data: executeCalldata(signed),
    },
    digest,
    lane: request.lane,
    epoch,
    seq: numberToHex(seq),
    /** unix seconds */
    deadline: numberToHex(proof.deadline),
  };
}

/** A request as JSON, without what was signed. */
export function statusAnswer(request: RequestRecord) {
  const { id, status, kind, chainId, gate, lane, transactions, failure, signed } = request;
  const { mayLand } = request;
  return {
    request: id,
    status,
    kind,
    chainId,
    gate,
    lane,
    transactions,
    ...(failure && { failure }),
    // What is reported may change, until this is gone.
    ...(mayLand && { mayLand }),
    ...(signed && {
      digest: signed.digest,
      epoch: signed.epoch,
      seq: numberToHex(signed.seq),
      deadline: numberToHex(signed.proof.deadline),
    }),
    createdAt: request.createdAt,
    updatedAt: request.updatedAt,
  };
}
