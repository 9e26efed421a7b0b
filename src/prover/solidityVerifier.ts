import { UnsupportedVerificationKeyError } from "../errors/verificationKey.ts";
import { FIELD_ORDER } from "../field/field.ts";
import { BASE_FIELD_ORDER } from "./baseField.ts";
import type { G1Point, G2Point } from "./curve.ts";
import type { VerificationKey } from "./verificationKey.ts";

/**
 * How much gas each precompile may take at most. A precompile that is given a malformed point burns
 * everything it was forwarded, so these bound what a bad proof can cost. Above the real price, so that a
 * modest repricing does not brick the verifier.
 */
export interface PointGas {
  /** ecMul costs 6,000 */
  mul: number;
  /** ecAdd costs 150 */
  add: number;
  /** pairing costs 45,000 + 34,000 for each of the four pairs */
  pairing: number;
}

export interface SolidityVerifierOptions {
  /** The contract's name. */
  name: string;
  /** What a reader of the contract must know, such as that the key is a development key. */
  notice: string;
  pointGas?: PointGas;
}

const PUBLIC_SIGNALS = ["c", "z", "y"] as const;
const PAIRS = 4;
const defaultPointGas: PointGas = { mul: 7_000, add: 200, pairing: 50_000 + 37_000 * PAIRS };

interface Constant {
  name: string;
  value: bigint;
}

function coordinate(value: bigint, field: string): bigint {
  if (value < 0n || value >= BASE_FIELD_ORDER) {
    throw new UnsupportedVerificationKeyError({
      field,
      expected: "a coordinate below the base field's order",
      received: value,
    });
  }
  return value;
}

function g1Constants(name: string, { x, y }: G1Point): Constant[] {
  if (x === 0n && y === 0n) {
    // An input with this coefficient would not be bound by the proof.
    throw new UnsupportedVerificationKeyError({
      field: name,
      expected: "a finite point",
      received: "the point at infinity",
    });
  }
  return [
    { name: `${name}_X`, value: coordinate(x, name) },
    { name: `${name}_Y`, value: coordinate(y, name) },
  ];
}

/** The negated point, so that the contract multiplies four pairings and compares with one. */
function negatedG2Constants(name: string, { x, y }: G2Point): Constant[] {
  const negated = (value: bigint) =>
    (BASE_FIELD_ORDER - coordinate(value, name)) % BASE_FIELD_ORDER;
  return [
    { name: `MINUS_${name}_X1`, value: coordinate(x.c1, name) },
    { name: `MINUS_${name}_X0`, value: coordinate(x.c0, name) },
    { name: `MINUS_${name}_Y1`, value: negated(y.c1) },
    { name: `MINUS_${name}_Y0`, value: negated(y.c0) },
  ];
}

const hex = (value: bigint) => `0x${value.toString(16).padStart(64, "0")}`;
const at = (offset: number) => `0x${offset.toString(16).padStart(2, "0")}`;

/** mstore lines that write constants one after another. */
function store(offset: number, names: readonly string[]): string[] {
  return names.map((name, i) => `mstore(${at(offset + 32 * i)}, ${name})`);
}

/**
 * Writes the Solidity verifier of a Groth16 key with the public signals [c, z, y].
 *
 * The contract checks `e(A, B) · e(α, −β) · e(L, −γ) · e(C, −δ) = 1` with
 * `L = IC₀ + c·IC₁ + z·IC₂ + y·IC₃`. It refuses public signals that are not below p, forwards a bounded
 * amount of gas to each precompile, contains no GAS opcode (ERC-7562) and never reverts on calldata of the
 * right length: a malformed proof is `false`.
 *
 * @param key the circuit's verification key
 * @returns the Solidity source, formatted
 * @throws {UnsupportedVerificationKeyError} for another number of public signals, a signal that the key does
 *   not bind, or a coordinate that is not below the base field's order
 * @see Groth, "On the Size of Pairing-based Non-interactive Arguments", EUROCRYPT 2016; EIP-196, EIP-197
 *
 * @example
 * writeFileSync("GateVerifier.sol", solidityVerifier(key, { name: "GateVerifier", notice: "" }));
 */
