import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { UnsupportedVerificationKeyError } from "../../src/errors/verificationKey.ts";
import { BASE_FIELD_ORDER } from "../../src/prover/baseField.ts";
import { solidityVerifier } from "../../src/prover/solidityVerifier.ts";
import { parseVerificationKey, type VerificationKey } from "../../src/prover/verificationKey.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const keyOf = (path: string) => parseVerificationKey(JSON.parse(read(path)), path);

const open = keyOf("test/contracts/fixtures/open-gate.vkey.json");
const options = { name: "TestVerifier", notice: "For a test." };

/** The contract's documentation names its notice; everything else follows from the key. */
const noticeOf = (source: string) => / \* (The key .*)\n \* @dev Generated/.exec(source)?.[1] ?? "";

describe("solidityVerifier", () => {
  it.each([
    ["test/contracts/fixtures/open-gate.vkey.json", "test/OpenGateVerifier"],
    ["test/contracts/fixtures/open-wide.vkey.json", "test/OpenWideVerifier"],
    ["circuits/artifacts/gate/vkey.json", "verifier/GateVerifier"],
    ["circuits/artifacts/wide/vkey.json", "verifier/WideVerifier"],
  ])("writes from %s the contract that is committed", (vkey, contract) => {
    const committed = read(`contracts/${contract}.sol`);
    const name = contract.split("/")[1] as string;
    expect(solidityVerifier(keyOf(vkey), { name, notice: noticeOf(committed) })).toBe(committed);
  });

  it("caps each precompile's gas as it is told", () => {
    const source = solidityVerifier(open, { ...options, pointGas: { mul: 1, add: 2, pairing: 3 } });
    expect(source).toContain("MUL_GAS = 1;");
    expect(source).toContain("ADD_GAS = 2;");
    expect(source).toContain("PAIRING_GAS = 3;");
  });

  it("has no GAS opcode, which ERC-7562 forbids to validation", () => {
    expect(solidityVerifier(open, options)).not.toMatch(/\bgas\(\)|gasleft/);
  });

  const refused: [string, VerificationKey][] = [
    ["two public signals", { ...open, ic: open.ic.slice(0, 3) }],
    ["four public signals", { ...open, ic: [...open.ic, open.alpha1] }],
    [
      "a signal that the key does not bind",
      { ...open, ic: [...open.ic.slice(0, 3), { x: 0n, y: 0n }] },
    ],
    ["a coordinate that is not reduced", { ...open, alpha1: { x: BASE_FIELD_ORDER, y: 1n } }],
  ];
  it.each(refused)("refuses %s", (_, key) => {
    expect(() => solidityVerifier(key, options)).toThrow(UnsupportedVerificationKeyError);
  });
});
