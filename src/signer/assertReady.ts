import { GateNotReadyError } from "../errors/signer.ts";
import type { AgentKey } from "../keys/keys.ts";
import type { CommittedPolicy } from "../policy/commitment.ts";
import type { GateSnapshot } from "./gateReader.ts";

/**
 * Refuses to work for a gate that does not stand as the signer was set up for: nothing would execute.
 *
 * @throws {GateNotReadyError} if it is paused, or lane, policy or agent key are not the signer's
 */
export function assertReady(
  snapshot: GateSnapshot,
  { committed, key }: { committed: CommittedPolicy; key: AgentKey },
): void {
  const { lane, agent } = snapshot;
  const mismatches: [boolean, string, string, string][] = [
    [snapshot.paused, "it is paused", "running", "paused"],
    [
      lane.epoch !== snapshot.epoch,
      "the lane is not part of the current epoch",
      `${snapshot.epoch}`,
      `${lane.epoch}`,
    ],
    [
      lane.policy !== committed.commitment,
      "it holds another policy",
      `${committed.commitment}`,
      `${lane.policy}`,
    ],
    [
      agent.kind !== key.onchain.kind || BigInt(agent.id) !== BigInt(key.onchain.id),
      "it accepts another agent key",
      `kind ${key.onchain.kind}, ${key.onchain.id}`,
      `kind ${agent.kind}, ${agent.id}`,
    ],
    [
      snapshot.time < lane.lastTime,
      "the lane's last action is after the latest block",
      `at most ${snapshot.time}`,
      `${lane.lastTime}`,
    ],
  ];
  for (const [wrong, reason, expected, received] of mismatches) {
    if (wrong) throw new GateNotReadyError({ reason, expected, received });
  }
}
