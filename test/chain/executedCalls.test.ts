import { concatHex, encodeFunctionData, type Hex, parseAbi } from "viem";
import { describe, expect, it } from "vitest";
import { policyAccountAbi } from "../../src/chain/abi/policyAccount.ts";
import { executedCalls } from "../../src/chain/executedCalls.ts";

const call = {
  target: "0x0000000000000000000000000000000000001002",
  value: 7n,
  data: "0x12345678",
} as const;
const proofFor = (lane: number) =>
  ({
    circuit: 1,
    lane,
    time: 1_000n,
    deadline: 1_300n,
    submitter: "0x0000000000000000000000000000000000001001",
    priceFeed: "0x0000000000000000000000000000000000000000",
    priceRound: 0n,
    riskRound: 3n,
    stateNew: 11n,
    contextCommitment: 13n,
    points: [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n],
  }) as const;
const execute = (lane: number): Hex =>
  encodeFunctionData({
    abi: policyAccountAbi,
    functionName: "execute",
    args: [call, proofFor(lane), "0xabcd"],
  });
const batchAbi = parseAbi(["function batch(bytes[] calls)"]);

describe("finding executed calls in a transaction", () => {
  it("reads a direct call", () => {
    const [found, ...others] = executedCalls(execute(2));
    expect(others).toEqual([]);
    expect(found?.proof).toEqual(proofFor(2));
    expect(found?.call.value).toBe(7n);
    expect(found?.call.data).toBe("0x12345678");
  });

  it("finds every call that another contract carries along", () => {
    const args = [[execute(4), "0x00", execute(5)]] as const;
    const input = encodeFunctionData({ abi: batchAbi, functionName: "batch", args });
    expect(executedCalls(input).map(({ proof }) => proof.lane)).toEqual([4, 5]);
  });

  it("is not misled by the selector alone, cut short or off the byte grid", () => {
    const selector = execute(0).slice(0, 10) as Hex;
    expect(executedCalls(selector)).toEqual([]);
    expect(executedCalls(concatHex([selector, "0xffff"]))).toEqual([]);
    expect(executedCalls(`0x0${execute(1).slice(2)}0`)).toEqual([]);
    expect(executedCalls("0x")).toEqual([]);
  });
});
