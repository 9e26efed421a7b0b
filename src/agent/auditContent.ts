import { concat, type Hex, keccak256, numberToHex } from "viem";
import { type CircuitName, circuits } from "../action/circuits.ts";
import type { AuditContent, AuditEvent } from "../audit/auditEntry.ts";
import type { RequestRecord } from "../journal/request.ts";
import { type ArtifactManifest, pinnedCircuitOf } from "../prover/manifest.ts";
import type { GateCall } from "../signer/gateCall.ts";

/** keccak256 of target, value (32 bytes) and calldata: what was asked for, in one word. */
export function actionHash({ target, value, data }: GateCall): Hex {
  return keccak256(concat([target, numberToHex(value, { size: 32 }), data]));
}

/**
 * What the audit log says of a request.
 *
 * @param more the policy that decided, the transaction, the reason
 */
export function auditContent(
  event: AuditEvent,
  request: RequestRecord,
  manifest: ArtifactManifest,
  more: Pick<AuditContent, "policy" | "transaction" | "reason">,
): AuditContent {
  const { chainId, gate, lane, principal, id, call, signed } = request;
  const circuit = signed && circuitNamed(signed.proof.circuit);
  return {
    event,
    at: Date.now(),
    principal,
    chainId,
    gate,
    lane,
    request: id,
    action: actionHash(call),
    ...(signed && { epoch: signed.epoch, seq: `${signed.seq}`, digest: signed.digest }),
    ...(circuit && { circuit, zkey: pinnedCircuitOf(manifest, circuit).zkey.sha256 }),
    ...more,
  };
}

function circuitNamed(id: number): CircuitName | undefined {
  return (Object.keys(circuits) as CircuitName[]).find((name) => circuits[name].id === id);
}
