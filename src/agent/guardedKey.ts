import type { AgentKey } from "../keys/keys.ts";
import { crashPoint } from "./crashMarks.ts";

/**
 * A key that asks before it signs and again before it hands the signature out, so that a pause or a lost
 * lane that comes while an action is proven keeps the signature from leaving.
 *
 * @param assertAllowed throws if nothing may be signed now
 */
export function guardedKey(key: AgentKey, assertAllowed: () => Promise<void>): AgentKey {
  return {
    kind: key.kind,
    address: key.address,
    onchain: key.onchain,
    async sign(digest, evidence) {
      await assertAllowed();
      const signature = await key.sign(digest, evidence);
      crashPoint("signed");
      await assertAllowed();
      return signature;
    },
    close: () => key.close(),
  };
}
