import { setTimeout as sleep } from "node:timers/promises";
import { numberToHex } from "viem";
import type { LocalNode } from "../../cli/node.ts";

/** Blocks after which one is final. */
export const FINALITY = 8;
/** How many of the last blocks can be taken back. */
const MAX_DEPTH = 3;

/**
 * Mines a node's blocks, one second of chain time each unless more is asked for. Time never goes back, not
 * even where blocks do.
 */
export interface ChainKeeper {
  /** Timestamp of the block that is final when this one is the latest; of the first block, before. */
  finalizedTime(number: number): bigint;
  /** Number of the block that ever had this timestamp, whether it is still there or was taken back. */
  numberAt(time: bigint): number;
  latest(): { number: number; time: bigint };
  /** Lets chain time pass, and as many blocks as make it final. */
  outlive(seconds: number): Promise<void>;
  /** Takes the last three blocks back; their transactions are gone until somebody sends them again. */
  reorganize(): Promise<void>;
  /** Stops mining, and goes on. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

/**
 * @param interval milliseconds between blocks
 */
export async function keepChain(
  { control }: Pick<LocalNode, "control">,
  interval: number,
): Promise<ChainKeeper> {
  const request = control.request as (call: {
    method: string;
    params?: unknown[];
  }) => Promise<unknown>;
  await control.setAutomine(false);
  const first = await control.getBlock();
  const start = Number(first.number);
  /** Timestamps from the first block on. */
  const times: bigint[] = [first.timestamp];
  let clock = first.timestamp;
  /** Also of blocks that were taken back: no two have the same timestamp. */
  const numbers = new Map<bigint, number>();
  let snapshots: { id: unknown; number: number }[] = [];
  let isClosing = false;
  let isPaused = false;
  /** Blocks are made and taken back one at a time. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work, work);
    turn = mine;
    return mine;
  };
  const latestNumber = () => start + times.length - 1;
  const timeOf = (number: number) => times[Math.max(0, number - start)] as bigint;

  async function mine(seconds = 1): Promise<void> {
    const id = await request({ method: "evm_snapshot" });
    snapshots = [...snapshots, { id, number: latestNumber() }].slice(-MAX_DEPTH);
    clock += BigInt(seconds);
    await request({ method: "evm_setNextBlockTimestamp", params: [numberToHex(clock)] });
    await request({ method: "evm_mine" });
    times.push(clock);
    numbers.set(clock, latestNumber());
  }

  const loop = (async () => {
    while (!isClosing) {
      if (!isPaused) await inTurn(() => mine());
      await sleep(interval);
    }
  })();

  return {
    finalizedTime: (number) => timeOf(number - FINALITY),
    numberAt: (time) => numbers.get(time) ?? start,
    latest: () => ({ number: latestNumber(), time: timeOf(latestNumber()) }),
    outlive: (seconds) =>
      inTurn(async () => {
        await mine(seconds);
        for (let block = 0; block < FINALITY; block++) await mine();
      }),
    reorganize: () =>
      inTurn(async () => {
        const [oldest] = snapshots;
        if (!oldest) return;
        await request({ method: "evm_revert", params: [oldest.id] });
        times.length = oldest.number - start + 1;
        snapshots = [];
      }),
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
    },
    async close() {
      isClosing = true;
      await loop;
      await turn;
    },
  };
}
