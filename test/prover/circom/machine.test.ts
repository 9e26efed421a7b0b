import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { compileMachine, machineFile } from "../../../scripts/build-witness-machine.ts";
import { FIELD_ORDER } from "../../../src/field/field.ts";
import { randomFieldElement } from "../../../src/field/random.ts";
import { Expressions } from "../../../src/prover/circom/expressions.ts";
import { CELL_BYTES } from "../../../src/prover/circom/generator.ts";
import { MachineMemory } from "../../../src/prover/circom/machineMemory.ts";
import { writeTape } from "../../../src/prover/circom/tape.ts";

it("machine.wasm is what its sources compile to", async () => {
  const [built, kept] = await Promise.all([compileMachine(), readFile(machineFile)]);
  expect(Buffer.from(built).equals(kept)).toBe(true);
});

interface Machine {
  run(component: number, tape: number): number;
  multiply(x: number, y: number, to: number): void;
  square(x: number, to: number): void;
  power(base: number, exponent: number, bytes: number, to: number): void;
}

const BASE = 1024;
const RECORD = 0x20000;
const CELLS = 0x20010;
const R = 1n << 256n;
const words = new WebAssembly.Memory({ initial: 8 });
const bytes = () => Buffer.from(words.buffer);
let machine: Machine;
let memory: MachineMemory;

async function start(): Promise<void> {
  const module = await WebAssembly.compile(new Uint8Array(await readFile(machineFile)));
  const imports = { env: { memory: words }, machine: { base: BASE } };
  const instance = await WebAssembly.instantiate(module, imports as never);
  machine = instance.exports as unknown as Machine;
}

const write = (address: number, value: bigint) => {
  for (let k = 0; k < 4; k++) {
    bytes().writeBigUInt64LE((value >> BigInt(64 * k)) & 0xffff_ffff_ffff_ffffn, address + 8 * k);
  }
};
const read = (address: number) =>
  [3, 2, 1, 0].reduce((sum, k) => (sum << 64n) | bytes().readBigUInt64LE(address + 8 * k), 0n);
const montgomery = (value: bigint) => (value * R) % FIELD_ORDER;

const edges = [0n, 1n, 2n, 2n ** 29n - 1n, 2n ** 232n, FIELD_ORDER / 2n, FIELD_ORDER - 1n];
const elements = [...edges, ...Array.from({ length: 40 }, () => randomFieldElement())];

beforeAll(async () => {
  await start();
  memory = new MachineMemory(BASE);
  bytes().set(memory.image(), memory.base);
});

describe("arithmetic in the place of circom's", () => {
  const [x, y, to] = [CELLS, CELLS + 32, CELLS + 64];

  it("multiplies and squares, also onto its operands", () => {
    for (const a of elements) {
      for (const b of elements) {
        write(x, montgomery(a));
        write(y, montgomery(b));
        machine.multiply(x, y, to);
        expect(read(to)).toBe(montgomery((a * b) % FIELD_ORDER));
        machine.multiply(x, y, y);
        expect(read(y)).toBe(read(to));
      }
      machine.square(x, x);
      expect(read(x)).toBe(montgomery((a * a) % FIELD_ORDER));
    }
  });

  it("raises to any power, 0 included", () => {
    for (const base of elements) {
      let expected = 1n;
      for (let exponent = 0n; exponent < 40n; exponent++) {
        write(x, montgomery(base));
        write(y, exponent);
        machine.power(x, y, 32, to);
        expect(read(to)).toBe(montgomery(expected));
        expected = (expected * base) % FIELD_ORDER;
      }
      write(x, montgomery(base));
      write(y, FIELD_ORDER - 1n);
      machine.power(x, y, 32, x);
      expect(read(x)).toBe(base === 0n ? 0n : montgomery(1n));
    }
  });
});

