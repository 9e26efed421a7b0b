import { FIELD_ORDER } from "../../../src/field/field.ts";
import { openProof, type Points } from "../support/openProof.ts";
import type { World } from "../support/world.ts";
import { type Attack, mustEqual } from "./expect.ts";
import { negated, ORDER, rerandomised } from "./malleation.ts";

/** Asks the verifier itself. */
async function verdict(world: World, points: Points, signals: readonly bigint[]): Promise<boolean> {
  return world.chain.read<boolean>(world.verifiers.gate, "verifyProof", [points, ...signals]);
}

export const verifierAttacks: Attack[] = [
  {
    name: "verifier: a valid proof is accepted, in all its forms",
    async run(world) {
      const signals = [1n, 2n, FIELD_ORDER - 1n] as const;
      const points = await openProof("gate", signals);
      for (const form of [points, negated(points), rerandomised(points)]) {
        mustEqual(await verdict(world, form, signals), true, "verdict");
      }
    },
  },
  {
    name: "verifier: other public signals are refused",
    async run(world) {
      const points = await openProof("gate", [1n, 2n, 3n]);
      for (const signals of [
        [2n, 2n, 3n],
        [1n, 3n, 3n],
        [1n, 2n, 4n],
        [3n, 2n, 1n],
      ]) {
        mustEqual(await verdict(world, points, signals), false, "verdict");
      }
    },
  },
  ...["c", "z", "y"].map((signal, i) => ({
    name: `verifier: ${signal} + p is no alias of ${signal}`,
    async run(world: World) {
      const points = await openProof("gate", [1n, 2n, 3n]);
      const alias = [1n, 2n, 3n].map((value, k) => (k === i ? value + FIELD_ORDER : value));
      mustEqual(await verdict(world, points, alias), false, "verdict");
    },
  })),
  {
    name: "verifier: a proof of another key is refused",
    async run(world) {
      const points = await openProof("wide", [1n, 2n, 3n]);
      mustEqual(await verdict(world, points, [1n, 2n, 3n]), false, "verdict");
    },
  },
  {
    name: "verifier: malformed coordinates are false and no revert",
    async run(world) {
      const points = await openProof("gate", [1n, 2n, 3n]);
      for (const [i, point] of points.entries()) {
        for (const value of [point + 1n, point + ORDER, 0n, (1n << 256n) - 1n]) {
          const malformed = points.map((other, k) => (k === i ? value : other));
          mustEqual(
            await verdict(world, malformed as unknown as Points, [1n, 2n, 3n]),
            false,
            "verdict",
          );
        }
      }
    },
  },
];
