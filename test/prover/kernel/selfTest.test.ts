import { beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../../src/prover/kernel/engine.ts";
import { createReferenceEngine } from "../../../src/prover/kernel/referenceEngine.ts";
import { selfTest } from "../../../src/prover/kernel/selfTest.ts";

let engine: Engine;
beforeAll(async () => {
  engine = createReferenceEngine();
});

/** The engine with one wrong function. */
function broken(change: Partial<Engine>): Engine {
  return new Proxy(engine, {
    get(target, name: keyof Engine) {
      const own = change[name] ?? target[name];
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

/** The result with its last bit but one changed. */
const spoil = (bytes: Uint8Array) => {
  const copy = bytes.slice();
  copy[0] = (copy[0] as number) ^ 2;
  return copy;
};

describe("selfTest", () => {
  it("passes the reference", () => {
    expect(() => selfTest(engine)).not.toThrow();
  });

  it.each<[string, Partial<Engine>]>([
    ["msm", { msm: (...args) => spoil(engine.msm(...args)) }],
    [
      "msm of some points",
      {
        msm: (bases, scalars, indices) =>
          (indices ? spoil : (x: Uint8Array) => x)(engine.msm(bases, scalars, indices)),
      },
    ],
    ["add", { add: (...args) => spoil(engine.add(...args)) }],
    [
      "multiply in G2",
      {
        multiply: (group, ...args) =>
          (group === "g2" ? spoil : (x: Uint8Array) => x)(engine.multiply(group, ...args)),
      },
    ],
    ["negate", { negate: (_, a) => a }],
    ["quotient", { quotient: (a, b) => spoil(engine.quotient(a, b)) }],
    [
      "evaluate",
      {
        evaluate: (...args) => {
          const { a, b } = engine.evaluate(...args);
          return { a, b: spoil(b) };
        },
      },
    ],
  ])("notices a wrong %s", (_, change) => {
    expect(() => selfTest(broken(change))).toThrow("self-test");
  });
});