describe("a tape", () => {
  /** Fills a cell in one of circom's forms. */
  const fill = (offset: number, form: "number" | "long" | "montgomery", value: bigint) => {
    const cell = CELLS + offset;
    bytes().fill(0xa5, cell, cell + CELL_BYTES);
    if (form === "number") {
      bytes().writeInt32LE(Number(value), cell);
      bytes().writeUInt32LE(0, cell + 4);
    } else {
      bytes().writeUInt32LE(form === "long" ? 0x8000_0000 : 0xc000_0000, cell + 4);
      write(cell + 8, form === "long" ? value : montgomery(value));
    }
  };
  const cellAt = (index: number) => index * CELL_BYTES;
  const play = (outputs: { offset: number; value: number }[], expressions: Expressions) => {
    const { kinds } = expressions;
    const inputs = kinds.flatMap((kind, id) =>
      kind === 1 ? [{ offset: expressions.left[id] as number, value: id }] : [],
    );
    const operations = kinds.flatMap((kind, id) => (kind > 1 ? [id] : []));
    const placed = new MachineMemory(BASE);
    const tape = placed.append(writeTape({ inputs, operations, outputs }, expressions, placed));
    bytes().set(placed.image(), placed.base);
    bytes().writeUInt32LE(CELLS, RECORD + 4);
    expect(machine.run(RECORD, tape)).toBe(0);
    return outputs.map(({ offset }) => {
      expect(bytes().readUInt32LE(CELLS + offset + 4)).toBe(0xc000_0000);
      return read(CELLS + offset + 8);
    });
  };

  it("reads every form of a cell, negative numbers too", () => {
    for (const number of [0, 1, 7, -1, 2 ** 31 - 1, -(2 ** 31)]) {
      const expressions = new Expressions();
      const inputs = [0, 1, 2].map((k) => expressions.input(cellAt(k)));
      const value = ((BigInt(number) % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
      fill(cellAt(0), "number", BigInt(number));
      fill(cellAt(1), "long", value);
      fill(cellAt(2), "montgomery", value);
      const outputs = inputs.map((id, k) => ({ offset: cellAt(3 + k), value: id }));
      expect(play(outputs, expressions)).toEqual(Array(3).fill(montgomery(value)));
    }
  });

  it("sums as many products and elements as one step can hold, at their largest", () => {
    for (const value of [FIELD_ORDER - 1n, 1n, 0n, randomFieldElement()]) {
      for (const length of [1, 5, 6, 7, 13, 63, 64, 65, 200]) {
        const expressions = new Expressions();
        const [a, b] = [expressions.input(0), expressions.input(cellAt(1))];
        fill(0, "montgomery", value);
        fill(cellAt(1), "montgomery", FIELD_ORDER - 1n);
        let products = expressions.constant(0n);
        let both = expressions.multiply(a, b);
        for (let k = 0; k < length; k++) {
          products = expressions.add(products, expressions.multiply(a, b));
          both = expressions.add(expressions.add(both, a), expressions.multiply(b, b));
        }
        const n = BigInt(length);
        const minus = FIELD_ORDER - 1n;
        const outputs = [products, both].map((id, k) => ({ offset: cellAt(2 + k), value: id }));
        expect(play(outputs, expressions)).toEqual([
          montgomery((n * value * minus) % FIELD_ORDER),
          montgomery((value * minus + n * (value + 1n)) % FIELD_ORDER),
        ]);
      }
    }
  });

  it("does what random programs say", () => {
    for (let round = 0; round < 100; round++) {
      const expressions = new Expressions();
      const values = new Map<number, bigint>();
      const ids: number[] = [];
      const keep = (id: number, value: bigint) => {
        values.set(id, ((value % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER);
        ids.push(id);
      };
      for (let k = 0; k < 4; k++) {
        const value = elements[Math.floor(Math.random() * elements.length)] as bigint;
        fill(cellAt(k), k % 2 ? "long" : "montgomery", value);
        keep(expressions.input(cellAt(k)), value);
        keep(expressions.constant(value + 1n), value + 1n);
      }
      for (let k = 0; k < 60; k++) {
        const [a, b] = [0, 1].map(() => ids[Math.floor(Math.random() * ids.length)] as number);
        const [x, y] = [values.get(a as number), values.get(b as number)] as [bigint, bigint];
        const which = Math.floor(Math.random() * 3);
        if (which === 0) keep(expressions.add(a as number, b as number), x + y);
        else if (which === 1) keep(expressions.subtract(a as number, b as number), x - y);
        else keep(expressions.multiply(a as number, b as number), x * y);
      }
      const outputs = ids
        .filter(() => Math.random() < 0.3)
        .map((id, k) => ({ offset: cellAt(4 + k), value: id }));
      const expected = outputs.map(({ value }) => montgomery(values.get(value) as bigint));
      expect(play(outputs, expressions)).toEqual(expected);
    }
  });

  it("leaves a component alone exactly while its inputs stay the same", () => {
    const expressions = new Expressions();
    const [a, b] = [expressions.input(0), expressions.input(cellAt(1))];
    const product = expressions.multiply(a, b);
    const placed = new MachineMemory(BASE);
    const inputs = [a, b].map((value, k) => ({ offset: cellAt(k), value }));
    const outputs = [{ offset: cellAt(2), value: product }];
    const program = { inputs, operations: [product], outputs };
    const tape = placed.append(writeTape(program, expressions, placed));
    bytes().set(placed.image(), placed.base);
    const COMPONENTS = 20;
    /** Whether the component at a place was run, and what its output cell says. */
    const run = (place: number, x: bigint, y: bigint) => {
      const start = place * cellAt(3);
      fill(start, "montgomery", x);
      fill(start + cellAt(1), "long", y);
      bytes().writeUInt32LE(CELLS + start, RECORD + 4);
      const output = CELLS + start + cellAt(2);
      const before = Buffer.from(bytes().subarray(output, output + CELL_BYTES));
      bytes().fill(0x77, output, output + CELL_BYTES);
      machine.run(RECORD, tape);
      const isRun = bytes().readUInt32LE(output) !== 0x77777777;
      if (!isRun) before.copy(bytes(), output);
      return { isRun, value: read(output + 8) };
    };
    for (let place = 0; place < COMPONENTS; place++) {
      const x = BigInt(place);
      expect(run(place, x, 3n)).toEqual({ isRun: true, value: montgomery(3n * x) });
    }
    for (let place = 0; place < COMPONENTS; place++) {
      const x = BigInt(place);
      expect(run(place, x, 3n)).toEqual({ isRun: place >= 8, value: montgomery(3n * x) });
      expect(run(place, x, 4n)).toEqual({ isRun: true, value: montgomery(4n * x) });
      expect(run(place, x + 1n, 4n)).toEqual({ isRun: true, value: montgomery(4n * x + 4n) });
      expect(run(place, x, 3n)).toEqual({ isRun: true, value: montgomery(3n * x) });
    }
  });
});
