import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { compileCircuit } from "../../../scripts/circuits/compile.ts";
import type { CircuitName } from "../../../src/action/circuits.ts";
import { WitnessError } from "../../../src/errors/prover.ts";
import { FIELD_ORDER } from "../../../src/field/field.ts";
import { randomFieldElement } from "../../../src/field/random.ts";
import { attachMachine } from "../../../src/prover/circom/attachMachine.ts";
import { GeneratorInstance } from "../../../src/prover/circom/generatorInstance.ts";
import { specializeGenerator } from "../../../src/prover/circom/specialize.ts";
import { WitnessCalculator } from "../../../src/prover/witnessCalculator.ts";
import type { CircuitInput, SignalValue } from "../../../src/witness/witness.ts";
import {
  baseAction,
  basePolicy,
  baseRule,
  baseSituation,
  calldata,
  claimedTransition,
  inputOf,
  RECIPIENT,
} from "../../support/mandate.ts";
import { toyInput } from "../fixtures/toy.ts";

const artifact = async (circuit: CircuitName): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(
    await readFile(
      new URL(`../../../circuits/artifacts/${circuit}/${circuit}.wasm`, import.meta.url),
    ),
  );

/** What a calculation gives: the file, or what it says of its failure. */
type Outcome = Uint8Array | { restriction: string; trace: readonly string[]; message: string };

const failure = (error: unknown): Outcome => {
  if (!(error instanceof WitnessError)) throw error;
  return { restriction: error.restriction, trace: error.trace, message: error.message };
};

/** The generator as circom compiled it, with a new instance after each failure. */
async function stockCalculator(circuit: string, wasm: Uint8Array<ArrayBuffer>) {
  const module = await WebAssembly.compile(wasm);
  let instance: GeneratorInstance | undefined;
  return async (input: CircuitInput): Promise<Outcome> => {
    instance ??= await GeneratorInstance.create(circuit, module);
    try {
      return instance.calculate(input);
    } catch (error) {
      instance = undefined;
      return failure(error);
    }
  };
}

/** The same generator made faster, without the other to fall back on. */
async function fastCalculator(circuit: string, wasm: Uint8Array<ArrayBuffer>) {
  const specialized = specializeGenerator(wasm);
  if (specialized === undefined) throw new Error("nothing was made faster");
  const module = await WebAssembly.compile(specialized.wasm);
  let instance: GeneratorInstance | undefined;
  return async (input: CircuitInput): Promise<Outcome> => {
    instance ??= await GeneratorInstance.create(circuit, module, (exports) =>
      attachMachine(specialized, exports),
    );
    try {
      return instance.calculate(input);
    } catch (error) {
      instance = undefined;
      return failure(error);
    }
  };
}

const random = (below: number) => Math.floor(Math.random() * below);
const anyOf = <T>(values: readonly T[]): T => values[random(values.length)] as T;

/** Inputs of a transfer under changing rules, policies, times and states. */
function anyTransfer(circuit: CircuitName): CircuitInput {
  const amount = BigInt(random(1_000));
  const rules = Array.from({ length: 1 + random(3) }, (_, k) => ({
    ...baseRule,
    name: `rule ${k}`,
    limitAgent: anyOf([1_000n, 1_000n + BigInt(random(1_000))]),
    limitQuorum: 2_000n,
    scales: random(2) === 0,
    hoursStart: random(40_000),
  }));
  const policy = {
    ...basePolicy,
    rules,
    salt: anyOf([basePolicy.salt, randomFieldElement()]),
  };
  const time = baseSituation.time + BigInt(random(1_000_000));
  const action = { ...baseAction, data: calldata(0xa9059cbbn, [BigInt(RECIPIENT), amount]) };
  const levels = baseSituation.levels.map(() => ({
    level: BigInt(random(2 ** 31)),
    last: time - BigInt(random(10_000)),
  }));
  const situation = { ...baseSituation, action, time, levels };
  return inputOf({ ...claimedTransition(policy, situation, random(rules.length)), circuit });
}

/** One element of one signal, chosen by chance, becomes another. */
function disturbed(input: CircuitInput): CircuitInput {
  const edges = [0n, 1n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 253n, FIELD_ORDER - 1n];
  const change = (value: SignalValue): SignalValue => {
    if (typeof value === "bigint") return anyOf([...edges, randomFieldElement()]);
    const at = random(value.length);
    return value.map((each, k) => (k === at ? change(each) : each));
  };
  const name = anyOf(Object.keys(input));
  return { ...input, [name]: change(input[name] as SignalValue) };
}

