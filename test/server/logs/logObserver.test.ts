import { expect, it } from "vitest";
import type { LaneReport } from "../../../src/agent/agent.ts";
import { LaneBlockedError } from "../../../src/errors/agent.ts";
import { createLogger } from "../../../src/server/logs/logger.ts";
import { logObserver } from "../../../src/server/logs/logObserver.ts";
import { gate } from "../support/memoryAgent.ts";

function observe() {
  const lines: string[] = [];
  const log = createLogger({ level: "info" }, { write: (line) => lines.push(line) });
  let time = 0;
  const { observer } = logObserver(log, () => time);
  const trouble = (reason: string) =>
    observer.onProblem?.({
      where: "following",
      gate,
      lane: 0,
      error: new LaneBlockedError({ reason }),
    });
  const lane = (more: Partial<LaneReport>) =>
    observer.onLane?.({
      ...{ chainId: 31_337, gate, lane: 0, isOwned: true, state: "serving" },
      ...{ inFlight: 0, queued: 0 },
      ...more,
    });
  return {
    trouble,
    lane,
    pass(milliseconds: number) {
      time += milliseconds;
    },
    said: () => lines.splice(0).map((line) => JSON.parse(line).msg),
  };
}

it("says once what lasts, and when it is over", () => {
  const { trouble, lane, pass, said } = observe();
  lane({});
  said();
  for (let round = 0; round < 100; round += 1) {
    trouble("no mandate");
    pass(15_000);
  }
  expect(said()).toEqual(["trouble; it is tried again"]);
  trouble("the node is gone");
  trouble("the node is gone");
  expect(said()).toEqual(["trouble; it is tried again"]);
  lane({ state: "blocked", problem: "the node is gone" });
  expect(said()).toEqual([]);
  lane({});
  lane({});
  expect(said()).toEqual(["trouble is over"]);
  trouble("the node is gone");
  pass(3_600_000);
  trouble("the node is gone");
  expect(said()).toEqual(["trouble; it is tried again", "trouble; it is tried again"]);
});

it("says which lanes were taken and lost", () => {
  const { lane, said } = observe();
  lane({ isOwned: false, state: "elsewhere" });
  expect(said()).toEqual([]);
  lane({});
  lane({ seq: "1" });
  lane({ isOwned: false, state: "elsewhere" });
  lane({});
  expect(said()).toEqual(["lane taken", "lane lost", "lane taken"]);
});
