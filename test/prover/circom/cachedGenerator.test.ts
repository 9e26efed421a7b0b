import { createHash } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { compileCircuit } from "../../../scripts/circuits/compile.ts";
import { WitnessError } from "../../../src/errors/prover.ts";
import { FIELD_ORDER } from "../../../src/field/field.ts";
import { randomFieldElement } from "../../../src/field/random.ts";
import { cachePath, writeCacheFile } from "../../../src/prover/cacheFile.ts";
import type { SpecializedGenerator } from "../../../src/prover/circom/attachMachine.ts";
import {
  encode,
  generatorFile,
  loadSpecializedGenerator,
} from "../../../src/prover/circom/cachedGenerator.ts";
import { GeneratorInstance } from "../../../src/prover/circom/generatorInstance.ts";
import { MachineMemory } from "../../../src/prover/circom/machineMemory.ts";
import { specializeGenerator } from "../../../src/prover/circom/specialize.ts";
import { readWasm } from "../../../src/prover/circom/wasmBinary.ts";
import { createKernelProver } from "../../../src/prover/kernel/kernelProver.ts";
import { verifyProof } from "../../../src/prover/verify.ts";
import { WitnessCalculator } from "../../../src/prover/witnessCalculator.ts";
import { basePolicy, baseSituation, claimedTransition, inputOf } from "../../support/mandate.ts";
import { temporaryFolder } from "../setup/fixtures.ts";

let wasm: Uint8Array<ArrayBuffer>;
let made: SpecializedGenerator;
beforeAll(async () => {
  const folder = `build/test/cachedGenerator-${process.pid}`;
  const compiled = await compileCircuit("test/prover/fixtures/hashes.circom", folder);
  wasm = new Uint8Array(await readFile(compiled.wasm));
  made = specialized(wasm);
}, 60_000);

function specialized(bytes: Uint8Array): SpecializedGenerator {
  const generator = specializeGenerator(bytes);
  if (generator === undefined) throw new Error("nothing was made faster");
  return generator;
}

/** As much of the content as tells one generator from another. */
const digest = (generator: SpecializedGenerator) =>
  encode(generator)
    .reduce((hash, part) => hash.update(part), createHash("sha256"))
    .digest("hex");

/** The same with one constant that is another element. */
function forged(generator: SpecializedGenerator): SpecializedGenerator {
  const image = Uint8Array.from(generator.image);
  const firstConstant = new MachineMemory(0).constant(1n);
  image[firstConstant] = (image[firstConstant] as number) ^ 1;
  return { ...generator, image };
}

/** Whether the witnesses are circom's, for inputs with edge values and inputs that are refused. */
async function expectStockWitnesses(generator: SpecializedGenerator | undefined): Promise<void> {
  const module = await WebAssembly.compile(wasm);
  const calculator = await WitnessCalculator.create("hashes", wasm, generator);
  for (const right of [0n, 1n, FIELD_ORDER - 1n, randomFieldElement()]) {
    for (const left of [0n, 1n]) {
      const stock = await GeneratorInstance.create("hashes", module);
      const expected = stock.calculate({ left, right });
      expect(await calculator.calculateFile({ left, right })).toEqual(expected);
    }
    await expect(calculator.calculateFile({ left: 2n, right })).rejects.toThrow(WitnessError);
  }
}

/** A cache that holds the generator. */
async function filledCache() {
  const directory = join(await temporaryFolder(), "cache");
  loadSpecializedGenerator(wasm, directory);
  const path = cachePath(generatorFile(wasm, directory));
  return { directory, path, good: await readFile(path) };
}

it("the version is raised when the algorithm makes something else of a generator", () => {
  const { owner } = generatorFile(wasm, "");
  expect({ owner: owner.toString("hex"), made: digest(made) }).toEqual({
    owner: "7560af353eb1818ee526e18e47afa8430cee48817dbf9ed7db4b975ee29e9885",
    made: "53bee08bf3b5acb3d09dd902beddb9985907597d61439cfbfe40052f640ff9dd",
  });
});

