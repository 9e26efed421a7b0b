import { afterAll, describe, expect, test } from "vitest";
import { bindingMutants } from "./binding.ts";
import { budgetMutants } from "./budgets.ts";
import { symptom } from "./checks.ts";
import type { Mutant } from "./mutant.ts";
import { restrictionMutants } from "./restrictions.ts";

const mutants = [...restrictionMutants, ...budgetMutants, ...bindingMutants];
const caughtBy = new Map<string, string>();

const unmutated = (mutant: Mutant): Mutant => ({ ...mutant, patches: [] });
const attacked = mutants.filter(({ attack, gadget }) => attack ?? gadget);

describe("every check passes on the circuit as it is", () => {
  test("the cases and the rank", async () => {
    expect(await symptom({ name: "none", patches: [] })).toBeUndefined();
  }, 300_000);

  test.concurrent.each(attacked)(
    "the attack of “$name”",
    async (mutant) => {
      expect(await symptom(unmutated(mutant))).toBeUndefined();
    },
    300_000,
  );
});

describe("a planted bug is caught", () => {
  test.concurrent.each(mutants)(
    "$name",
    async (mutant) => {
      const found = await symptom(mutant);
      caughtBy.set(mutant.name, found ?? "—");
      expect(found, "the bug survives").toBeDefined();
    },
    300_000,
  );
});

afterAll(() => {
  const width = Math.max(...mutants.map(({ name }) => name.length));
  const rows = mutants.map(
    ({ name }) => `${name.padEnd(width)}  ${caughtBy.get(name) ?? "not run"}`,
  );
  console.log([`${"planted bug".padEnd(width)}  the mutated circuit …`, ...rows].join("\n"));
});
