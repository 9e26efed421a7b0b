import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Address, type Hex, numberToHex } from "viem";
import type { Chain } from "../../contracts/support/chain.ts";
import type { CompiledContract } from "../../contracts/support/contracts.ts";
import type { GateContracts } from "../../contracts/support/world.ts";
import { MutantError } from "./mutantError.ts";
import { type Mutant, VERIFIER } from "./mutants.ts";

interface Solc {
  compile(input: string, callbacks: { import(path: string): { contents: string } }): string;
}
interface SolcOutput {
  errors?: { severity: string; formattedMessage: string }[];
  contracts: Record<
    string,
    Record<string, { abi: CompiledContract["abi"]; evm: { bytecode: { object: string } } }>
  >;
}

/** A mutant that can be deployed. */
export interface CompiledMutant {
  /** What it deploys instead of the production build's contracts. */
  contracts: Partial<GateContracts>;
  /** Turns the bug on in a deployed gate. */
  enable(chain: Chain, gate: Address): Promise<void>;
}

const root = new URL("../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");

/** Runs a library of the gate by itself. */
const HARNESS = "test/SchnorrHarness.sol";
/** What a gate is made of, and the harness. */
const originals = Object.fromEntries(
  readdirSync(new URL("contracts/", root), { recursive: true })
    .map(String)
    .filter(
      (path) => path === HARNESS || /^(feeds|gate|governance|interfaces|lib)\/.*\.sol$/.test(path),
    )
    .map((path) => [path, read(`contracts/${path}`)]),
);

/** The slot whose value says which bug is on. */
const SWITCH = "0x00000000000000000000000000000000000000000000000000000000000b0600" as Hex;
const BUG_FILE = "lib/Bug.sol";
const bugSource = `// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;
function bug(uint256 id) view returns (bool isOn) {
    assembly ("memory-safe") { isOn := eq(sload(${SWITCH}), id) }
}
`;

/**
 * Compiles all mutants in one build: one copy of the sources in which most bugs can be switched on by a
 * storage slot, and a copy for each of the others. Without the optimizer: it is the sources that are tested.
 *
 * @throws {MutantError} if a patch does not apply exactly once, or does not compile
 */
export function compileMutants(mutants: readonly Mutant[]): CompiledMutant[] {
  const copies: Record<string, Record<string, string>> = { switched: instrumented(mutants) };
  for (const [i, mutant] of mutants.entries()) {
    if (mutant.kind === "text") copies[`own${i}`] = patched(mutant);
  }
  const output = compile(copies);
  return mutants.map((mutant, i) => {
    const own = mutant.kind === "text";
    const contracts: Partial<GateContracts> = {};
    for (const { file, name, role } of deployed(mutant.file)) {
      const contract = output.contracts[`${own ? `own${i}` : "switched"}/${file}`]?.[name];
      if (!contract) throw new MutantError(`${mutant.name}: there is no ${name}`);
      contracts[role] = { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` };
    }
    return {
      contracts,
      async enable(chain, gate) {
        if (own) return;
        const id = numberToHex(i + 1, { size: 32 });
        await chain.provider.request({
          method: "hardhat_setStorageAt",
          params: [gate, SWITCH, id],
        });
      },
    };
  });
}

/** The contracts to deploy for a bug in a file. */
function deployed(file: string) {
  return file === VERIFIER
    ? ([{ file, name: "OpenGateVerifier", role: "gateVerifier" }] as const)
    : ([
        { file: "gate/PolicyAccount.sol", name: "PolicyAccount", role: "account" },
        { file: HARNESS, name: "SchnorrHarness", role: "schnorr" },
      ] as const);
}

function compile(copies: Record<string, Record<string, string>>): SolcOutput {
  const solc: Solc = createRequire(import.meta.url)("solc");
  const wanted = ["abi", "evm.bytecode.object"];
  const sources = Object.entries(copies).flatMap(([copy, files]) =>
    Object.entries(files).map(([path, content]) => [`${copy}/${path}`, { content }]),
  );
  const result: SolcOutput = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: "Solidity",
        sources: Object.fromEntries(sources),
        settings: {
          evmVersion: "prague",
          viaIR: true,
          optimizer: { enabled: false },
          outputSelection: {
            "*": { PolicyAccount: wanted, OpenGateVerifier: wanted, SchnorrHarness: wanted },
          },
        },
      }),
      { import: (path) => ({ contents: read(`node_modules/${path}`) }) },
    ),
  );
  const errors = result.errors?.filter(({ severity }) => severity === "error") ?? [];
  if (errors.length > 0) {
    throw new MutantError(errors.map(({ formattedMessage }) => formattedMessage).join("\n"));
  }
  return result;
}

/** The sources with one bug. */
function patched(mutant: Mutant): Record<string, string> {
  const source = originals[mutant.file] ?? read(`contracts/${mutant.file}`);
  const { start, end } = locate(mutant, source);
  const content = source.slice(0, start) + mutant.replace + source.slice(end);
  return { ...originals, [mutant.file]: content };
}

interface Patch {
  mutant: Mutant;
  id: number;
  start: number;
  end: number;
}

/** The sources with every bug that can be switched on. */
function instrumented(mutants: readonly Mutant[]): Record<string, string> {
  const files: Record<string, string> = { ...originals, [BUG_FILE]: bugSource };
  // A function that asks which bug is on reads storage.
  files[HARNESS] = read(`contracts/${HARNESS}`).replaceAll("external pure", "external view");
  for (const [path, source] of Object.entries(originals)) {
    const patches = mutants
      .map((mutant, i) => ({ mutant, id: i + 1 }))
      .filter(({ mutant }) => mutant.file === path && mutant.kind !== "text")
      .map(({ mutant, id }): Patch => ({ mutant, id, ...locate(mutant, source) }));
    if (patches.length === 0) continue;
    files[path] = render(source, 0, source.length, patches)
      .replace(/^pragma .*$/m, (pragma) => `${pragma}\nimport {bug} from "../${BUG_FILE}";`)
      // A function that asks which bug is on reads storage.
      .replaceAll(/\b(internal|private) pure\b/g, "$1 view");
  }
  return files;
}

/** A stretch of source with its patches; a patch may lie inside another. */
function render(source: string, start: number, end: number, patches: readonly Patch[]): string {
  const [outer, ...others] = [...patches].sort((a, b) => a.start - b.start || b.end - a.end);
  if (!outer) return source.slice(start, end);
  const inner = others.filter((patch) => patch.end <= outer.end);
  const after = others.filter((patch) => patch.start >= outer.end);
  if (inner.length + after.length !== others.length) {
    throw new MutantError(`${outer.mutant.name}: overlaps another patch`);
  }
  const original = render(source, outer.start, outer.end, inner);
  const { kind, replace } = outer.mutant;
  const switched =
    kind === "statement"
      ? `if (bug(${outer.id})) { ${replace} } else { ${original} }`
      : `(bug(${outer.id}) ? (${replace}) : (${original}))`;
  return source.slice(start, outer.start) + switched + render(source, outer.end, end, after);
}

/** Where a mutant's text stands in a source. */
function locate({ name, file, find }: Mutant, source: string): { start: number; end: number } {
  const text = find.replace(/[⟦⟧]/g, "");
  const occurrences = source.split(text).length - 1;
  if (occurrences !== 1) {
    throw new MutantError(`${name}: its text occurs ${occurrences} times in ${file}, not once`);
  }
  const at = source.indexOf(text);
  const [from, to] = [find.indexOf("⟦"), find.indexOf("⟧")];
  if (from === -1) return { start: at, end: at + text.length };
  return { start: at + from, end: at + to - 1 };
}
