import type { Word } from "../../action/context.ts";
import type { Finding } from "../finding.ts";
import { type Subject, wordValue } from "../subject.ts";

/** Every condition on a calldata word holds. */
export function conditions({ rule, action, words }: Subject): Finding[] {
  return rule.conditions.map(({ word, op, operand }) => {
    const observed = wordValue(words[word] as Word);
    const limit = op === "self" ? BigInt(action.gate) : operand;
    const [ok, verb] = {
      eq: [observed === limit, "is"],
      self: [observed === limit, "is the gate's address"],
      le: [observed <= limit, "is at most"],
      ge: [observed >= limit && observed < 1n << 128n, "is below 2^128 and at least"],
    }[op] as [boolean, string];
    const requirement = `calldata word ${word} ${verb}`;
    return { restriction: "conditions", ok, requirement, limit, observed, unit: "word" };
  });
}
