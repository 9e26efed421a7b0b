import { getAddress, isAddress, isHex, size } from "viem";
import { CONDITIONS, type Condition, ORDERED_CONDITIONS } from "../policy.ts";
import type { AbiNode } from "./call.ts";
import type { SourcePath } from "./document.ts";
import type { Layout } from "./layout.ts";
import { integerOf } from "./rational.ts";
import { type Asset, baseUnits, findAsset, type Scope } from "./scope.ts";
import type { NamedToken } from "./tokenParameter.ts";
import { NAME, parseDecimal, parseQuantity } from "./units.ts";

/** A restriction on a parameter before its word is known. */
export type Constraint = Pick<Condition, "op" | "operand">;

const LOW_LIMB = 1n << 128n;
const WORD = 1n << 256n;

/** Bits of an integer type, 0 for others; negative numbers in the sign. */
export function integerType(type: string): { signed: boolean; bits: number } | undefined {
  const match = /^(u?)int(\d+)$/.exec(type);
  return match ? { signed: match[1] === "", bits: Number(match[2]) } : undefined;
}

/** The first integer that is too large for a type. */
export function integerBound({ signed, bits }: { signed: boolean; bits: number }): bigint {
  return 1n << BigInt(signed ? bits - 1 : bits);
}

/** What a constraint's text is read with: the parameter, its token if known, where it stands. */
interface Reading {
  scope: Scope;
  node: AbiNode;
  /** The token whose units the parameter counts, if something says so. */
  token: Asset | undefined;
  /** Why an asset's unit could be that of another token than the parameter counts. */
  doubt: NamedToken["doubt"];
  path: SourcePath;
}

function readInteger(
  { scope, node, token, doubt, path }: Reading,
  text: string,
): bigint | undefined {
  const { problems } = scope;
  const type = integerType(node.type);
  if (!type) return undefined;
  const inRange = (value: bigint): bigint | undefined => {
    const bound = integerBound(type);
    if (value < bound && value >= (type.signed ? -bound : 0n)) return value;
    return problems.add(path, `is outside the range of ${node.type}`, { received: text });
  };
  if (/^0x[0-9a-fA-F]{1,64}$/.test(text)) return inRange(BigInt(text));
  const negative = text.startsWith("-");
  const plain = parseDecimal(negative ? text.slice(1) : text);
  if (plain) {
    const value = integerOf(plain);
    if (value !== undefined) return inRange(negative ? -value : value);
  }
  const quantity = plain ? undefined : parseQuantity(text);
  if (!quantity) {
    const expected = `a whole number of ${node.type}, or a number with an asset's unit`;
    return problems.add(path, `${node.path} cannot be read`, { expected, received: text });
  }
  const asset = findAsset(scope, quantity.unit, path);
  if (!asset) return undefined;
  if (doubt) {
    return problems.add(path, doubt.message, { expected: doubt.expected, received: text });
  }
  if (token && token !== asset) {
    const message = `${node.path} counts ${token.symbol}, not ${asset.symbol}`;
    return problems.add(path, message, { expected: `a number of ${token.symbol}`, received: text });
  }
  const value = baseUnits(scope, quantity.value, asset, path);
  return value === undefined ? undefined : inRange(value);
}

/** Whether a word that is only bounded from below could hide bits that a decoder drops. */
export function dropsHighBits(type: { signed: boolean; bits: number }): boolean {
  return integerBound(type) < LOW_LIMB;
}

function readOrdered(reading: Reading, op: "le" | "ge", text: string): Constraint | undefined {
  const operand = readInteger(reading, text);
  if (operand === undefined) return undefined;
  if (operand >= 0n && operand < LOW_LIMB) return { op, operand };
  const expected = "a bound of 0 or more, below 2^128";
  return reading.scope.problems.add(reading.path, "cannot be compared", {
    expected,
    received: text,
  });
}

function readIntegerConstraint(reading: Reading, text: string): Constraint[] | undefined {
  const { scope, node, path } = reading;
  const { problems } = scope;
  const type = integerType(node.type);
  if (!type) return undefined;
  const comparison = /^(<=|>=|<|>|=)\s*(.+)$/.exec(text);
  if (comparison) {
    const [, sign = "", rest = ""] = comparison;
    if (sign === "<=") {
      const bound = readOrdered(reading, "le", rest);
      return bound && [bound];
    }
    if (sign === ">=") {
      if (dropsHighBits(type)) {
        const message = `${node.path} is ${node.type}: with a lower bound alone, a contract that drops the word's high bits would read a smaller number`;
        return problems.add(path, message, {
          expected: `a range, such as ${rest}..1000`,
          received: text,
        });
      }
      const bound = readOrdered(reading, "ge", rest);
      return bound && [bound];
    }
    return problems.add(path, "cannot be compared", {
      expected: "<=, >= or a range a..b",
      received: text,
    });
  }
  const range = /^(.+?)\s*\.\.\s*(.+)$/.exec(text);
  if (range) {
    const low = readOrdered(reading, "ge", range[1] ?? "");
    const high = readOrdered(reading, "le", range[2] ?? "");
    if (!low || !high) return undefined;
    if (low.operand <= high.operand) return [low, high];
    return problems.add(path, "the range is empty", { expected: "first ≤ last", received: text });
  }
  const value = readInteger(reading, text);
  return value === undefined
    ? undefined
    : [{ op: "eq", operand: value < 0n ? WORD + value : value }];
}

