import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const source = (path: string) => new URL(`../../../${path}`, import.meta.url).href;

/** A process in which the package cannot be found. */
const program = `
import { registerHooks } from "node:module";
registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "pkcs11js") throw new Error("Cannot find package 'pkcs11js'");
    return next(specifier, context);
  },
});
const { openTokenKey } = await import("${source("src/index.ts")}");
try {
  await openTokenKey({ place: { module: "/m.so", token: "desk", key: "agent" }, pin: "1" });
} catch (error) {
  console.log(error.name + "\\n" + error.message);
}
`;

describe("without pkcs11js", () => {
  it("the library loads, and a key in hardware says what is missing", async () => {
    const args = ["--input-type=module", "--eval", program];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toContain("Pkcs11MissingError");
    expect(stdout).toContain("npm install pkcs11js");
  });
});
