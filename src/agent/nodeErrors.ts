import { ExecutionRevertedError, isHex, BaseError as ViemError } from "viem";

/** Whether the node ran a call and it reverted; false when the node could not be asked, or refused to run it. */
export function isRevert(error: unknown): boolean {
  if (!(error instanceof ViemError)) return false;
  return (
    error.walk(
      (cause) =>
        cause instanceof ExecutionRevertedError ||
        (typeof cause === "object" &&
          cause !== null &&
          "data" in cause &&
          isRevertData(cause.data)),
    ) !== null
  );
}

/**
 * Whether a call cannot execute now, whoever is asked: it reverts, or its account cannot pay what it sends. For
 * calls that a gate makes, not for those of the submitter, whose money is the operator's trouble.
 */
export function isImpossible(error: unknown): boolean {
  return isRevert(error) || failures.some((words) => words.test(messagesOf(error)));
}

function isRevertData(data: unknown): boolean {
  if (isHex(data)) return true;
  return typeof data === "object" && data !== null && "data" in data && isHex(data.data);
}

/**
 * What geth and others say of a call that fails without reverting. Whoever can ask for a call to a contract of his
 * own can make it fail in any of these ways.
 */
const failures = [
  /insufficient (?:funds|balance)|enough funds/i,
  /gas required exceeds|out of gas|intrinsic gas|floor data gas|gas uint64 overflow/i,
  /invalid opcode|invalid jump|stack underflow|stack limit|write protection|return data out of bounds/i,
  /call depth|address collision|code size|invalid code|nonce uint64 overflow/i,
];

/** Whether a node already has a transaction that it was sent, or has seen its nonce used. */
export function isKnownTransaction(error: unknown): boolean {
  return /already known|known transaction|already imported|nonce too low|nonce is too low/i.test(
    messagesOf(error),
  );
}

/** Every message of an error and its causes. */
function messagesOf(error: unknown): string {
  const messages: string[] = [];
  for (let next = error; next instanceof Error; next = next.cause) messages.push(next.message);
  return messages.join("\n");
}
