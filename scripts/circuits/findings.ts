import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, runTool } from "./compile.ts";
import { CircuitBuildError } from "./error.ts";

/** One finding of a static check. */
export interface Finding {
  /** CS… of circomspect, CA… of circom's own inspection. */
  id: string;
  /** A file and the line's text (circomspect), or the message (circom). */
  at: string;
}

/** The part of a SARIF report that is read. */
interface SarifReport {
  runs: {
    results: {
      ruleId: string;
      locations: {
        physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } };
      }[];
    }[];
  }[];
}

/**
 * Everything that circomspect finds in `circuits/`.
 *
 * @param readSource the text of a file, by its path relative to the repository's root
 * @throws {CircuitBuildError} if circomspect gives no report
 */
export async function circomspectFindings(
  readSource: (file: string) => string,
): Promise<Finding[]> {
  const report = "build/circuits/circomspect.sarif";
  mkdirSync(join(root, "build/circuits"), { recursive: true });
  rmSync(join(root, report), { force: true });
  const { code, output } = await runTool("circomspect/cli.js", ["circuits", "-s", report]);
  // 0: nothing found, 1: findings. Either way it says how many, and the report holds as many.
  const counted = /(\d+|No) issues? found/.exec(output)?.[1];
  if (counted === undefined || (code !== 0 && code !== 1)) {
    const problem = "could not be analysed by circomspect";
    throw new CircuitBuildError({ circuit: "circuits", problem, details: output });
  }
  if (counted === "No") return [];
  const { runs } = JSON.parse(readFileSync(join(root, report), "utf8")) as SarifReport;
  const findings = runs.flatMap(({ results }) =>
    results.map(({ ruleId, locations }) => {
      const location = locations[0]?.physicalLocation;
      const file = location?.artifactLocation.uri.replace("file://", "") ?? "";
      const line = location ? readSource(file).split("\n")[location.region.startLine - 1] : "";
      return { id: ruleId, at: `${file}: ${line?.trim()}` };
    }),
  );
  if (findings.length !== Number(counted)) {
    const details = `expected: ${counted} findings\nreceived: ${findings.length}`;
    const problem = "have an incomplete circomspect report";
    throw new CircuitBuildError({ circuit: "circuits", problem, details });
  }
  return findings;
}

/** What `circom --inspect` printed; it exits with 0 whatever it finds. */
export function inspectionFindings(output: string): Finding[] {
  return [...output.matchAll(/^(?:warning|error)\[(\w+)\]: (.*)$/gm)].map((match) => ({
    id: match[1] as string,
    at: match[2] as string,
  }));
}
