import { readFileSync } from "node:fs";
import type { Abi, Hex } from "viem";

/** What deploying and calling a contract takes. */
export interface CompiledContract {
  abi: Abi;
  bytecode: Hex;
}

const root = new URL("../../../", import.meta.url);

/**
 * A contract of the production build.
 *
 * @param path source below contracts/, without extension
 * @param name the contract, if it is not named as its file
 */
export function compiled(path: string, name = path.split("/").at(-1)): CompiledContract {
  return readArtifact(`build/artifacts/contracts/${path}.sol/${name}.json`);
}

/** OpenZeppelin's own build of its timelock. */
export const timelockController = readArtifact(
  "node_modules/@openzeppelin/contracts/build/contracts/TimelockController.json",
);

function readArtifact(path: string): CompiledContract {
  const { abi, bytecode } = JSON.parse(readFileSync(new URL(path, root), "utf8"));
  return { abi, bytecode };
}
