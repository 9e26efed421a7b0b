import { readFile } from "node:fs/promises";
import type { CircuitName } from "../../src/action/circuits.ts";
import { WitnessError } from "../../src/errors/prover.ts";
import { WitnessCalculator } from "../../src/prover/witnessCalculator.ts";
import type { CircuitInput } from "../../src/witness/witness.ts";

const calculators = new Map<CircuitName, Promise<WitnessCalculator>>();

async function load(circuit: CircuitName): Promise<WitnessCalculator> {
  const wasm = await readFile(
    new URL(`../../circuits/artifacts/${circuit}/${circuit}.wasm`, import.meta.url),
  );
  return WitnessCalculator.create(circuit, new Uint8Array(wasm));
}

/** The committed witness generator of a circuit, compiled once. */
export function calculatorOf(circuit: CircuitName): Promise<WitnessCalculator> {
  const calculator = calculators.get(circuit) ?? load(circuit);
  calculators.set(circuit, calculator);
  return calculator;
}

/** Which restriction of the circuit an input fails; undefined if it satisfies the circuit. */
export async function failedRestriction(
  circuit: CircuitName,
  input: CircuitInput,
): Promise<string | undefined> {
  const calculator = await calculatorOf(circuit);
  try {
    await calculator.calculateFile(input);
    return undefined;
  } catch (error) {
    if (error instanceof WitnessError) return error.restriction;
    throw error;
  }
}
