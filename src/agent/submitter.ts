import type { Address } from "viem";
import { getTransactionCount, sendRawTransaction } from "viem/actions";
import type { ReadClient } from "../chain/client.ts";
import { executeCalldata } from "../chain/executeCalldata.ts";
import type { Journal, OuterTransaction } from "../journal/journal.ts";
import type { RequestRecord } from "../journal/request.ts";
import type { AgentKey } from "../keys/keys.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import { signAttempt } from "./attempt.ts";
import { crashPoint } from "./crashMarks.ts";
import { currentFees } from "./fees.ts";
import { gasLimit } from "./gasLimit.ts";
import { isKnownTransaction } from "./nodeErrors.ts";
import type { AgentTuning } from "./options.ts";

/** An account that carries signed actions to gates; its nonces are shared through the journal. */
export interface Submitter {
  readonly address: Address;
  /**
   * Makes the request's outer transaction: estimated, its nonce taken, signed and recorded, but not sent. One
   * that is recorded already is returned as it is.
   *
   * @throws {CallRefusedError} if the gate would refuse it
   */
  prepare(input: PrepareInput): Promise<OuterTransaction>;
  /** Sends the newest version that was recorded; it may be known to the node already. */
  broadcast(transaction: OuterTransaction): Promise<void>;
}

export interface PrepareInput {
  request: RequestRecord;
  signed: SignedGateCall;
  /** Whether actions of the lane before it are not mined yet. */
  hasPredecessors: boolean;
  /** Asked before a nonce is taken; throws if nothing may be sent now. */
  assertAllowed(): Promise<void>;
}

export interface SubmitterOptions {
  chainId: number;
  client: ReadClient;
  key: AgentKey;
  transactions: Journal["transactions"];
  tuning: AgentTuning;
}

export function createSubmitter(options: SubmitterOptions): Submitter {
  const { chainId, client, key, transactions, tuning } = options;
  const submitter = key.address;

  return {
    address: submitter,

    async prepare({ request, signed, hasPredecessors, assertAllowed }) {
      const known = await transactions.ofRequest(request.id);
      if (known && known.attempts.length > 0) return known;
      const data = executeCalldata(signed);
      const [gas, fees, atLeast] = await Promise.all([
        gasLimit(client, {
          gate: request.gate,
          submitter,
          signed,
          hasPredecessors,
          fallbackGas: tuning.fallbackGas,
        }),
        currentFees(client, tuning.fees),
        getTransactionCount(client, { address: submitter }),
      ]);
      await assertAllowed();
      const input = { chainId, submitter, request: request.id, to: request.gate, value: 0n };
      const reserved = await transactions.reserve({ ...input, data, gas, atLeast });
      crashPoint("nonce-reserved");
      if (reserved.attempts.length > 0) return reserved;
      const attempt = await signAttempt(key, { ...reserved, data, gas }, fees, "carry");
      crashPoint("raw-signed");
      const sent: OuterTransaction = {
        ...reserved,
        data,
        gas,
        attempts: [attempt],
        status: "sent",
      };
      await transactions.save(sent);
      crashPoint("raw-recorded");
      return sent;
    },

    async broadcast({ attempts }) {
      const newest = attempts.at(-1);
      if (newest) await broadcastRaw(client, newest.raw);
    },
  };
}

/** Sends a recorded transaction; that the node knows it, or a version of it, is as good. */
export async function broadcastRaw(client: ReadClient, raw: `0x${string}`): Promise<void> {
  await sendRawTransaction(client, { serializedTransaction: raw }).catch((error: unknown) => {
    if (!isKnownTransaction(error)) throw error;
  });
}
