import { expect, it } from "vitest";
import { computeKnownAnswers } from "../../../scripts/generate-known-answers.ts";
import { knownAnswers } from "../../../src/prover/kernel/knownAnswers.ts";

it("has the answers that noble gives", () => {
  expect(knownAnswers).toEqual(computeKnownAnswers());
});
