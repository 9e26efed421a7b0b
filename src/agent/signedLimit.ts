import { RequestRefusedError } from "../errors/agent.ts";
import type { Journal } from "../journal/journal.ts";
import { laneName } from "../journal/laneRecords.ts";
import type { RequestRecord } from "../journal/request.ts";
import { createTurns } from "../journal/turns.ts";
import type { LaneWorker } from "./laneWorker.ts";

/** Keeps one caller from holding lanes with signed calls that he does not submit. */
export interface SignedLimit {
  /**
   * Runs `work`, which adds a request of the principal's, if he may have another.
   *
   * @throws {RequestRefusedError} if he may not: `sign-limit`
   */
  withRoom<T>(principal: string, work: () => Promise<T>): Promise<T>;
}

/**
 * @param workers of the lanes that count
 * @param limit how many signed calls a principal may have that are neither executed nor dead, queued ones included
 */
export function createSignedLimit(
  requests: Journal["requests"],
  workers: readonly LaneWorker[],
  limit: number,
): SignedLimit {
  const turns = new Map<string, ReturnType<typeof createTurns>>();
  const ofLane = new Map(workers.map((worker) => [laneName(worker.id), worker]));

  /** Whether a request holds its lane: the journal may not know yet that it was executed. */
  async function holding(open: readonly RequestRecord[]): Promise<number> {
    let held = 0;
    for (const [name, worker] of ofLane) {
      const theirs = open.filter((request) => laneName(request) === name);
      const signed = theirs.flatMap((request) => request.signed ?? []);
      held += theirs.length - signed.length;
      if (signed.length === 0) continue;
      const { signer } = await worker.opened();
      const { statusOf } = await signer.standing();
      held += signed.map(statusOf).filter((is) => is === "inFlight" || is === "unknown").length;
      worker.look();
    }
    return held;
  }

  return {
    withRoom(principal, work) {
      // Two at once would both find the last place free.
      const inTurn = turns.get(principal) ?? createTurns(1);
      turns.set(principal, inTurn);
      return inTurn(async () => {
        const filter = { kind: "sign", statuses: ["queued", "signed"] } as const;
        const open = (await requests.list(filter)).filter(
          (request) => request.principal === principal && ofLane.has(laneName(request)),
        );
        if (open.length >= limit && (await holding(open)) >= limit) {
          throw new RequestRefusedError({
            reason: "sign-limit",
            message: `${limit} calls that were signed for this client hold their lanes: submit them, or wait until they are dead`,
          });
        }
        return work();
      });
    },
  };
}
