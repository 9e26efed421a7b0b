import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Attack, GateDefect } from "../../contracts/attacks/expect.ts";
import { attacks } from "../../contracts/attacks.ts";
import { type Chain, startChain } from "../../contracts/support/chain.ts";
import { createWorld, productionContracts } from "../../contracts/support/world.ts";
import { type CompiledMutant, compileMutants } from "./compileMutants.ts";
import { HONEST, mutants, SPECIFICATION } from "./mutants.ts";

const all: readonly Attack[] = Object.values(attacks).flat();
function attackNamed(name: string): Attack {
  const attack = all.find((candidate) => candidate.name === name);
  if (!attack) throw new Error(`there is no attack "${name}"`);
  return attack;
}

let compiled: CompiledMutant[] = [];
let chain: Chain;
const table: { mutant: string; "caught by": string }[] = [];

beforeAll(async () => {
  compiled = compileMutants(mutants);
  chain = await startChain({ allowUnlimitedContractSize: true });
}, 600_000);

afterAll(() => console.table(table));

const worldOf = ({ riskFeed = false, byGroup = false }: Attack) => ({ riskFeed, byGroup });

/** What an attack says about a mutant: the defect it found, or nothing. */
async function findDefect(index: number, attack: Attack): Promise<GateDefect | undefined> {
  const restore = await chain.snapshot();
  try {
    const mutant = compiled[index] as CompiledMutant;
    const contracts = { ...productionContracts(), ...mutant.contracts };
    const world = await createWorld(contracts, { chain, ...worldOf(attack) });
    for (const { address } of [world.gate, world.schnorr]) await mutant.enable(chain, address);
    await attack.run(world);
    return undefined;
  } catch (error) {
    if (error instanceof GateDefect) return error;
    throw error;
  } finally {
    await restore();
  }
}

describe("planted contract bugs", () => {
  it.each(mutants.map((mutant, index) => ({ ...mutant, index })))(
    "$name",
    async ({ name, caughtBy, index }) => {
      for (const attack of caughtBy) {
        expect(
          await findDefect(index, attackNamed(attack)),
          `not noticed by: ${attack}`,
        ).toBeDefined();
      }
      // Apart from its bug the mutant is a working gate, so it is the bug that was noticed. (A bug in what is
      // signed shows in the honest path: agent and gate no longer agree.)
      if (!caughtBy.includes(HONEST) && !caughtBy.includes(SPECIFICATION)) {
        expect(await findDefect(index, attackNamed(HONEST))).toBeUndefined();
      }
      table.push({ mutant: name, "caught by": caughtBy.join("; ") });
    },
  );

  it("a mutant with its bug switched off passes every attack on which it is tried", async () => {
    const switched = mutants.findIndex(({ kind }) => kind !== "text");
    const contracts = { ...productionContracts(), ...compiled[switched]?.contracts };
    const names = new Set(mutants.flatMap(({ caughtBy }) => caughtBy));
    for (const attack of all.filter(({ name }) => names.has(name))) {
      const restore = await chain.snapshot();
      const world = await createWorld(contracts, { chain, ...worldOf(attack) });
      await attack.run(world);
      await restore();
    }
  }, 300_000);

  it("plants at least 15", () => {
    expect(mutants.length).toBeGreaterThanOrEqual(15);
    expect(mutants.every(({ caughtBy }) => caughtBy.length > 0)).toBe(true);
  });
});
