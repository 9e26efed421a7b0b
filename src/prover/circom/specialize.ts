/**
 * Makes a circuit's witness generator faster without changing what it calculates: templates that are
 * straight-line programs over +, − and · run on a machine of their own. This is the folder's entry; the other
 * modules' headers follow it as the sections of an appendix.
 *
 * circom's code for Poseidon, the bulk of our circuits, copies the tables of constants into variables before
 * every round (2,247 copies for each of the 68 partial rounds over 16 inputs) and goes through several
 * calls for each operation. None of that depends on inputs, so all of it can be done once for each circuit:
 *
 *     circuit.wasm ─§1 recognise→ parts ─§2 execute→ programs ─§3 join sums→ tapes ─┐
 *          └────────────────────────── §5 patch ───────────────────────────────────┴→ faster generator
 *
 * - **§1 Recognising** (generator.ts, on wasmReader.ts and wasmBinary.ts): the generator's runtime is byte for
 *   byte the known one, else nothing is done.
 * - **§2 Executing** (straightLine.ts, on interpreter.ts, controlFlow.ts, symbolicMemory.ts and expressions.ts):
 *   every template's run is executed symbolically, which yields its program, or that it has none.
 * - **§3 Tapes** (tape.ts): the programs of the outermost such templates, written so that few reductions are left.
 * - **§4 The machine** (assembly/machine.ts, on limbs.ts, generateArithmetic.ts and machineMemory.ts): plays
 *   tapes on the generator's memory, and leaves components alone whose inputs have not changed.
 * - **§5 Patching** (here, wasmPatch.ts, attachMachine.ts): the templates' run functions become calls of the
 *   machine. Its multiplication also takes the place of the runtime's, whose powers went through all
 *   256 bits of an exponent. Functions that nothing reaches any more become traps, so that they are not compiled.
 * - **§6 Keeping** (cachedGenerator.ts): the result is a function of the file's bytes, and kept on disk.
 * - **§7 Running** (generatorInstance.ts): instances, faster or as compiled; ../witnessCalculator.ts has one of
 *   each, and the latter calculates again whatever fails in the former.
 *
 * **Why the witness stays the same.** A program is right by §2, its tape calculates the same by §3 and the bounds of
 * generateArithmetic.ts. The machine writes all cells that the replaced code would have written, with the same
 * values (in Montgomery form, one of four forms that the runtime treats alike), so the code around it sees no
 * difference. It cannot fail, as programs have no assertions; an instance in which an assertion elsewhere
 * failed is given up with all that it remembers, which lies in its memory and is wiped with it.
 * The circuit's file stays as it is: the patch lives in memory and in the cache.
 *
 * **Why a kept component is right.** Between two actions under one policy most hashes are of the same rule, path and
 * policy. A program's outputs depend on its inputs alone, only its run writes them, circom clears no
 * signals between calculations, and components have the same addresses in each (they are made in the order of
 * the code, which cannot depend on inputs; were it otherwise, a slot is known by its address and compared by value).
 *
 * And were all of this wrong, the proof of the witness would not verify, and the kernel's prover verifies each before
 * it hands it out.
 *
 * Source of the idea: Y. Futamura, "Partial evaluation of computation process — an approach to a
 * compiler-compiler", 1971: the generator is specialised to what never changes between its runs.
 */
import {
  MACHINE_FUNCTIONS,
  MACHINE_RUN,
  type MachineFunction,
  type SpecializedGenerator,
  TABLE_NAME,
} from "./attachMachine.ts";
import { calledFunctions, type Generator, recognizeGenerator } from "./generator.ts";
import { MachineMemory } from "./machineMemory.ts";
import { type StraightLine, SymbolicMachine } from "./straightLine.ts";
import { writeTape } from "./tape.ts";
import { firstNewType, patchWasm, signedLeb, unsignedLeb } from "./wasmPatch.ts";

/** Templates with fewer operations gain nothing. */
const MIN_OPERATIONS = 100;

const NO_LOCALS = 0x00;
const LOCAL_GET = 0x20;
const CONSTANT = 0x41;
const CALL_INDIRECT = 0x11;
const UNREACHABLE = 0x00;
const END = 0x0b;
const TRAP = [NO_LOCALS, UNREACHABLE, END];

/**
 * Patches a witness generator.
 *
 * @param wasm made by circom
 * @returns undefined if it is of another version than the known one, or nothing in it is a program
 */
export function specializeGenerator(wasm: Uint8Array): SpecializedGenerator | undefined {
  const generator = recognizeGenerator(wasm);
  if (generator === undefined) return undefined;
  try {
    return patched(generator);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function patched(generator: Generator): SpecializedGenerator | undefined {
  const { binary, creators, fieldFunctions, stackStart } = generator;
  const symbolic = new SymbolicMachine(generator);
  const programs = new Map<number, StraightLine>();
  for (const run of binary.table) {
    const program = symbolic.execute(run);
    if (program !== undefined && program.operations.length >= MIN_OPERATIONS) {
      programs.set(run, program);
    }
  }
  const reached = reachableRuns(generator, (run) => programs.has(run));

  const memory = new MachineMemory(stackStart);
  const bodies = new Map<number, readonly number[]>();
  const firstType = firstNewType(binary);
  const call = (index: number, ...values: readonly (readonly number[])[]) => [
    ...[NO_LOCALS, ...values.flat(), CONSTANT, ...signedLeb(binary.table.length + index)],
    ...[CALL_INDIRECT, ...unsignedLeb(firstType + index), 0, END],
  ];
  for (const [run, create] of creators) {
    const program = programs.get(run);
    if (!reached.has(run)) {
      for (const index of [run, create]) bodies.set(index, TRAP);
    } else if (program !== undefined) {
      const tape = memory.append(writeTape(program, symbolic.expressions, memory));
      bodies.set(run, call(MACHINE_RUN, [LOCAL_GET, 0], [CONSTANT, ...signedLeb(tape)]));
    }
  }
  if ([...reached].every((run) => !programs.has(run))) return undefined;
  for (const [index, name] of fieldFunctions) {
    const instead = MACHINE_FUNCTIONS.findIndex(({ insteadOf }) => insteadOf === name);
    if (instead < 0) continue;
    const { parameters } = MACHINE_FUNCTIONS[instead] as MachineFunction;
    const values = Array.from({ length: parameters }, (_, k) => [LOCAL_GET, k]);
    bodies.set(index, call(instead, ...values));
  }

  return {
    wasm: patchWasm(binary, { bodies, provided: MACHINE_FUNCTIONS, tableName: TABLE_NAME }),
    image: memory.image(),
    base: memory.base,
    stackStart,
    tableEntries: binary.table.length,
    witness: generator.witness,
  };
}

/** The runs that can happen: only `create` functions make components, from the main component on. */
function reachableRuns(generator: Generator, isLeaf: (run: number) => boolean): Set<number> {
  const { binary, creators, mainRun } = generator;
  const runOf = new Map([...creators].map(([run, create]) => [create, run]));
  const reached = new Set([mainRun]);
  for (const run of reached) {
    if (isLeaf(run)) continue;
    for (const called of calledFunctions(binary, run)) {
      const inside = runOf.get(called);
      if (inside !== undefined) reached.add(inside);
    }
  }
  return reached;
}
