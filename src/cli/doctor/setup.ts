import { checkSetup } from "../../prover/setup/checkSetup.ts";
import type { Check } from "../checks.ts";
import { describeError } from "../output.ts";
import { withProgress } from "../progress.ts";

/** Whether the circuits' artifacts are the pinned ones, and what their keys are worth. */
export async function checkArtifacts(): Promise<Check[]> {
  try {
    const { setup, ptau, circuits, findings } = await withProgress("checking the setup", () =>
      checkSetup(),
    );
    const names = Object.keys(circuits).join(", ");
    return [
      ...(findings.length === 0
        ? [{ name: "artifacts", status: "ok", detail: `${names}: as pinned` } as const]
        : findings.map((detail) => ({ name: "artifacts", status: "fail", detail }) as const)),
      setup === "ceremony"
        ? { name: "setup", status: "ok", detail: `public ceremony on ${ptau.file}` }
        : {
            name: "setup",
            status: "warn",
            detail: "development keys: whoever made them can forge proofs; guard nothing of value",
          },
    ];
  } catch (error) {
    const { message, details } = describeError(error);
    return [{ name: "artifacts", status: "fail", detail: [message, ...details].join("; ") }];
  }
}
