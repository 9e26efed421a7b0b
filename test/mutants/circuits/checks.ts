import { CircuitInputError, WitnessError } from "../../../src/errors/prover.ts";
import { circuitFor } from "../../../src/policy/evaluate.ts";
import type { Rule } from "../../../src/policy/policy.ts";
import type { CircuitInput } from "../../../src/witness/witness.ts";
import { dishonestInputs } from "../../soundness/dishonest.ts";
import { forgedClaim } from "../../soundness/forgeries.ts";
import { designedMandates } from "../../soundness/mandates.ts";
import {
  compileTestCircuit,
  mandateMain,
  type Patch,
  type TestCircuit,
} from "../../support/compile.ts";
import { claimOf, lightInput } from "../../support/lightInput.ts";
import { claimedTransition } from "../../support/mandate.ts";
import { createRangeArguments, hintNames } from "../../support/rangeArguments.ts";
import { loadVectors } from "../../support/vectors.ts";
import type { Gadget, Mutant } from "./mutant.ts";

/** The witness of an input, or undefined if the circuit refuses it. */
async function witnessOf(
  { calculator }: TestCircuit,
  input: CircuitInput,
): Promise<bigint[] | undefined> {
  try {
    return await calculator.calculate(input);
  } catch (error) {
    if (error instanceof WitnessError) return undefined;
    // A bug may make an input superfluous, which shows elsewhere.
    if (error instanceof CircuitInputError) return undefined;
    throw error;
  }
}

interface Case {
  /** Vectors of a restriction are tried first on bugs in its file. */
  restriction?: string;
  name: string;
  input: CircuitInput;
  allowed: boolean;
}

/** The vectors of every restriction, the designed mandates and the dishonest inputs, for 8 words. */
function allCases(): Case[] {
  const vectors = [...loadVectors().values()].flat().flatMap((vector): Case[] => {
    const { restriction, name, policy, situation, allowed } = vector;
    if (circuitFor(policy.rules[0] as Rule) === "wide") return [];
    const transition = claimedTransition(policy, situation);
    const input = lightInput(claimOf(transition));
    return [{ restriction, name: `vector ${restriction}: ${name}`, allowed, input }];
  });
  const designed = designedMandates(8).map(
    ({ name, transition }): Case => ({
      name: `mandate: ${name}`,
      allowed: true,
      input: lightInput(claimOf({ ...transition, circuit: "gate" })),
    }),
  );
  const dishonest = dishonestInputs().map(
    ({ name, input }): Case => ({ name: `dishonest ${name}`, allowed: false, input }),
  );
  return [...vectors, ...designed, ...dishonest];
}

let cases: Case[] | undefined;

const mandate = (...patches: Patch[]) =>
  compileTestCircuit({ main: mandateMain, patches, lightHash: true });

/** Which case a circuit decides wrongly, if any. */
async function failingCase(
  circuit: TestCircuit,
  patches: readonly Patch[],
): Promise<string | undefined> {
  cases ??= allCases();
  const isNear = ({ restriction }: Case) =>
    patches.some(({ file }) => file === `rules/${restriction}.circom`);
  const ordered = [...cases.filter(isNear), ...cases.filter((entry) => !isNear(entry))];
  for (const { name, input, allowed } of ordered) {
    const accepted = (await witnessOf(circuit, input)) !== undefined;
    if (accepted !== allowed) return `${accepted ? "accepts" : "refuses"} ${name}`;
  }
  return undefined;
}

/** A wire that equations should fix and do not. */
async function freeWire(circuit: TestCircuit): Promise<string | undefined> {
  const freeWithoutSizes = createRangeArguments(circuit.r1cs);
  for (const { name, transition } of designedMandates(8).slice(0, 6)) {
    const witness = await witnessOf(
      circuit,
      lightInput(claimOf({ ...transition, circuit: "gate" })),
    );
    if (!witness) return `refuses mandate: ${name}`;
    const wire = freeWithoutSizes(witness).find(
      (free) => !hintNames.some((hint) => hint.test(free)),
    );
    if (wire) return `leaves ${wire} free`;
  }
  return undefined;
}

async function brokenGadget(gadget: Gadget, patches: Patch[]): Promise<string | undefined> {
  const { main, hints = [], input, expected } = gadget;
  const circuit = await compileTestCircuit({ main, patches: [...patches, ...hints] });
  const witness = await witnessOf(circuit, input);
  if (expected === "refused") return witness ? "accepts a forged witness of the gadget" : undefined;
  const outputs = witness?.slice(1, 1 + expected.length);
  return String(outputs) === String(expected)
    ? undefined
    : "computes another value than the TypeScript";
}

/**
 * Looks for a planted bug with the mutant's own attack or gadget where it has one, else with the cases
 * and then the rank.
 *
 * @param mutant whose bug to plant; with no patches the circuit as it is, which must pass
 * @returns how the bug shows; undefined if it does not
 */
export async function symptom({ patches, attack, gadget }: Mutant): Promise<string | undefined> {
  if (gadget) return brokenGadget(gadget, patches);
  if (attack) {
    const forged = await mandate(...patches, ...attack.hints);
    const witness = await witnessOf(forged, lightInput(forgedClaim(attack)));
    return witness && `accepts ${attack.name}`;
  }
  const circuit = await mandate(...patches);
  return (await failingCase(circuit, patches)) ?? (await freeWire(circuit));
}
