import { beforeAll, describe, expect, it } from "vitest";
import { FIELD_ORDER } from "../../../src/field/field.ts";
import type { Engine } from "../../../src/prover/kernel/engine.ts";
import { createKernelEngine } from "../../../src/prover/kernel/kernelEngine.ts";
import { pointBytes, SCALAR_BYTES, scalarBytes } from "../../../src/prover/kernel/layout.ts";
import { createReferenceEngine } from "../../../src/prover/kernel/referenceEngine.ts";
import { RunningSums, termsOf } from "../../../src/prover/kernel/sums.ts";
import { GROUP_OF } from "../../../src/prover/kernel/zkeySections.ts";
import { randomness } from "./fixtures.ts";

const WIRES = 60;
const PUBLIC_SIGNALS = 3;
const lists = ["a", "b2", "c"] as const;

let engine: Engine;
let key: Parameters<typeof termsOf>[0];
beforeAll(async () => {
  engine = createReferenceEngine();
  const { scalar, below } = randomness(7);
  const generators = {
    g1: pointBytes(1n, 2n),
    g2: pointBytes(
      10857046999023057135944570762232829481370756359578518086990519993285655852781n,
      11559732032986387107991004021392285783925812861821192530917403151452391805634n,
      8495653923123431417604973247489272438418190587263600148770280649306958101930n,
      4082367875863433681332203403145435568316851327593401208105741076214120093531n,
    ),
  };
  const list = (group: "g1" | "g2", count: number) => {
    const points: Uint8Array[] = [];
    for (let k = 0; k < count; k++) {
      const kind = below(6);
      const size = generators[group].length;
      if (kind === 0) points.push(new Uint8Array(size));
      else if (kind === 1 && k > 0) points.push(points[below(k)] as Uint8Array);
      else if (kind === 2 && k > 0) points.push(engine.negate(group, points[k - 1] as Uint8Array));
      else points.push(engine.multiply(group, generators[group], scalarBytes(scalar())));
    }
    return new Uint8Array(Buffer.concat(points));
  };
  key = {
    wires: WIRES,
    publicSignals: PUBLIC_SIGNALS,
    points: {
      a: list("g1", WIRES),
      b1: list("g1", WIRES),
      b2: list("g2", WIRES),
      c: list("g1", WIRES - PUBLIC_SIGNALS - 1),
      h: new Uint8Array(),
    },
  };
});

function runningSums(using = engine) {
  const terms = lists.map((list) => termsOf(key, list));
  return new RunningSums(
    using,
    terms.map((of) => ({ terms: of, bases: using.loadBases(GROUP_OF[of.list], of.points) })),
  );
}

/** The sums over all points, from nothing. */
function fullSums(witness: Uint8Array): Uint8Array[] {
  return lists.map((list) =>
    engine.msm(
      engine.loadBases(GROUP_OF[list], key.points[list]),
      list === "c" ? witness.subarray((PUBLIC_SIGNALS + 1) * SCALAR_BYTES) : witness,
    ),
  );
}

/** A sequence of witnesses in which some wires change, by values of every kind. */
function* witnesses(count: number, seed: number): Generator<Uint8Array> {
  const { scalar, below } = randomness(seed);
  const witness = new Uint8Array(WIRES * SCALAR_BYTES);
  for (let n = 0; n < count; n++) {
    const changes = [0, 1, 5, WIRES / 3, WIRES][below(5)] as number;
    for (let k = 0; k < changes; k++) {
      const edges = [0n, 1n, 2n, FIELD_ORDER - 1n, FIELD_ORDER - 2n, scalar(), scalar()];
      const value = edges[below(edges.length)] as bigint;
      witness.set(scalarBytes(value), below(WIRES) * SCALAR_BYTES);
    }
    yield witness.slice();
  }
}

describe("RunningSums", () => {
  it("equals the full computation over a long random sequence, with the kernel", async () => {
    const sums = runningSums((await createKernelEngine()) as Engine);
    for (const witness of witnesses(400, 3)) {
      expect(sums.update(witness)).toEqual(fullSums(witness));
    }
  });

  it("equals the full computation with the reference", () => {
    const sums = runningSums();
    for (const witness of witnesses(50, 9)) {
      expect(sums.update(witness)).toEqual(fullSums(witness));
    }
  });

  it("starts over when told to forget", () => {
    const sums = runningSums();
    const [first, second] = witnesses(2, 4) as Iterable<Uint8Array> as [Uint8Array, Uint8Array];
    sums.update(first);
    sums.forget();
    expect(sums.update(second)).toEqual(fullSums(second));
  });

  it("starts over after an error, even one that left some sums changed", () => {
    let failing = false;
    let calls = 0;
    const fragile: Engine = Object.assign(Object.create(engine) as Engine, {
      loadBases: engine.loadBases.bind(engine),
      add: engine.add.bind(engine),
      msm: (...args: Parameters<Engine["msm"]>) => {
        if (failing && calls++ === 2) throw new Error("broken");
        return engine.msm(...args);
      },
    });
    const sums = runningSums(fragile);
    const sequence = [...witnesses(40, 5)];
    for (const witness of sequence.slice(0, 20)) sums.update(witness);
    const small = (sequence[19] as Uint8Array).slice();
    small.set(scalarBytes(12n), 40 * SCALAR_BYTES);
    small.set(scalarBytes(13n), 41 * SCALAR_BYTES);
    failing = true;
    expect(() => sums.update(small)).toThrow("broken");
    failing = false;
    for (const witness of sequence.slice(20)) {
      expect(sums.update(witness)).toEqual(fullSums(witness));
    }
  });

  it("gives shares of a list that add up to the whole", () => {
    const witness = [...witnesses(9, 6)].at(-1) as Uint8Array;
    const share = (from: number, to: number) => {
      const terms = termsOf(key, "b2", [from, to]);
      const sums = new RunningSums(engine, [
        { terms, bases: engine.loadBases("g2", terms.points) },
      ]);
      return sums.update(witness)[0] as Uint8Array;
    };
    const whole = engine.add("g2", engine.add("g2", share(0, 0.3), share(0.3, 0.8)), share(0.8, 1));
    expect(whole).toEqual(share(0, 1));
  });

  it("hands out copies, and keeps its own copy of the witness", () => {
    const sums = runningSums();
    const [witness] = witnesses(1, 8) as Iterable<Uint8Array> as [Uint8Array];
    witness.set(scalarBytes(9n), 0);
    for (const sum of sums.update(witness)) sum.fill(1);
    const expected = fullSums(witness);
    const mine = witness.slice();
    witness.fill(0);
    expect(sums.update(mine)).toEqual(expected);
  });
});
