import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { randomFieldElement } from "../../field/random.ts";
import { type CommittedPolicy, commitPolicy } from "../../policy/commitment.ts";
import { compilePolicy, withSalt } from "../../policy/compile.ts";
import type { PolicyLabels } from "../../policy/labels.ts";

/** Lanes of the demo's gate: one that trades, and one that attacks are tried on. */
export const LANES = 2;
/** A second chain that the desk's mandate covers, so that an attack across chains has a real proof. */
export const OTHER_CHAIN_ID = 1;

const POLICY_FILE = fileURLToPath(new URL("../../../examples/demo.yaml", import.meta.url));

/** What the demo's policy file leaves open. */
export type PolicyNames = Record<"WETH" | "USDC" | "ETHUSD" | "VOL" | "ROUTER" | "MAX", string>;

/** The desk's mandate, committed to once for each lane. */
export interface DeskMandate {
  lanes: CommittedPolicy[];
  labels: PolicyLabels;
}

/**
 * Compiles the demo's policy file for the local chain and for another one, whose rules follow.
 *
 * @throws {PolicyError} if the file does not compile
 */
export async function compileMandate(chainId: number, names: PolicyNames): Promise<DeskMandate> {
  const text = await readFile(POLICY_FILE, "utf8");
  const compileFor = (chain: number) =>
    compilePolicy(fillIn(text, { ...names, CHAIN_ID: String(chain) }), {
      file: POLICY_FILE,
      lanes: LANES,
    });
  const [here, there] = [compileFor(chainId), compileFor(OTHER_CHAIN_ID)];
  const policy = { ...here.policy, rules: [...here.policy.rules, ...there.policy.rules] };
  return {
    lanes: Array.from({ length: LANES }, () =>
      commitPolicy(withSalt(policy, randomFieldElement())),
    ),
    labels: { ...here.labels, rules: [...here.labels.rules, ...there.labels.rules] },
  };
}

function fillIn(text: string, names: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)\}/g, (placeholder, name) => names[name] ?? placeholder);
}
