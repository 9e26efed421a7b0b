import { encodePreceding, NO_DIGEST, type PrecedingTransition, readRefusal } from "./messages.ts";
import { paths } from "./paths.ts";
import type { SignedHistory } from "./signedHistory.ts";
import type { NodeAddress, NodeClient } from "./transport/nodeClient.ts";

/**
 * Shows a node what the group has signed before an action: the last transition and, where the node does not know what
 * that one follows, those before it.
 *
 * @param timeoutMs for all of it
 * @returns whether the node has taken note of the last one
 * @throws {NodeTransportError} if it does not answer
 */
export async function showPreceding(
  member: Pick<NodeAddress, "publicKey"> & { participant: number; client: NodeClient },
  history: SignedHistory,
  last: PrecedingTransition,
  timeoutMs: number,
): Promise<boolean> {
  const { participant, publicKey, client } = member;
  const ended = Date.now() + timeoutMs;
  /** @returns why the node does not take note; nothing if it does */
  async function show(transition: PrecedingTransition) {
    const body = encodePreceding(transition);
    const answer = await client.send(paths.preceding, body, Math.max(1, ended - Date.now()));
    return readRefusal(answer, { participant, publicKey, digest: NO_DIGEST })?.reason;
  }

  const after: PrecedingTransition[] = [];
  let next = last;
  for (;;) {
    const reason = await show(next);
    if (reason === undefined) break;
    const before = reason === "wrong-sequence" ? history.before(next) : undefined;
    if (!before) return false;
    after.unshift(next);
    next = before;
  }
  for (const transition of after) {
    if ((await show(transition)) !== undefined) return false;
  }
  return true;
}
