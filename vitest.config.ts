import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Witness calculators and proving keys are heavy: a process each, so that memory goes back.
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // CI reads the true totals from the file.
    reporters: process.env.CI
      ? ["default", ["json", { outputFile: "build/test-results.json" }]]
      : ["default"],
  },
});