function readAddress({ scope, path }: Reading, text: string): Constraint[] | undefined {
  const { problems } = scope;
  if (text === "self") return [{ op: "self", operand: 0n }];
  if (/^0x/i.test(text)) {
    if (isAddress(text) || (isAddress(text, { strict: false }) && text === text.toLowerCase())) {
      return [{ op: "eq", operand: BigInt(getAddress(text)) }];
    }
    const expected = "0x and 40 hexadecimal digits, with a valid checksum if mixed in case";
    return problems.add(path, "is not an address", { expected, received: text });
  }
  if (!NAME.test(text)) {
    const expected = "an asset, an address, self or any";
    return problems.add(path, "is not an address", { expected, received: text });
  }
  const asset = findAsset(scope, text, path);
  if (!asset) return undefined;
  if (asset.address) return [{ op: "eq", operand: BigInt(asset.address) }];
  const expected = "the wrapped token, or the address that this contract takes for it";
  return problems.add(path, `${text} is the native coin and has no address`, {
    expected,
    received: text,
  });
}

/**
 * Reads what `where` demands of one parameter.
 *
 * @returns one constraint, two for a range, or undefined with a problem
 */
export function readConstraint(reading: Reading, text: string): Constraint[] | undefined {
  const { scope, node, path } = reading;
  const { problems } = scope;
  if (node.type === "address") return readAddress(reading, text);
  if (text === "self") {
    return problems.add(path, `self is an address, but ${node.path} is ${node.type}`, {
      expected: `a value of ${node.type}`,
    });
  }
  if (integerType(node.type)) return readIntegerConstraint(reading, text);
  if (node.type === "bool") {
    if (text === "true" || text === "false")
      return [{ op: "eq", operand: text === "true" ? 1n : 0n }];
    return problems.add(path, `${node.path} is bool`, {
      expected: "true or false",
      received: text,
    });
  }
  const bytes = /^bytes(\d+)$/.exec(node.type);
  if (bytes) {
    const length = Number(bytes[1]);
    if (isHex(text) && text.length === 2 + 2 * length && size(text) === length) {
      return [{ op: "eq", operand: BigInt(text) << BigInt(8 * (32 - length)) }];
    }
    const expected = `0x and ${2 * length} hexadecimal digits`;
    return problems.add(path, `${node.path} is ${node.type}`, { expected, received: text });
  }
  const expected = "any: values of this type cannot be compared";
  return problems.add(path, `${node.path} is ${node.type}`, { expected, received: text });
}

/**
 * Puts a rule's restrictions on words into the four conditions a leaf has, the ordered ones first.
 *
 * @returns undefined, and a problem, if they do not fit
 */
export function placeConditions(
  scope: Scope,
  layout: Layout,
  constraints: ReadonlyMap<string, readonly Constraint[]>,
  path: SourcePath,
): Condition[] | undefined {
  const { problems } = scope;
  const wanted = [...constraints].flatMap(([parameter, list]) =>
    list.map((constraint) => ({
      what: `${parameter} (${constraint.op})`,
      condition: { word: layout.words.get(parameter) ?? 0, ...constraint },
    })),
  );
  const pinned = layout.pins.map(({ what, word, operand }) => ({
    what,
    condition: { word, op: "eq" as const, operand },
  }));
  const all = [...wanted, ...pinned];
  const isOrdered = ({ condition }: { condition: Condition }) =>
    condition.op === "le" || condition.op === "ge";
  const ordered = all.filter(isOrdered);
  const list = (items: readonly { what: string }[]) => items.map(({ what }) => what).join("; ");
  if (ordered.length > ORDERED_CONDITIONS) {
    return problems.add(
      path,
      `a rule compares at most ${ORDERED_CONDITIONS} bounds (a range is two)`,
      {
        received: `${ordered.length}: ${list(ordered)}`,
      },
    );
  }
  if (all.length > CONDITIONS) {
    const message =
      pinned.length > 0
        ? `a rule has ${CONDITIONS} conditions, and each offset, length and content word of a dynamic parameter takes one`
        : `a rule has ${CONDITIONS} conditions`;
    return problems.add(path, message, { received: `${all.length}: ${list(all)}` });
  }
  const equal = all.filter((item) => !isOrdered(item));
  const conditions = [...ordered, ...equal].map(({ condition }) => condition);
  return conditions;
}
