import { bn254 } from "@noble/curves/bn254.js";
import { expect, it } from "vitest";
import { BASE_FIELD_ORDER, MONTGOMERY, MONTGOMERY_INVERSE } from "../../src/prover/baseField.ts";

const { Fp } = bn254.fields;

it("has the order that noble has", () => {
  expect(BASE_FIELD_ORDER).toBe(Fp.ORDER);
});

it("takes a coordinate into Montgomery form and back", () => {
  expect(MONTGOMERY_INVERSE).toBe(Fp.inv(Fp.create(MONTGOMERY)));
});
