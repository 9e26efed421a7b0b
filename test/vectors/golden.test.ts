import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { goldenJson } from "../support/golden.ts";

const file = new URL("golden.json", import.meta.url);

// They are the protocol: a change here is a new protocol version. UPDATE_GOLDEN=1 writes them anew.
test("the golden vectors are what this implementation computes", () => {
  const current = goldenJson();
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, current);
  expect(current).toBe(readFileSync(file, "utf8"));
});
