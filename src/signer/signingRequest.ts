import { type Address, type Hex, keccak256, stringToHex } from "viem";
import { InvalidRequestError } from "../errors/signer.ts";

/** What may be asked of a signer: a call from the gate. */
export interface SigningRequest {
  target: Address;
  /** wei, below 2^128 */
  value: bigint;
  data: Hex;
  /** The only account that may submit. Zero = anyone, where the gate allows that. */
  submitter: Address;
  /** seconds the signed call can land after its time; at most and by default the gate's maxDelay */
  validFor?: bigint | undefined;
  /**
   * Tells requests of the same content apart, and makes each of them happen at most once: the same id and content
   * gets the same signed call whether that is in flight or landed, and `RequestExecutedError` once it is final
   * (while it is among the 128 that a record remembers). It is signed anew only when what was signed is dead.
   * Without an id, the same content gets the same signed call while that is in flight and is a new action as soon
   * as it has landed.
   */
  id?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** What a record knows a request by: its content and id. */
export function requestHash(request: SigningRequest): Hex {
  const { target, value, data, submitter, validFor = "default", id } = request;
  const parts = [
    target.toLowerCase(),
    value,
    data.toLowerCase(),
    submitter.toLowerCase(),
    validFor,
  ];
  return keccak256(stringToHex([...parts, ...(id === undefined ? [] : [id])].join("|")));
}

/**
 * Seconds of validity.
 *
 * @throws {InvalidRequestError} if the gate does not allow as many
 */
export function validityOf({ validFor }: SigningRequest, maxDelay: bigint): bigint {
  if (validFor === undefined) return maxDelay;
  if (validFor < 1n || validFor > maxDelay) {
    throw new InvalidRequestError({
      option: "validFor",
      expected: `1 to ${maxDelay} seconds (the gate's maxDelay)`,
      received: `${validFor}`,
    });
  }
  return validFor;
}
