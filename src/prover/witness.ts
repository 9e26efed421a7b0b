import type { CircuitName } from "../action/circuits.ts";
import type { CircuitInput } from "../witness/witness.ts";
import { type ArtifactOptions, loadArtifact } from "./artifacts.ts";
import { WitnessCalculator } from "./witnessCalculator.ts";

const calculators = new Map<string, Promise<WitnessCalculator>>();

/**
 * The value of every wire of a circuit, on this thread (tens of milliseconds).
 *
 * @param input every input signal of the circuit
 * @returns one field element for each wire; wire 0 is 1, the public inputs follow. Secret
 * @throws {WitnessError} if the inputs do not satisfy the circuit; names the restriction
 * @throws {CircuitInputError} if an input does not fit the circuit
 *
 * @example
 * const [one, c, z, y] = await calculateWitness("gate", circuitInput(transition, binding, z));
 */
export async function calculateWitness(
  circuit: CircuitName,
  input: CircuitInput,
  options: ArtifactOptions = {},
): Promise<bigint[]> {
  const calculator = await warmCalculator(circuit, options);
  return calculator.calculate(input);
}

function warmCalculator(circuit: CircuitName, options: ArtifactOptions) {
  const key = JSON.stringify([circuit, options.directory, options.production]);
  const known = calculators.get(key);
  if (known !== undefined) return known;
  const created = loadArtifact(circuit, "wasm", options).then((wasm) =>
    WitnessCalculator.create(circuit, wasm),
  );
  calculators.set(key, created);
  created.catch(() => calculators.delete(key));
  return created;
}
