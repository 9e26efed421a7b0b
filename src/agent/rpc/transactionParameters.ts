import { type Address, getAddress, type Hex } from "viem";
import { z } from "zod";
import { RequestRefusedError } from "../../errors/agent.ts";
import { schemaIssue } from "../../errors/schemaIssue.ts";
import type { AgentRequest } from "../agent.ts";
import { gateOf, type RpcCall } from "./scope.ts";

/**
 * Bytes of calldata that still fit, with the gate's own, into a transaction of 128 KiB, the most that nodes take in.
 * Anything longer would only hold the lane up.
 */
const MAX_CALLDATA = 120_000;

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "expected an address")
  .transform((text): Address => getAddress(text.toLowerCase()));
const data = z
  .string()
  .max(2 + 2 * MAX_CALLDATA, `expected at most ${MAX_CALLDATA} bytes`)
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/, "expected bytes as hex")
  .transform((text) => text.toLowerCase() as Hex);
const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/, "expected a quantity as hex")
  .transform((text) => BigInt(text));
/** Concerns the outer transaction, which the service pays for. */
const ignored = z.unknown().optional();

const transactionSchema = z.strictObject({
  from: address.optional(),
  to: address,
  value: quantity.nullish(),
  data: data.nullish(),
  input: data.nullish(),
  chainId: quantity.nullish(),
  type: ignored,
  gas: ignored,
  gasLimit: ignored,
  gasPrice: ignored,
  maxFeePerGas: ignored,
  maxPriorityFeePerGas: ignored,
  accessList: ignored,
});

const optionsSchema = z.strictObject({
  /** One of the gate's lanes; the least busy unless given. */
  lane: z.int().min(0).max(65_535).optional(),
  /** seconds that the signed call can land */
  validFor: z.int().positive().optional(),
  /** For `eth_signTransaction`: who will submit. */
  submitter: address.optional(),
  idempotencyKey: z.string().min(1).max(200).optional(),
});

const parametersSchema = z.union([
  z.tuple([transactionSchema]),
  z.tuple([transactionSchema, optionsSchema]),
]);

function invalid(message: string): RequestRefusedError {
  return new RequestRefusedError({ reason: "invalid-request", message });
}

/**
 * A request to the agent from the parameters of `eth_sendTransaction` and its like: the transaction, and
 * optionally `{ lane, validFor, submitter, idempotencyKey }`.
 *
 * @throws {RequestRefusedError} if they are malformed, of another chain, or of a gate that is not the caller's
 */
export function agentRequestOf(call: RpcCall): AgentRequest {
  assertNoNonce(call.params);
  const parsed = parametersSchema.safeParse(call.params, { error: schemaIssue });
  if (!parsed.success) throw invalid(problemOf(parsed.error));
  const [transaction, options = {}] = parsed.data;
  const { from, to, value, chainId, data: bytes, input } = transaction;
  if (bytes && input && bytes !== input) throw invalid("`data` and `input` differ");
  const served = gateOf(call, from);
  if (chainId && chainId !== BigInt(served.chainId)) {
    throw invalid(`\`chainId\` must be ${served.chainId}`);
  }
  const { principal, signal } = call.context;
  const { lane, validFor, submitter } = options;
  return {
    chainId: served.chainId,
    gate: served.gate,
    lane,
    call: { target: to, value: value ?? 0n, data: bytes ?? input ?? "0x" },
    submitter,
    validFor: validFor === undefined ? undefined : BigInt(validFor),
    principal,
    idempotencyKey: call.context.idempotencyKey ?? options.idempotencyKey,
    signal,
  };
}

/** A nonce asks to replace or cancel an earlier transaction, and would be executed beside it instead. */
function assertNoNonce(params: unknown): void {
  const transaction: unknown = Array.isArray(params) ? params[0] : undefined;
  if (typeof transaction !== "object" || transaction === null || !("nonce" in transaction)) return;
  if (transaction.nonce === undefined || transaction.nonce === null) return;
  throw invalid(
    "`nonce` cannot be chosen: lanes order a gate's transactions; use an idempotency key",
  );
}

/** Where the first problem is and what it is; never the value, which may be long. */
function problemOf(error: z.ZodError): string {
  const issue = error.issues[0];
  const nested = issue?.code === "invalid_union" ? issue.errors[0]?.[0] : issue;
  const path = (nested?.path ?? []).map(String).join(".");
  return `The parameters are malformed${path ? ` at ${path}` : ""}: ${nested?.message ?? "unknown form"}`;
}
