import { FIELD_ORDER, mod } from "../../src/field/field.ts";

/** Σ coefficient·wire. */
export interface LinearCombination {
  wires: number[];
  coefficients: bigint[];
}

/** left · right = output over the wires. */
export interface Constraint {
  left: LinearCombination;
  right: LinearCombination;
  output: LinearCombination;
}

/** A constraint system as circom writes it: wire 0 is 1, then come outputs, public and private inputs. */
export interface R1cs {
  wires: number;
  /** Outputs and inputs together: wires 1 to `outside` are not the prover's to compute. */
  outside: number;
  publicWires: number;
  constraints: Constraint[];
  /** All signals that share a wire, from the .sym file; wires without a name are unknown to the source. */
  names: string[][];
}

const HEADER_SECTION = 1;
const CONSTRAINT_SECTION = 2;

/** Reads a little-endian byte string front to back. */
function createReader(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const interned = new Map<string, bigint>();
  let position = 0;
  return {
    seek: (to: number) => {
      position = to;
    },
    position: () => position,
    uint32: () => {
      position += 4;
      return view.getUint32(position - 4, true);
    },
    uint64: () => {
      position += 8;
      return Number(view.getBigUint64(position - 8, true));
    },
    /** 32 bytes; equal values share one bigint, since most coefficients repeat. */
    element: () => {
      const words = [24, 16, 8, 0].map((offset) => view.getBigUint64(position + offset, true));
      position += 32;
      const key = words.join();
      const value = interned.get(key) ?? words.reduce((sum, word) => (sum << 64n) | word, 0n);
      interned.set(key, value);
      return value;
    },
  };
}

/** Where each section of an iden3 binary file starts. */
function sections(reader: ReturnType<typeof createReader>): Map<number, number> {
  reader.seek(8);
  const starts = new Map<number, number>();
  for (let left = reader.uint32(); left > 0; left--) {
    const type = reader.uint32();
    const size = reader.uint64();
    starts.set(type, reader.position());
    reader.seek(reader.position() + size);
  }
  return starts;
}

/**
 * Parses a constraint system with its signal names.
 *
 * @param bytes .r1cs over BN254's scalar field
 * @param sym the .sym file of the same compilation
 * @see https://github.com/iden3/r1csfile/blob/master/doc/r1cs_bin_format.md
 */
export function parseR1cs(bytes: Uint8Array, sym: string): R1cs {
  const reader = createReader(bytes);
  const starts = sections(reader);
  reader.seek(starts.get(HEADER_SECTION) as number);
  if (reader.uint32() !== 32 || reader.element() !== FIELD_ORDER) {
    throw new RangeError("not a constraint system over BN254's scalar field");
  }
  const wires = reader.uint32();
  const outputs = reader.uint32();
  const publicInputs = reader.uint32();
  const privateInputs = reader.uint32();
  reader.uint64(); // labels
  const count = reader.uint32();

  reader.seek(starts.get(CONSTRAINT_SECTION) as number);
  const combination = (): LinearCombination => {
    const terms = reader.uint32();
    const result: LinearCombination = { wires: Array(terms), coefficients: Array(terms) };
    for (let i = 0; i < terms; i++) {
      result.wires[i] = reader.uint32();
      result.coefficients[i] = reader.element();
    }
    return result;
  };
  const constraints = Array.from({ length: count }, () => ({
    left: combination(),
    right: combination(),
    output: combination(),
  }));
  const publicWires = outputs + publicInputs;
  return {
    wires,
    publicWires,
    outside: publicWires + privateInputs,
    constraints,
    names: wireNames(sym, wires),
  };
}

/** Lines are `label,wire,component,name`; a signal that the optimiser removed has wire −1. */
function wireNames(sym: string, wires: number): string[][] {
  const names = Array.from({ length: wires }, (): string[] => []);
  names[0]?.push("one");
  for (const line of sym.trimEnd().split("\n")) {
    const [, wire, , name] = line.split(",");
    if (Number(wire) >= 0) names[Number(wire)]?.push(name as string);
  }
  return names;
}

/** The value of a linear combination, in [0, p). */
export function evaluate(
  { wires, coefficients }: LinearCombination,
  witness: readonly bigint[],
): bigint {
  let sum = 0n;
  for (let i = 0; i < wires.length; i++) {
    sum += (coefficients[i] as bigint) * (witness[wires[i] as number] as bigint);
  }
  return mod(sum);
}

/** The values of all three sides of every constraint. */
export interface Sides {
  left: bigint[];
  right: bigint[];
  output: bigint[];
}

export function sidesOf({ constraints }: R1cs, witness: readonly bigint[]): Sides {
  return {
    left: constraints.map(({ left }) => evaluate(left, witness)),
    right: constraints.map(({ right }) => evaluate(right, witness)),
    output: constraints.map(({ output }) => evaluate(output, witness)),
  };
}

/** The shortest name of a wire, without the leading `main.`. */
export function nameOf({ names }: R1cs, wire: number): string {
  const [first, ...rest] = names[wire] ?? [];
  if (first === undefined) return `wire ${wire}`;
  const shortest = rest.reduce((best, name) => (name.length < best.length ? name : best), first);
  return shortest.replace(/^main\./, "");
}

/** A constraint that a witness breaks. */
export interface Violation {
  index: number;
  /** The named wires it is about. */
  wires: string[];
}

/** Every constraint that a witness breaks; empty for a valid one. */
export function violations(r1cs: R1cs, witness: readonly bigint[]): Violation[] {
  return r1cs.constraints.flatMap(({ left, right, output }, index) => {
    const product = evaluate(left, witness) * evaluate(right, witness);
    if (mod(product - evaluate(output, witness)) === 0n) return [];
    const touched = new Set([...left.wires, ...right.wires, ...output.wires]);
    return [{ index, wires: [...touched].slice(0, 8).map((wire) => nameOf(r1cs, wire)) }];
  });
}

/** a^−1 mod p by the extended Euclidean algorithm. */
export function inverse(a: bigint): bigint {
  let [previous, current] = [FIELD_ORDER, mod(a)];
  let [previousFactor, factor] = [0n, 1n];
  while (current !== 0n) {
    const quotient = previous / current;
    [previous, current] = [current, previous - quotient * current];
    [previousFactor, factor] = [factor, previousFactor - quotient * factor];
  }
  if (previous !== 1n) throw new RangeError("0 has no inverse");
  return mod(previousFactor);
}