export function solidityVerifier(
  key: VerificationKey,
  { name, notice, pointGas = defaultPointGas }: SolidityVerifierOptions,
): string {
  if (key.ic.length !== PUBLIC_SIGNALS.length + 1) {
    throw new UnsupportedVerificationKeyError({
      field: "IC",
      expected: `${PUBLIC_SIGNALS.length + 1} points, for the public signals c, z and y`,
      received: key.ic.length,
    });
  }
  const alpha = g1Constants("ALPHA", key.alpha1);
  const beta = negatedG2Constants("BETA", key.beta2);
  const gamma = negatedG2Constants("GAMMA", key.gamma2);
  const delta = negatedG2Constants("DELTA", key.delta2);
  const ic = key.ic.map((point, i) => g1Constants(`IC${i}`, point));
  const names = (constants: readonly Constant[]) => constants.map((constant) => constant.name);

  const declarations = [alpha, beta, gamma, delta, ...ic]
    .flat()
    .map((constant) => `    uint256 private constant ${constant.name} = ${hex(constant.value)};`)
    .join("\n");

  // The sum is accumulated at 0; the last addition writes L where the pairing wants it.
  const terms = PUBLIC_SIGNALS.flatMap((signal, i) => {
    const sum = i === PUBLIC_SIGNALS.length - 1 ? 0x180 : 0;
    return [
      `// + ${signal}·IC${i + 1}`,
      ...store(0x40, names(ic[i + 1] ?? [])),
      `mstore(0x80, ${signal})`,
      "valid := and(valid, staticcall(MUL_GAS, 7, 0x40, 0x60, 0x40, 0x40))",
      `valid := and(valid, staticcall(ADD_GAS, 6, 0x00, 0x80, ${at(sum)}, 0x40))`,
    ];
  });
  const body = [
    "// L = IC0",
    ...store(0, names(ic[0] ?? [])),
    ...terms,
    "// e(A, B)",
    "calldatacopy(0x00, points, 0xc0)",
    "// e(alpha, -beta)",
    ...store(0xc0, [...names(alpha), ...names(beta)]),
    "// e(L, -gamma)",
    ...store(0x1c0, names(gamma)),
    "// e(C, -delta)",
    "calldatacopy(0x240, add(points, 0xc0), 0x40)",
    ...store(0x280, names(delta)),
    "valid := and(valid, staticcall(PAIRING_GAS, 8, 0x00, 0x300, 0x300, 0x20))",
    "valid := and(valid, eq(mload(0x300), 1))",
  ]
    .map((line) => `                ${line}`)
    .join("\n");

  return `// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {IGroth16Verifier} from "../interfaces/IGroth16Verifier.sol";

/**
 * @title ${name}
 * @notice Groth16 over BN254 for one circuit with the public signals [c, z, y].
 * ${notice}
 * @dev Generated by scripts/generate-verifier.ts from the circuit's verifying key; do not edit.
 */
contract ${name} is IGroth16Verifier {
    /// @dev Order of the scalar field.
    uint256 private constant P = ${hex(FIELD_ORDER)};

    /// @dev A precompile burns what it was forwarded when a point is malformed, so this is capped.
    uint256 private constant MUL_GAS = ${pointGas.mul};
    uint256 private constant ADD_GAS = ${pointGas.add};
    uint256 private constant PAIRING_GAS = ${pointGas.pairing};

${declarations}

    /// @inheritdoc IGroth16Verifier
    function verifyProof(
        uint256[8] calldata points,
        uint256 c,
        uint256 z,
        uint256 y
    ) external view returns (bool valid) {
        // Memory is all this assembly's own, from 0: it returns by itself.
        assembly {
            valid := and(and(lt(c, P), lt(z, P)), lt(y, P))
            if valid {
${body}
            }
            mstore(0x00, valid)
            return(0x00, 0x20)
        }
    }
}
`;
}