describe("loadSpecializedGenerator", () => {
  it("makes the same without a cache, with an empty one and with a filled one", async () => {
    const { directory, path, good } = await filledCache();
    expect(await readdir(directory)).toHaveLength(1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    for (const folder of [undefined, directory]) {
      const generator = loadSpecializedGenerator(wasm, folder);
      expect(digest(generator as SpecializedGenerator)).toBe(digest(made));
      await expectStockWitnesses(generator);
    }
    expect(await readFile(path)).toEqual(good);
  });

  it("takes what is in the cache", async () => {
    const { directory } = await filledCache();
    writeCacheFile(generatorFile(wasm, directory), ...encode(forged(made)));
    const generator = loadSpecializedGenerator(wasm, directory) as SpecializedGenerator;
    expect(digest(generator)).toBe(digest(forged(made)));
  });

  it("makes damaged and truncated files anew", async () => {
    const { directory, path, good } = await filledCache();
    const damaged = [
      Buffer.alloc(0),
      good.subarray(0, 40),
      good.subarray(0, good.length / 2),
      good.subarray(0, -1),
      Buffer.concat([good, Buffer.alloc(1)]),
      ...[0, 30, 70, 90, good.length / 2, good.length - 1].map((at) => {
        const copy = Buffer.from(good);
        copy[Math.floor(at)] = (copy[Math.floor(at)] as number) ^ 1;
        return copy;
      }),
    ];
    for (const bytes of damaged) {
      await writeFile(path, bytes);
      const generator = loadSpecializedGenerator(wasm, directory) as SpecializedGenerator;
      expect(digest(generator)).toBe(digest(made));
      expect(await readFile(path)).toEqual(good);
    }
    await expectStockWitnesses(loadSpecializedGenerator(wasm, directory));
  });

  it("does not take content whose parts have other lengths than it says", async () => {
    const { directory, path, good } = await filledCache();
    const [head, code, image] = encode(made);
    for (const content of [[], [head], [head, code], [head, code, image, head]]) {
      writeCacheFile(generatorFile(wasm, directory), ...content);
      const generator = loadSpecializedGenerator(wasm, directory) as SpecializedGenerator;
      expect(digest(generator)).toBe(digest(made));
      expect(await readFile(path)).toEqual(good);
    }
  });

  it("takes neither another version's file nor another generator's", async () => {
    const { directory, path, good } = await filledCache();
    const stale = generatorFile(wasm, directory, 0);
    expect(cachePath(stale)).not.toBe(path);
    const other = generatorFile(wasm.subarray(1), directory);
    for (const file of [stale, other]) {
      writeCacheFile(file, ...encode(forged(made)));
      expect(digest(loadSpecializedGenerator(wasm, directory) as SpecializedGenerator)).toBe(
        digest(made),
      );
      await writeFile(path, await readFile(cachePath(file)));
      const generator = loadSpecializedGenerator(wasm, directory);
      expect(digest(generator as SpecializedGenerator)).toBe(digest(made));
      await expectStockWitnesses(generator);
      expect(await readFile(path)).toEqual(good);
    }
  });

  it("goes without a cache that cannot be written", async () => {
    const blocked = join(await temporaryFolder(), "file");
    await writeFile(blocked, "");
    const generator = loadSpecializedGenerator(wasm, join(blocked, "cache"));
    expect(digest(generator as SpecializedGenerator)).toBe(digest(made));
  });

  it("keeps nothing of a generator that stays as it is", async () => {
    const directory = join(await temporaryFolder(), "cache");
    const bytes = new TextEncoder().encode("no module");
    expect(loadSpecializedGenerator(bytes, directory)).toBeUndefined();
    await expect(readdir(directory)).rejects.toThrow("ENOENT");
  });
});

describe("a forged generator", () => {
  const proofWith = async (forge: (generator: SpecializedGenerator) => SpecializedGenerator) => {
    const file = new URL("../../../circuits/artifacts/gate/gate.wasm", import.meta.url);
    const gate = await readFile(file);
    const cacheDirectory = join(await temporaryFolder(), "cache");
    const parts = encode(forge(specialized(gate)));
    writeCacheFile(generatorFile(gate, cacheDirectory), ...parts);
    const prover = createKernelProver({ threads: 1, memoryCapMb: 1, cacheDirectory });
    try {
      return await prover.prove("gate", inputOf(claimedTransition(basePolicy, baseSituation)));
    } finally {
      await prover.close();
    }
  };

  it("that fails is not used: the one as compiled takes over", async () => {
    const proof = await proofWith(forged);
    await expect(verifyProof("gate", proof)).resolves.toBe(true);
  }, 120_000);

  it("that gives a wrong witness makes no proof: the one as compiled is asked again", async () => {
    /** The last wire's value is read from another wire's cell. */
    const misread = (generator: SpecializedGenerator): SpecializedGenerator => {
      const bytes = generator.wasm.slice();
      const { map, wires } = generator.witness;
      const segment = readWasm(bytes).data.find(({ address }) => address === map);
      if (segment === undefined) throw new Error("no map");
      const words = new DataView(bytes.buffer, segment.start);
      words.setUint32(4 * (wires - 1), words.getUint32(4, true), true);
      return { ...generator, wasm: bytes };
    };
    const proof = await proofWith(misread);
    await expect(verifyProof("gate", proof)).resolves.toBe(true);
  }, 120_000);
});
