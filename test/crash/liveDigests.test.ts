import { numberToHex } from "viem";
import { expect, test } from "vitest";
import { FINALITY } from "./support/chainKeeper.ts";
import { checkLiveDigests } from "./support/digests.ts";
import type { Evidence } from "./support/evidence.ts";

/** Block n has time n. */
const keeper = {
  finalizedTime: (number: number) => BigInt(number - FINALITY),
  numberAt: (time: bigint) => Number(time),
};

/** A transition of lane 0 from one state to another. */
function signed(seq: number, stateOld: bigint, stateNew: bigint, time: number, deadline: number) {
  const digest = numberToHex(stateNew, { size: 32 });
  const proof = { lane: 0, time: BigInt(time), deadline: BigInt(deadline), stateNew };
  return { digest, seq: BigInt(seq), epoch: 1, proof, stateOld };
}
type Signed = ReturnType<typeof signed>;

/** What the check complains about, of transitions of which some were executed in the named blocks. */
function complaints(transitions: readonly Signed[], blocks: ReadonlyMap<bigint, number>) {
  const found: string[] = [];
  const executed = transitions
    .filter(({ proof }) => blocks.has(proof.stateNew))
    .map(({ seq, proof }) => ({
      args: { lane: 0, seq, stateNew: proof.stateNew },
      blockNumber: BigInt(blocks.get(proof.stateNew) ?? 0),
    }));
  const evidence = {
    world: { keeper },
    ...{ executed, signed: transitions, violate: (what: string) => found.push(what) },
  };
  const statesOld = new Map(transitions.map(({ digest, stateOld }) => [digest, stateOld]));
  checkLiveDigests(evidence as unknown as Evidence, statesOld);
  return found.length;
}

const parent = signed(0, 1n, 2n, 100, 160);
const child = signed(1, 2n, 3n, 101, 400);

test("a sequence number may be signed anew when a finalized block is past the first one's deadline", () => {
  expect(complaints([parent, signed(0, 1n, 9n, 200, 260)], new Map())).toBe(0);
});

test("and not before", () => {
  expect(complaints([parent, signed(0, 1n, 9n, 155, 260)], new Map())).toBe(1);
});

test("what follows a dead transition is dead before its own deadline", () => {
  const anew = [signed(0, 1n, 9n, 200, 260), signed(1, 9n, 10n, 201, 260)];
  expect(complaints([parent, child, ...anew], new Map())).toBe(0);
});

test("what follows one that was executed is not", () => {
  const executed = new Map([[parent.proof.stateNew, 150]]);
  expect(complaints([parent, child, signed(1, 2n, 10n, 201, 260)], executed)).toBe(1);
});

test("what follows one that can land is not", () => {
  const longParent = signed(0, 1n, 2n, 100, 500);
  expect(complaints([longParent, child, signed(1, 2n, 10n, 201, 260)], new Map())).toBe(1);
});

test("nothing is signed anew for a sequence number that was executed, whenever that was", () => {
  const executed = new Map([[parent.proof.stateNew, 158]]);
  expect(complaints([parent, signed(0, 1n, 9n, 300, 360)], executed)).toBe(1);
});
