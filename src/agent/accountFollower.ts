import type { Address } from "viem";
import { TransactionNotFoundError, TransactionReceiptNotFoundError } from "viem";
import { getBlock, getTransaction, getTransactionCount, getTransactionReceipt } from "viem/actions";
import type { ReadClient } from "../chain/client.ts";
import { RequestConflictError } from "../errors/journal.ts";
import type { Journal, OuterTransaction } from "../journal/journal.ts";
import type { RequestRecord } from "../journal/request.ts";
import type { AgentKey } from "../keys/keys.ts";
import { isCancel, signAttempt } from "./attempt.ts";
import { crashPoint } from "./crashMarks.ts";
import { currentFees, replacementFees } from "./fees.ts";
import type { Ledger } from "./ledger.ts";
import type { AgentTuning } from "./options.ts";
import { broadcastRaw } from "./submitter.ts";

export interface AccountFollowerOptions {
  chainId: number;
  client: ReadClient;
  key: AgentKey;
  journal: Journal;
  ledger: Ledger;
  tuning: AgentTuning;
  /** Nothing is signed for a paused gate, not even a higher fee. */
  isPaused(gate: Address): boolean;
  /** Told when a transaction was mined, or was not after all. */
  onMined(transaction: OuterTransaction): void;
  onProblem(error: unknown): void;
}

/** What one look at the chain tells of an account. */
interface Look {
  /** Nonces below it are used at the latest block. */
  nonce: number;
  /** unix seconds of the latest block */
  time: bigint;
  finalizedNumber: bigint;
  finalizedNonce(): Promise<number>;
}

/** Requests that no transaction is needed for any more. */
const ended = new Set<RequestRecord["status"]>(["denied", "failed", "expired"]);

/**
 * Looks after an account's outer transactions until a finalized block has used each nonce: notices what was
 * mined and what was reorganised away, sends again what the node has forgotten, raises the fee of what is stuck,
 * and takes the place of what can no longer execute with a transfer to the account itself. A nonce that was taken
 * for used and is not is looked after again: nothing that comes after it could be mined.
 *
 * Of several processes that share an account one at a time does this: whoever holds the account's lease.
 */
