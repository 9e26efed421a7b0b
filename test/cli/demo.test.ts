import { beforeAll, describe, expect, it } from "vitest";
import { type DemoResult, runDemo } from "../../src/cli/demo/demo.ts";

let result: DemoResult;
beforeAll(async () => {
  result = await runDemo({ json: true });
}, 300_000);

const step = (name: string) => {
  const found = result.steps.find((each) => each.name.startsWith(name));
  if (!found) throw new Error(`the demo has no step "${name}"`);
  return found;
};

describe("the demo", () => {
  it("ends every step as it should", () => {
    expect(result.steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(result.steps.length).toBeGreaterThan(20);
  });

  it.each([
    ["sell 10 WETH", "executed"],
    ["sell 41 WETH", "denied"],
    ["sell 20 WETH: the budget is full", "denied"],
    ["sell 20 WETH: it has refilled", "executed"],
    ["sell 21 WETH: the limit shrank", "denied"],
    ["what the mandate allows", "executed"],
    ["stolen key", "refused: InvalidProof"],
    ["replay", "refused: InvalidSignature, InvalidProof"],
    ["a trade's proof, paying the thief", "refused: InvalidProof"],
    ["the proof of another lane", "refused: InvalidProof"],
    ["a proof for another chain", "refused: InvalidProof"],
    ["a state with empty budgets", "refused: InvalidProof, InvalidProof"],
    ["the calmer round", "refused: FeedRoundNotCurrent, RiskAnswerBelowLatest, InvalidProof"],
    ["front-run", "refused: WrongSubmitter, SubmitterNotAllowed"],
    ["execute the rotation", "epoch 2"],
    ["make a key that nobody has", "2 of 3 nodes sign"],
    ["rotate from one key to the group", "48 hours later: epoch 3"],
    ["sell 5 WETH, node 1 is down", "executed"],
    ["send 380 WETH home", "one share, no signature"],
    ["sell 5 WETH with an old proof", "one share, no signature"],
    ["sell 2 WETH, node 2 sends a lie", "executed"],
  ])("%s: %s", (name, outcome) => {
    expect(step(name)).toMatchObject({ ok: true });
    expect(step(name).outcome.startsWith(outcome)).toBe(true);
  });

  it("explains a denial with the rule, the limit and what was asked", () => {
    expect(step("sell 41 WETH").details).toEqual([
      "rule sell-eth, amount: amount is at most 40 WETH; observed 41 WETH",
    ]);
  });

  it("names what each node of the group did instead of its part", () => {
    expect(step("sell 5 WETH, node 1 is down").details).toEqual([
      expect.stringMatching(/^node 1 absent: /),
    ]);
    expect(step("send 380 WETH home").details).toEqual([
      "node 1 refused: denied",
      "node 3 refused: denied",
    ]);
    expect(step("sell 5 WETH with an old proof").details).toEqual([
      "node 1 refused: invalid-proof",
      "node 3 refused: invalid-proof",
    ]);
    expect(step("sell 2 WETH, node 2 sends a lie").details).toEqual([
      "node 2 cheated: its signature share is wrong",
    ]);
  });

  it("pays gas for what was mined, refused transactions too", () => {
    expect(step("sell 10 WETH").gas).toBeGreaterThan(200_000);
    expect(step("stolen key").gas).toBeGreaterThan(200_000);
    expect(step("sell 41 WETH").gas).toBe(0);
  });
});
