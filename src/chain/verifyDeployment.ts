import {
  type Address,
  bytesToHex,
  domainSeparator,
  type Hex,
  hexToBytes,
  isAddressEqual,
  keccak256,
  pad,
  stringToHex,
  toHex,
  zeroAddress,
} from "viem";
import { getChainId, getCode, readContract } from "viem/actions";
import { type CircuitName, circuits } from "../action/circuits.ts";
import { pinnedCircuitOf, readManifest } from "../prover/manifest.ts";
import { policyAccountAbi } from "./abi/policyAccount.ts";
import { timelockControllerAbi } from "./abi/timelockController.ts";
import { policyAccountBytecode } from "./bytecode/policyAccount.ts";
import { timelockControllerBytecode } from "./bytecode/timelockController.ts";
import type { ReadClient } from "./client.ts";

/** Circuit id of the quorum tier, which this version does not deploy. */
const QUORUM_ID = 3;

/** One thing that was compared. */
export interface DeploymentCheck {
  name: string;
  ok: boolean;
  expected: string;
  found: string;
}

export interface VerifyDeploymentReturnType {
  ok: boolean;
  checks: DeploymentCheck[];
}

/** Code as the constructor writes it: a template with zeros where immutables go. */
interface DeployedCode {
  deployed: Hex;
  immutables: readonly { start: number; length: number }[];
}

/**
 * Compares the code on-chain with this release's: the gate and every value that its constructor wrote
 * into the code, the circuits' verifiers, and the timelock that governs it.
 *
 * @example
 * const { ok, checks } = await verifyDeployment(client, { gate });
 */
export async function verifyDeployment(
  client: ReadClient,
  { gate }: { gate: Address },
): Promise<VerifyDeploymentReturnType> {
  const code = await readCode(client, gate);
  const gateCheck = compareCode("gate code", code, policyAccountBytecode);
  // Anything else at the address could answer the questions below as it likes.
  if (!gateCheck.ok) return { ok: false, checks: [gateCheck] };

  const contract = { address: gate, abi: policyAccountAbi } as const;
  const circuitOf = async (id: number) =>
    (await readContract(client, { ...contract, functionName: "circuitOf", args: [id] }))[0];
  const [chainId, timelock, gateVerifier, wideVerifier, quorumVerifier] = await Promise.all([
    getChainId(client),
    readContract(client, { ...contract, functionName: "governance" }),
    circuitOf(circuits.gate.id),
    circuitOf(circuits.wide.id),
    circuitOf(QUORUM_ID),
  ]);
  const verifiers = [gateVerifier, wideVerifier, quorumVerifier];
  const checks = [
    gateCheck,
    checkImmutables(code, gate, [
      ...verifiers.map((verifier) => pad(verifier, { size: 32 })),
      pad(timelock, { size: 32 }),
      ...domainImmutables(chainId, gate),
    ]),
    await checkVerifier(client, "gate", gateVerifier),
    await checkVerifier(client, "wide", wideVerifier),
    {
      name: "verifier of circuit quorum",
      ok: isAddressEqual(quorumVerifier, zeroAddress),
      expected: zeroAddress,
      found: quorumVerifier,
    },
    ...(await checkTimelock(client, timelock)),
  ];
  return { ok: checks.every(({ ok }) => ok), checks };
}

async function readCode(client: ReadClient, address: Address): Promise<Hex> {
  return (await getCode(client, { address })) ?? "0x";
}

/** A verifier has no immutables: its code's hash is pinned with the circuit's keys. */
async function checkVerifier(
  client: ReadClient,
  circuit: CircuitName,
  address: Address,
): Promise<DeploymentCheck> {
  const expected = pinnedCircuitOf(await readManifest(), circuit).verifier.runtimeCodeHash;
  const found = keccak256(await readCode(client, address));
  return { name: `verifier of circuit ${circuit}`, ok: found === expected, expected, found };
}

function compareCode(name: string, code: Hex, { deployed, immutables }: DeployedCode) {
  const bytes = hexToBytes(code);
  for (const { start, length } of immutables) bytes.fill(0, start, start + length);
  const found = keccak256(bytes);
  const expected = keccak256(deployed);
  return { name, ok: found === expected, expected, found };
}

/** Each value in the code has to be one that an honest constructor writes. */
function checkImmutables(code: Hex, gate: Address, honest: readonly Hex[]): DeploymentCheck {
  const bytes = hexToBytes(code);
  const unknown = policyAccountBytecode.immutables
    .map(({ start, length }) => bytesToHex(bytes.subarray(start, start + length)))
    .filter((value) => !honest.some((word) => word.toLowerCase() === value));
  return {
    name: "gate immutables",
    ok: unknown.length === 0,
    expected: `the EIP-712 domain of ${gate}, its verifiers and its timelock`,
    found: unknown.length === 0 ? "as expected" : unknown.join(", "),
  };
}

/** What OpenZeppelin's EIP712 caches: name and version (hashed and as short strings), domain, chain. */
function domainImmutables(chainId: number, gate: Address): Hex[] {
  const [name, version] = ["zkmandate", "1"];
  return [
    ...[name, version].map((text) => keccak256(stringToHex(text))),
    ...[name, version].map(shortString),
    domainSeparator({ domain: { name, version, chainId, verifyingContract: gate } }),
    toHex(chainId, { size: 32 }),
    pad(gate, { size: 32 }),
  ];
}

/** A string of at most 31 bytes as OpenZeppelin's ShortStrings packs it: left-aligned, length last. */
function shortString(text: string): Hex {
  const bytes = new Uint8Array(32);
  const encoded = new TextEncoder().encode(text);
  bytes.set(encoded);
  bytes[31] = encoded.length;
  return bytesToHex(bytes);
}

async function checkTimelock(client: ReadClient, timelock: Address): Promise<DeploymentCheck[]> {
  const codeCheck = compareCode(
    "timelock code",
    await readCode(client, timelock),
    timelockControllerBytecode,
  );
  if (!codeCheck.ok) return [codeCheck];
  const delay = await readContract(client, {
    address: timelock,
    abi: timelockControllerAbi,
    functionName: "getMinDelay",
  });
  return [
    codeCheck,
    { name: "timelock delay", ok: delay > 0n, expected: "at least 1 s", found: `${delay} s` },
  ];
}
