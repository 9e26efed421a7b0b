import { describe, expect, test } from "vitest";
import { WitnessError } from "../../src/errors/prover.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import type { WitnessCalculator } from "../../src/prover/witnessCalculator.ts";
import type { CircuitInput } from "../../src/witness/witness.ts";
import { compileTestCircuit, mandateMain } from "../support/compile.ts";
import { lightInput } from "../support/lightInput.ts";
import { dishonestInputs } from "./dishonest.ts";
import { type Forgery, forgedClaim, forgeries } from "./forgeries.ts";

const honest = compileTestCircuit({ main: mandateMain, lightHash: true });

async function refuses(calculator: WitnessCalculator, input: CircuitInput): Promise<boolean> {
  try {
    await calculator.calculate(input);
    return false;
  } catch (error) {
    if (error instanceof WitnessError) return true;
    throw error;
  }
}

/** Forged new states of actions that the policy allows: only the state is a lie. */
const allowedActions = new Set<Forgery>([forgeries.negativeKept]);

describe("forged hints", () => {
  test.each(Object.values<Forgery>(forgeries))("$name", async (forgery) => {
    const { policy, situation, hints } = forgery;
    expect(evaluate(policy, situation).allowed).toBe(allowedActions.has(forgery));

    const { r1cs, calculator } = await honest;
    const input = lightInput(forgedClaim(forgery));
    expect(await refuses(calculator, input), "by the honest generator").toBe(true);

    const forged = await compileTestCircuit({ main: mandateMain, patches: hints, lightHash: true });
    expect(forged.r1cs.constraints, "hints change no constraint").toEqual(r1cs.constraints);
    expect(await refuses(forged.calculator, input), "by the forging generator").toBe(true);
  });
});

describe("dishonest inputs", () => {
  test.each(dishonestInputs())("$name", async ({ input }) => {
    const { calculator } = await honest;
    expect(await refuses(calculator, input)).toBe(true);
  });
});
