import type { Hex } from "viem";
import { describe, expect, it } from "vitest";
import type { RefusalReason } from "../../src/errors/node.ts";
import { NodeIdentity } from "../../src/keys/frost/identity.ts";
import { readRefusal, signRefusal } from "../../src/node/messages.ts";

const identity = new NodeIdentity();
const { publicKey } = identity;
const digest: Hex = `0x${"ab".repeat(32)}`;
const refusal = (reason: string) =>
  signRefusal(identity, { participant: 2, digest, reason: reason as RefusalReason });
const read = (value: unknown) => readRefusal(value, { participant: 2, digest, publicKey });

describe("a node's refusal", () => {
  it("is read with its reason", () => {
    expect(read(refusal("denied"))).toEqual(refusal("denied"));
  });

  it("is one for a reason that only a later version knows: its node is no cheater", () => {
    expect(read(refusal("out-of-office"))).toMatchObject({ participant: 2, reason: "failed" });
  });

  it.each([
    ["another reason than was signed", { ...refusal("denied"), reason: "paused" }],
    ["an unknown one in its place", { ...refusal("denied"), reason: "out-of-office" }],
    ["another participant", { ...refusal("denied"), participant: 3 }],
    ["another digest", { ...refusal("denied"), digest: `0x${"cd".repeat(32)}` }],
    ["a reason that is no word", refusal("a limit of 100")],
    ["a field more", { ...refusal("denied"), more: 1 }],
    ["nothing", undefined],
  ])("is none with %s", (_, value) => {
    expect(read(value)).toBeUndefined();
  });
});
