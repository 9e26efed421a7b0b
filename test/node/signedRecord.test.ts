import { numberToHex } from "viem";
import { describe, expect, it } from "vitest";
import {
  type ChainStanding,
  type SignedRecord,
  type SignedTransition,
  withTransition,
} from "../../src/node/signedRecord.ts";

const BASE = 1_000n;

/** The chain at a time, with the lane at a sequence number and state, none of it final but the base. */
function standingAt(finalizedTime: bigint, { seq = 0n, state = BASE } = {}): ChainStanding {
  const lane = { epoch: 1, seq, state, policy: 7n, lastTime: 0n };
  return { finalizedTime, finalized: { epoch: 1, seq: 0n, state: BASE }, lane };
}

let digests = 0n;
const transition = (
  made: Pick<SignedTransition, "seq" | "time" | "deadline" | "stateOld">,
): SignedTransition => ({
  ...made,
  epoch: 1,
  digest: numberToHex(++digests, { size: 32 }),
  stateNew: made.stateOld * 7n + made.time,
});

describe("what a node has signed and made for what is dead", () => {
  const short = transition({ seq: 0n, time: 10n, deadline: 20n, stateOld: BASE });
  const next = transition({ seq: 1n, time: 11n, deadline: 310n, stateOld: short.stateNew });
  const record = [short, next];

  it("gives its place to what is made for another state", () => {
    const other = transition({ seq: 0n, time: 30n, deadline: 330n, stateOld: BASE });
    expect(withTransition(record, standingAt(31n), other)).toEqual([...record, other]);
  });

  it("lives once the lane is in its state, by whatever others have signed", () => {
    const standing = standingAt(31n, { seq: 1n, state: short.stateNew });
    const rival = transition({ seq: 1n, time: 32n, deadline: 330n, stateOld: short.stateNew });
    expect(() => withTransition(record, standing, rival)).toThrow(
      expect.objectContaining({ reason: "already-signed" }),
    );
    // As does what is made for what it leads to.
    const after = transition({ seq: 2n, time: 33n, deadline: 330n, stateOld: next.stateNew });
    expect(withTransition([...record, after], standing, after)).toContain(after);
    const second = transition({ seq: 2n, time: 34n, deadline: 330n, stateOld: next.stateNew });
    expect(() => withTransition([...record, after], standing, second)).toThrow(
      expect.objectContaining({ reason: "already-signed" }),
    );
  });
});

describe("a lane on which nothing lands", () => {
  it("is signed for as often as what was signed has died", () => {
    let record: SignedRecord = [];
    let time = 0n;
    for (let i = 0; i < 1_100; i++) {
      time += 400n;
      const first = transition({ seq: 0n, time, deadline: time + 300n, stateOld: BASE });
      const second = transition({
        ...{ seq: 1n, time, deadline: time + 300n },
        stateOld: first.stateNew,
      });
      record = withTransition(record, standingAt(time), first);
      record = withTransition(record, standingAt(time), second);
    }
    expect(record.length).toBeLessThan(10);
    // The last of those that died still says from when on others can be signed.
    const early = transition({ seq: 0n, time, deadline: time + 900n, stateOld: BASE });
    expect(() => withTransition(record, standingAt(time + 301n), early)).toThrow(
      expect.objectContaining({ reason: "wrong-time" }),
    );
  });
});
