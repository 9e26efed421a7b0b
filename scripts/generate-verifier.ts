/**
 * Writes a circuit's verifier contract.
 *
 *   node scripts/generate-verifier.ts <vkey.json> <contract.sol> [notice]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { solidityVerifier } from "../src/prover/solidityVerifier.ts";
import { parseVerificationKey } from "../src/prover/verificationKey.ts";

const [vkeyPath, contractPath, notice = "The key comes from a development ceremony."] =
  process.argv.slice(2);
if (vkeyPath === undefined || contractPath === undefined) {
  console.error("usage: node scripts/generate-verifier.ts <vkey.json> <contract.sol> [notice]");
  process.exit(2);
}
const key = parseVerificationKey(JSON.parse(readFileSync(vkeyPath, "utf8")), vkeyPath);
const name = basename(contractPath, ".sol");
writeFileSync(contractPath, solidityVerifier(key, { name, notice }));
