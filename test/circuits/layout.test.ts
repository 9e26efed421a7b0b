import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/circuits/compile.ts";
import { circuits } from "../../src/action/circuits.ts";
import { contextHeader } from "../../src/action/context.ts";
import { hashDomain } from "../../src/field/poseidon.ts";
import { flagOffset } from "../../src/policy/leaf.ts";
import {
  BUDGETS,
  CHARGES,
  CONDITIONS,
  FULL_BPS,
  ORDERED_CONDITIONS,
} from "../../src/policy/policy.ts";
import { TREE_DEPTH } from "../../src/policy/tree.ts";

/** A circuit's source. */
function source(file: string): string {
  return readFileSync(join(root, "circuits", file), "utf8");
}

/** The first group of every match, in the source's order. */
function all(file: string, pattern: RegExp): string[] {
  return [...source(file).matchAll(pattern)].map((match) => match[1] as string);
}

test("the context's names stand in the order of the header", () => {
  const named = [...source("lib/context.circom").matchAll(/(\w+) <== header\[(\d+)\];/g)];
  expect(named.map(([, name, index]) => [name, Number(index)])).toEqual(
    contextHeader.map(({ name }, index) => [name, index]),
  );
});

test("every hash domain has the number that TypeScript hashes with", () => {
  const domains = [
    ...source("lib/hash.circom").matchAll(/DOMAIN_(\w+)\(\) \{ return (\d+); \}/g),
  ].map(([, name, number]) => [name?.toLowerCase(), BigInt(number as string)] as const);
  expect(domains.length).toBeGreaterThan(0);
  for (const [name, number] of domains) {
    expect(hashDomain[name as keyof typeof hashDomain]).toBe(number);
  }
});

test("every flag of a leaf is read from the bit that TypeScript writes", () => {
  const leaf = source("lib/leaf.circom");
  const bit = (expression: string) => `flags.out[${expression}]`;
  const condition = flagOffset.condition(0);
  const perCondition = flagOffset.condition(1).word - condition.word;
  const ordered = flagOffset.ordered(0);
  const perOrdered = flagOffset.ordered(1).le - ordered.le;
  const charge = flagOffset.charge(0);
  const perCharge = flagOffset.charge(1).budget - charge.budget;
  const { calm, elevated, stressed } = flagOffset.quorum;
  expect([calm, elevated, stressed]).toEqual([calm, calm + 1, calm + 2]);
  expect(flagOffset.amountWord).toBe(0);
  for (const line of [
    `amountWord[b] <== ${bit("b")};`,
    `amountFromValue <== ${bit(`${flagOffset.amountFromValue}`)};`,
    `minOutWord[b] <== ${bit(`${flagOffset.minOutWord} + b`)};`,
    `bandSell <== ${bit(`${flagOffset.bandSell}`)};`,
    `bandBuy <== ${bit(`${flagOffset.bandBuy}`)};`,
    `conditionWord[i][b] <== ${bit(`${condition.word} + ${perCondition} * i + b`)};`,
    `conditionEq[i] <== ${bit(`${condition.eq} + ${perCondition} * i`)};`,
    `conditionSelf[i] <== ${bit(`${condition.self} + ${perCondition} * i`)};`,
    `conditionLe[i] <== ${bit(`${ordered.le} + ${perOrdered} * i`)};`,
    `conditionGe[i] <== ${bit(`${ordered.ge} + ${perOrdered} * i`)};`,
    `chargeBudget[j][b] <== ${bit(`${charge.budget} + ${perCharge} * j + b`)};`,
    `chargeGivesBack[j] <== ${bit(`${charge.givesBack} + ${perCharge} * j`)};`,
    `scales <== ${bit(`${flagOffset.scales}`)};`,
    `quorum[r] <== ${bit(`${calm} + r`)};`,
    `days[d] <== ${bit(`${flagOffset.days} + d`)};`,
  ]) {
    expect(leaf).toContain(line);
  }
});

test("the numbers of budgets, charges, conditions and tree levels are the policy's", () => {
  const numbers = (name: string) =>
    ["policy.circom", "rules/charges.circom", "rules/conditions.circom", "rules/amount.circom"]
      .concat("rules/regime.circom", "lib/policyCommitment.circom", "lib/stateCommitment.circom")
      .flatMap((file) => all(file, new RegExp(`var ${name} = (\\d+);`, "g")));
  const constants = {
    BUDGETS,
    SLOTS: CHARGES,
    CONDITIONS,
    ORDERED: ORDERED_CONDITIONS,
    FULL_BPS,
    DEPTH: TREE_DEPTH,
  };
  for (const [name, value] of Object.entries(constants)) {
    expect([...new Set(numbers(name))], name).toEqual([`${value}`]);
  }
});

test("each circuit is the statement with its words, for the agent alone", () => {
  for (const [name, { words }] of Object.entries(circuits)) {
    expect(source(`main/${name}.circom`)).toContain(
      `component main {public [contextCommitment, challenge, fingerprint]} = Mandate(${words}, 0);`,
    );
  }
});
