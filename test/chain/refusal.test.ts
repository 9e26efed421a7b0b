import { BaseError, encodeErrorResult, parseAbi } from "viem";
import { describe, expect, it } from "vitest";
import { policyAccountAbi } from "../../src/chain/abi/policyAccount.ts";
import { refusalOf } from "../../src/chain/refusal.ts";

const thrown = (data: unknown) =>
  new BaseError("execution reverted", { cause: Object.assign(new Error("inner"), { data }) });

describe("why a contract refused", () => {
  it("is its custom error, wherever the node put the data", () => {
    const data = encodeErrorResult({
      abi: policyAccountAbi,
      errorName: "DeadLane",
      args: [3, 1, 2],
    });
    const refusal = { reason: "DeadLane", args: [3, 1, 2] };
    expect(refusalOf(thrown(data), policyAccountAbi)).toEqual(refusal);
    expect(refusalOf(thrown({ data }), policyAccountAbi)).toEqual(refusal);
  });

  it("shows the reason that the called contract gave", () => {
    const inner = encodeErrorResult({
      abi: parseAbi(["error Error(string)"]),
      errorName: "Error",
      args: ["Too little received"],
    });
    const data = encodeErrorResult({
      abi: policyAccountAbi,
      errorName: "CallFailed",
      args: [inner],
    });
    expect(refusalOf(thrown(data), policyAccountAbi)).toEqual({
      reason: "CallFailed",
      args: ["Too little received"],
    });
  });

  it("says what it can of anything else", () => {
    expect(refusalOf(thrown("0x"), policyAccountAbi).reason).toBe("reverted without a reason");
    expect(refusalOf(thrown("0x11223344"), policyAccountAbi).reason).toContain("0x11223344");
    expect(refusalOf(new BaseError("no connection"), policyAccountAbi).reason).toBe(
      "no connection",
    );
    expect(refusalOf("odd", policyAccountAbi).reason).toBe("odd");
  });
});
