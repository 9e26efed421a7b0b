import { describe, expect, it } from "vitest";
import { FIELD_ORDER, inverse, mod } from "../../src/field/field.ts";

describe("inverse", () => {
  it.each([1n, 2n, 3n, FIELD_ORDER - 1n, FIELD_ORDER / 2n, 0x1234_5678_9abc_def0n << 190n])(
    "times %i is 1",
    (value) => {
      expect(mod(inverse(value) * value)).toBe(1n);
    },
  );
});