export function createAccountFollower(options: AccountFollowerOptions) {
  const { chainId, client, key, journal, ledger, tuning, isPaused, onMined, onProblem } = options;
  const address = key.address;
  /** Since when this process knows a version, by its own monotonic clock in milliseconds. */
  const firstSeen = new Map<string, number>();

  async function look(): Promise<Look> {
    const [nonce, latest, finalized] = await Promise.all([
      getTransactionCount(client, { address }),
      getBlock(client),
      getBlock(client, { blockTag: "finalized" }),
    ]);
    return {
      nonce,
      time: latest.timestamp,
      finalizedNumber: finalized.number,
      finalizedNonce: () => getTransactionCount(client, { address, blockTag: "finalized" }),
    };
  }

  /** The newest version's receipt, or an older one's that was mined instead. */
  async function findMined({ attempts }: OuterTransaction): Promise<OuterTransaction["mined"]> {
    for (const { hash } of attempts.toReversed()) {
      const receipt = await getTransactionReceipt(client, { hash }).catch(ifMissing);
      if (!receipt) continue;
      const { blockNumber, blockHash, status } = receipt;
      return { hash, blockNumber, blockHash, success: status === "success" };
    }
    return undefined;
  }

  async function followOne(transaction: OuterTransaction, now: Look): Promise<void> {
    const isUsed = transaction.nonce < now.nonce;
    const mined = isUsed ? await findMined(transaction) : undefined;
    let current = transaction;
    // Taken for settled before, by what a node said that another knows nothing of.
    const isReopened = !isUsed && transaction.status === "mined";
    if (!isSame(mined, transaction.mined) || isReopened) {
      crashPoint("mined-seen");
      const status = transaction.attempts.length > 0 ? "sent" : "reserved";
      current = { ...transaction, mined, status };
      await journal.transactions.save(current);
      crashPoint("mined-recorded");
      onMined(current);
    }
    if (!isUsed) {
      await push(current, now);
      return;
    }
    if (current.status === "mined") return;
    const isSettled = mined
      ? mined.blockNumber <= now.finalizedNumber && !(await isUnconfirmed(current))
      : // Somebody else has used the nonce.
        transaction.nonce < (await now.finalizedNonce());
    if (!isSettled) return;
    await journal.transactions.save({ ...current, status: "mined" });
    for (const { hash } of current.attempts) firstSeen.delete(hash);
    onMined({ ...current, status: "mined" });
  }

  /** Whether a receipt says that a request was executed, and the lane's state has not: a node may lie. */
  async function isUnconfirmed({ request: id, attempts, mined, ...rest }: OuterTransaction) {
    const attempt = attempts.find(({ hash }) => hash === mined?.hash);
    if (id === undefined || !mined?.success || !attempt) return false;
    if (isCancel({ ...rest, attempts }, attempt)) return false;
    const request = await journal.requests.get(id);
    return request?.status === "signed" || request?.status === "submitted";
  }

  /** Sees to it that a nonce which is not used yet gets used. */
  async function push(transaction: OuterTransaction, now: Look): Promise<void> {
    const id = transaction.request;
    const request = id === undefined ? undefined : await journal.requests.get(id);
    const newest = transaction.attempts.at(-1);
    const isOver =
      request === undefined ||
      ended.has(request.status) ||
      (request.signed !== undefined && now.time > request.signed.proof.deadline);
    if (!newest) {
      // Taken by a process that has died since; the lane's own uses it unless the request is over.
      if (isOver) await replace(transaction, request, "cancel");
      return;
    }
    const since = firstSeen.get(newest.hash) ?? performance.now();
    firstSeen.set(newest.hash, since);
    const cancels = isCancel(transaction, newest);
    const isStuck = performance.now() - since > tuning.fees.stuckAfter * 1_000;
    if (isOver && !cancels) {
      if (await replace(transaction, request, "cancel")) return;
    } else if (isStuck && (cancels || !isPaused(transaction.to))) {
      if (await replace(transaction, request, cancels ? "cancel" : "carry")) return;
    }
    const isPooled = await getTransaction(client, { hash: newest.hash }).catch(ifMissing);
    if (!isPooled) await broadcastRaw(client, newest.raw);
  }

  /** @returns false if that would cost more than the cap allows */
  async function replace(
    transaction: OuterTransaction,
    request: RequestRecord | undefined,
    what: "carry" | "cancel",
  ): Promise<boolean> {
    const now = await currentFees(client, tuning.fees);
    const sent = transaction.attempts.at(-1);
    const fees = sent ? replacementFees(sent, now, tuning.fees) : now;
    if (!fees) {
      onProblem(
        new Error(`the transaction with nonce ${transaction.nonce} is stuck at the fee cap`),
      );
      return false;
    }
    const attempt = await signAttempt(key, transaction, fees, what);
    const attempts = [...transaction.attempts, attempt];
    await journal.transactions.save({ ...transaction, attempts, status: "sent" });
    crashPoint("replacement-recorded");
    if (request && request.transactions.length > 0 && what === "carry") {
      await ledger
        .move(request, { transactions: attempts.map(({ hash }) => hash) })
        .catch((error: unknown) => {
          // The lane has moved the request on meanwhile; the journal finds it by this hash all the same.
          if (!(error instanceof RequestConflictError)) throw error;
        });
    }
    await broadcastRaw(client, attempt.raw);
    crashPoint("replacement-broadcast");
    return true;
  }

  return {
    /**
     * Looks once.
     *
     * @returns whether anything is left to look after
     */
    async follow(): Promise<boolean> {
      const known = await journal.transactions.open(chainId, address);
      if (known.length === 0) return false;
      const now = await look();
      const open = await journal.transactions.open(chainId, address, now.nonce);
      for (const transaction of open) await followOne(transaction, now).catch(onProblem);
      return true;
    },
  };
}

function ifMissing(error: unknown): undefined {
  if (error instanceof TransactionReceiptNotFoundError) return undefined;
  if (error instanceof TransactionNotFoundError) return undefined;
  throw error;
}

function isSame(a: OuterTransaction["mined"], b: OuterTransaction["mined"]): boolean {
  return a?.hash === b?.hash && a?.blockHash === b?.blockHash && a?.success === b?.success;
}
