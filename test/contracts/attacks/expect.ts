import assert from "node:assert/strict";
import { type ActionRequest, type SignedAction, signAction, submit } from "../support/action.ts";
import type { Outcome } from "../support/chain.ts";
import type { World } from "../support/world.ts";

/**
 * A check of the gate: something an attacker tries, and the refusal that must come of it. The test suite runs
 * all of them on the gate, and the mutants run those that should notice their bug.
 *
 * The circuit behind the proofs accepts every statement, so every attacker here has a policy that allows
 * everything; most have the agent's key as well. What stops them is the gate.
 */
export interface Attack {
  name: string;
  /** Whether the world has a risk feed; by default not. */
  riskFeed?: boolean;
  /** Whether the world's agent is a Schnorr group; by default an ECDSA key. */
  byGroup?: boolean;
  run(world: World): Promise<void>;
}

/** A gate does something else than it must. */
export class GateDefect extends assert.AssertionError {}

export function fail(message: string): never {
  throw new GateDefect({ message });
}

export function describe(outcome: Outcome): string {
  return outcome.ok ? "executed" : `${outcome.refusal.name}(${outcome.refusal.args.join(", ")})`;
}

export function mustExecute(outcome: Outcome): asserts outcome is Extract<Outcome, { ok: true }> {
  if (!outcome.ok) fail(`expected: executed, observed: ${describe(outcome)}`);
}

/** Requires a refusal by name, and by its first arguments where they are given. */
export function mustRefuse(outcome: Outcome, error: string, ...args: readonly unknown[]): void {
  const matches =
    !outcome.ok &&
    outcome.refusal.name === error &&
    args.every((arg, i) => same(outcome.refusal.args[i], arg));
  if (!matches) fail(`expected: ${error}(${args.join(", ")}), observed: ${describe(outcome)}`);
}

function same(a: unknown, b: unknown): boolean {
  const plain = (value: unknown) =>
    typeof value === "string" ? value.toLowerCase() : BigInt(value as bigint);
  return plain(a) === plain(b);
}

export function mustEqual(observed: unknown, expected: unknown, what: string): void {
  if (!same(observed, expected)) fail(`${what}: expected ${expected}, observed ${observed}`);
}

/** Signs a request and requires the gate's refusal of it. */
export function refused(request: ActionRequest, error: string, ...args: readonly unknown[]) {
  return async (world: World) => {
    mustRefuse(await submit(world, await signAction(world, request)), error, ...args);
  };
}

/** Signs an honest action, alters what is submitted, and requires a refusal. */
export function altered(
  alter: (action: SignedAction, world: World) => SignedAction,
  error: string,
  ...args: readonly unknown[]
) {
  return async (world: World) => {
    const action = await signAction(world);
    mustRefuse(await submit(world, alter(action, world)), error, ...args);
  };
}

export const withCall = (change: Partial<SignedAction["call"]>) => (action: SignedAction) => ({
  ...action,
  call: { ...action.call, ...change },
});
export const withProof = (change: Partial<SignedAction["proof"]>) => (action: SignedAction) => ({
  ...action,
  proof: { ...action.proof, ...change },
});