describe.each<CircuitName>(["gate", "wide"])("the generator of circuit %s", (circuit) => {
  let stock: Awaited<ReturnType<typeof stockCalculator>>;
  let fast: Awaited<ReturnType<typeof fastCalculator>>;
  beforeAll(async () => {
    const wasm = await artifact(circuit);
    stock = await stockCalculator(circuit, wasm);
    fast = await fastCalculator(circuit, wasm);
  });

  it("gives the same witness, byte for byte, and fails where the original fails", async () => {
    let failures = 0;
    for (let round = 0; round < 60; round++) {
      const transfer = anyTransfer(circuit);
      const input = round % 3 === 2 ? disturbed(transfer) : transfer;
      const expected = await stock(input);
      const received = await fast(input);
      if (expected instanceof Uint8Array) {
        expect(Buffer.compare(received as Uint8Array, expected)).toBe(0);
      } else {
        expect(received).toEqual(expected);
        failures++;
      }
    }
    expect(failures).toBeGreaterThan(0);
    expect(failures).toBeLessThan(60);
  });

  it("gives the same witness where hashed elements have edge values", async () => {
    for (const edge of [0n, 1n, 2n ** 31n, 2n ** 32n, FIELD_ORDER - 1n, FIELD_ORDER - 2n ** 31n]) {
      const transition = claimedTransition({ ...basePolicy, salt: edge }, baseSituation);
      const salted = {
        ...transition,
        circuit,
        stateOld: { ...transition.stateOld, salt: edge },
        stateNew: { ...transition.stateNew, salt: edge },
      };
      const expected = await stock(inputOf(salted));
      expect(expected).toBeInstanceOf(Uint8Array);
      expect(await fast(inputOf(salted))).toEqual(expected);
    }
  });
});

describe("a calculator", () => {
  const permitted = inputOf(claimedTransition(basePolicy, baseSituation));

  it("wipes and starts anew", async () => {
    const wasm = await artifact("gate");
    const calculator = await WitnessCalculator.create("gate", wasm, specializeGenerator(wasm));
    const before = await calculator.calculateFile(permitted);
    calculator.wipe();
    expect(Buffer.compare(await calculator.calculateFile(permitted), before)).toBe(0);
  });

  it("leaves nothing in memory when wiped, neither cells nor what the machine remembers", async () => {
    const specialized = specializeGenerator(await artifact("gate"));
    if (specialized === undefined) throw new Error("nothing was made faster");
    let memory = new ArrayBuffer();
    const module = await WebAssembly.compile(specialized.wasm);
    const instance = await GeneratorInstance.create("gate", module, (exports) => {
      const reader = attachMachine(specialized, exports);
      memory = (exports.memory as WebAssembly.Memory).buffer;
      return reader;
    });
    instance.calculate(permitted);
    expect(Buffer.from(memory).some((byte) => byte !== 0)).toBe(true);
    instance.wipe();
    expect(Buffer.from(memory).some((byte) => byte !== 0)).toBe(false);
  });

  it("goes on after a failure, which the original generator tells", async () => {
    const wasm = await artifact("gate");
    const calculator = await WitnessCalculator.create("gate", wasm, specializeGenerator(wasm));
    const stock = await stockCalculator("gate", wasm);
    for (const input of [permitted, { ...permitted, saltOld: 5n }, permitted]) {
      expect(await calculator.calculateFile(input).catch(failure)).toEqual(await stock(input));
    }
  });

  it("gives the same before and after it makes the generator faster on its own", async () => {
    const wasm = await artifact("gate");
    const calculator = await WitnessCalculator.create("gate", wasm);
    const stock = await stockCalculator("gate", wasm);
    for (let round = 0; round < 8; round++) {
      const input = round === 2 ? { ...permitted, saltOld: 5n } : anyTransfer("gate");
      expect(await calculator.calculateFile(input).catch(failure)).toEqual(await stock(input));
    }
  });

  it("calculates as compiled where the faster generator does not compile", async () => {
    const wasm = await artifact("gate");
    const specialized = specializeGenerator(wasm);
    if (specialized === undefined) throw new Error("nothing was made faster");
    const broken = { ...specialized, wasm: specialized.wasm.slice(0, -1) };
    const calculator = await WitnessCalculator.create("gate", wasm, broken);
    const stock = await stockCalculator("gate", wasm);
    expect(await calculator.calculateFile(permitted)).toEqual(await stock(permitted));
  });

  it("calculates with a generator of another version as it is", async () => {
    const wasm = await artifact("gate");
    // The name of a function of its runtime is another.
    const other = Buffer.from(wasm);
    other.write("Fr_copym", other.lastIndexOf("Fr_copyn"));
    expect(specializeGenerator(other)).toBeUndefined();
    const stock = await stockCalculator("gate", wasm);
    const calculator = await WitnessCalculator.create("gate", new Uint8Array(other));
    expect(await calculator.calculateFile(permitted)).toEqual(await stock(permitted));
  });

  it("calculates with a circuit in which nothing is straight-line", async () => {
    const folder = `build/test/specialize-${process.pid}`;
    const { wasm } = await compileCircuit("test/prover/fixtures/toy.circom", folder);
    const bytes = new Uint8Array(await readFile(wasm));
    const calculator = await WitnessCalculator.create("toy", bytes);
    const stock = await stockCalculator("toy", bytes);
    for (const amount of [0n, 7n, 10n, 11n, 7n, 8n]) {
      const input = toyInput({ amount });
      expect(await calculator.calculateFile(input).catch(failure)).toEqual(await stock(input));
    }
  });
});

it("bytes that are no module are not patched", () => {
  expect(specializeGenerator(new Uint8Array())).toBeUndefined();
  expect(specializeGenerator(new TextEncoder().encode("\0asm\u0001\0\0\0 nothing else"))).toBe(
    undefined,
  );
});
