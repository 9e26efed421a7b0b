/**
 * Holds the circuits against two static checks, their row budgets and the committed artifacts.
 *
 *   node scripts/check-circuits.ts
 *
 * Fails on any finding that circuits/exceptions.ts does not list with its reason, on any listed exception that
 * no finding needs any more, and on artifacts that differ from what the sources compile to.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CircuitName, circuits } from "../src/action/circuits.ts";
import { BaseError } from "../src/errors/base.ts";
import { assertCommitted, buildCircuit } from "./circuits/build.ts";
import { root } from "./circuits/compile.ts";
import { CircuitBuildError } from "./circuits/error.ts";
import { type Exception, exceptions } from "./circuits/exceptions.ts";
import { circomspectFindings, type Finding, inspectionFindings } from "./circuits/findings.ts";

/** Which exception each finding needs; fails if one needs none that is listed, or one is needless. */
function assertExcused(findings: readonly Finding[]): void {
  const needed = new Set<Exception>();
  const unlisted = findings.filter((finding) => {
    const excuse = exceptions.find(({ id, at }) => id === finding.id && at.test(finding.at));
    if (excuse) needed.add(excuse);
    return excuse === undefined;
  });
  const needless = exceptions.filter((exception) => !needed.has(exception));
  const details = [
    ...unlisted.map(({ id, at }) => `new finding ${id}: ${at}`),
    ...needless.map(({ id, at }) => `exception without a finding: ${id} ${at}`),
  ];
  if (details.length > 0) {
    const problem = "have findings that scripts/circuits/exceptions.ts does not explain";
    throw new CircuitBuildError({ circuit: "circuits", problem, details: details.join("\n") });
  }
  console.log(`${findings.length} findings, each explained by one of ${needed.size} exceptions`);
}

try {
  console.log("circomspect …");
  const findings = await circomspectFindings((file) => readFileSync(join(root, file), "utf8"));
  for (const name of Object.keys(circuits) as CircuitName[]) {
    console.log(`${name}: compiling with --inspect (about 10 s) …`);
    const { compiled, build } = await buildCircuit(name, ["--inspect"]);
    findings.push(...inspectionFindings(compiled.output));
    assertCommitted(name, build);
  }
  assertExcused(findings);
} catch (error) {
  console.error(error instanceof BaseError ? error.message : error);
  process.exitCode = 1;
}
