import { type Hex, isAddressEqual, keccak256, parseTransaction } from "viem";
import { executedCalls } from "../../../src/chain/executedCalls.ts";
import type { CrashWorld } from "./crashWorld.ts";
import { type Interceptor, NoAnswer } from "./nodeWitness.ts";

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How often a node does what nodes do, of 1. */
const CUTS_OFF = 0.01;
const REFUSES = 0.005;
const FORGETS = 0.04;
/** Of transactions: kept back until their action can no longer land. */
const STRANDS = 0.01;

/** A node that ends connections, refuses, forgets transactions that it took, and keeps some back for good. */
export function unreliableNode(
  { keeper, desk }: Pick<CrashWorld, "keeper" | "desk">,
  random: () => number,
): Interceptor {
  return async (method, params, pass) => {
    const luck = random();
    if (luck < CUTS_OFF) throw new NoAnswer();
    if (luck < CUTS_OFF + REFUSES) {
      throw Object.assign(new Error("internal error"), { code: -32_603 });
    }
    if (method !== "eth_sendRawTransaction") return pass();
    const raw = params[0] as Hex;
    if (isStranded(raw)) return keccak256(raw);
    const answer = luck < 1 - FORGETS ? await pass() : keccak256(raw);
    // Taken by the chain, and the service does not hear of it.
    if (luck < 2 * CUTS_OFF + REFUSES) throw new NoAnswer();
    return answer;
  };

  function isStranded(raw: Hex): boolean {
    const { to, data = "0x" } = parseTransaction(raw);
    if (!to || !isAddressEqual(to, desk.gate)) return false;
    const [executed] = executedCalls(data);
    if (!executed) return false;
    const { stateNew, deadline } = executed.proof;
    // All versions of a transaction share its fate.
    return Number(stateNew % 10_000n) < 10_000 * STRANDS && keeper.latest().time <= deadline;
  }
}
