import { setTimeout as sleep } from "node:timers/promises";
import { type Address, encodeFunctionData, erc20Abi, type Hex, numberToHex, padHex } from "viem";
import { waitForTransactionReceipt } from "viem/actions";
import { gateEvents } from "../../chain/gateEvents.ts";
import type { Prover } from "../../prover/prover.ts";
import { type BenchDesk, MAX_TRANSFER, openBenchDesk } from "./benchDesk.ts";
import { pipelineOf } from "./benchStages.ts";
import { summarize, type Timing, timeOf } from "./measure.ts";

const LANES = 8;
const CLIENTS = 20;
const REQUESTS = 500;
/** Requests before the counted ones: the service compiles what it runs often. */
const WARM_UP = 20;
/** Requests in a row, and then as many of the pipeline: what else the machine does slows both. */
const IN_A_ROW = 5;
/** How often clients ask what became of a request, milliseconds. */
const POLLING_INTERVAL = 250;

/** The service under its own power: a process that speaks HTTP and keeps its journal on this disk. */
export interface ServiceBench {
  /** Milliseconds from a request over HTTP to its signed gate call, durable; one at a time. */
  requestMedianMs: number;
  requestP95Ms: number;
  /** Milliseconds from decision to signature in the measuring process, in turn with the requests. */
  pipelineMedianMs: number;
  /** 500 requests at once from 20 clients over 8 lanes, to their landing on a local chain. */
  load: {
    /** Requests that were answered with a transaction's hash. */
    accepted: number;
    /** Of them, those that were never executed. */
    lost: number;
    /** Executions beyond one for each request. */
    duplicated: number;
    seconds: number;
  };
}

interface SignedTransaction {
  transaction: { to: Address; data: Hex };
}

/**
 * Measures `zkmandate serve` on a local chain.
 *
 * @param runs how many requests count for the median
 * @param prover for the pipeline beside it
 */
export async function benchService(runs: number, prover: Prover): Promise<ServiceBench> {
  const desk = await openBenchDesk(LANES);
  try {
    const { request, pipeline } = await timeRequests(desk, runs, pipelineOf("gate", prover));
    return {
      requestMedianMs: request.medianMs,
      requestP95Ms: request.p95Ms,
      pipelineMedianMs: pipeline.medianMs,
      load: await load(desk),
    };
  } finally {
    await desk.close();
  }
}

/** Signs and, outside of the time, lands one action after the other; in turn with the pipeline alone. */
async function timeRequests(
  desk: BenchDesk,
  runs: number,
  pipeline: () => Promise<unknown>,
): Promise<Record<"request" | "pipeline", Timing>> {
  const { submitter, control } = desk;
  let n = 0;
  let signed: SignedTransaction | undefined;
  const land = async () => {
    if (!signed) return;
    const { to, data } = signed.transaction;
    const hash = await submitter.sendTransaction({ to, data, gas: 2_000_000n });
    const { status } = await waitForTransactionReceipt(control, { hash, pollingInterval: 5 });
    if (status !== "success") throw new Error(`what was signed did not execute: ${hash}`);
  };
  const ask = async () => {
    n += 1;
    const transaction = transfer(desk, BigInt(n));
    signed = await call(desk, "eth_signTransaction", [transaction, { lane: 0 }]);
  };
  for (let run = 0; run < WARM_UP; run++) {
    await land();
    await ask();
  }
  for (let run = 0; run < WARM_UP; run++) await pipeline();
  const times: Record<"request" | "pipeline", number[]> = { request: [], pipeline: [] };
  for (let run = 0; run < runs; run++) {
    await land();
    times.request.push(await timeOf(ask));
    if ((run + 1) % IN_A_ROW > 0 && run + 1 < runs) continue;
    await land();
    signed = undefined;
    for (let each = 0; each < IN_A_ROW; each++) times.pipeline.push(await timeOf(pipeline));
  }
  return { request: summarize(times.request), pipeline: summarize(times.pipeline) };
}

/** All clients hand in everything at once and wait until the chain has it. */
async function load(desk: BenchDesk): Promise<ServiceBench["load"]> {
  const start = performance.now();
  const fromBlock = (await desk.control.getBlockNumber()) + 1n;
  const clients = Array.from({ length: CLIENTS }, (_, client) =>
    Promise.all(
      Array.from({ length: REQUESTS / CLIENTS }, async (_, n) => {
        const amount = BigInt(1_000 + client * (REQUESTS / CLIENTS) + n);
        const options = { lane: (client + n) % LANES, idempotencyKey: `${client}-${n}` };
        const hash = await call<Hex>(desk, "eth_sendTransaction", [
          transfer(desk, amount),
          options,
        ]);
        await landed(desk, hash);
        return hash;
      }),
    ),
  );
  const accepted = (await Promise.all(clients)).flat();
  const seconds = (performance.now() - start) / 1_000;

  // No two transfers are alike: the calldata's hash names the request.
  const executed: Hex[] = [];
  for await (const event of gateEvents(desk.control, { gate: desk.gate, fromBlock })) {
    if (event.eventName === "ActionExecuted") executed.push(event.args.dataHash);
  }
  const different = new Set(executed).size;
  return {
    accepted: accepted.length,
    lost: accepted.length - different,
    duplicated: executed.length - different,
    seconds: Math.round(seconds * 10) / 10,
  };
}

async function landed(desk: BenchDesk, hash: Hex): Promise<void> {
  for (;;) {
    const { status } = await call<{ status: string }>(desk, "zkmandate_status", [hash]);
    if (status === "landed" || status === "final") return;
    if (status !== "submitted") throw new Error(`${hash} is ${status}`);
    await sleep(POLLING_INTERVAL);
  }
}

/** A transfer like no other. */
function transfer({ gate, token }: BenchDesk, amount: bigint) {
  const to = padHex(numberToHex(amount), { size: 20 });
  const data = encodeFunctionData({
    abi: erc20Abi,
    functionName: "transfer",
    args: [to, (amount % MAX_TRANSFER) + 1n],
  });
  return { from: gate, to: token, data };
}

async function call<Result>(
  { url, bearer }: BenchDesk,
  method: string,
  params: unknown[],
): Promise<Result> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${bearer}` },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result: Result; error?: unknown };
  if (error) throw new Error(`${method} was refused: ${JSON.stringify(error)}`);
  return result;
}
