import { readdirSync, readFileSync } from "node:fs";
import type { Address, Hex } from "viem";
import type { Restriction } from "../../src/policy/finding.ts";
import type { BudgetLevel, Policy, Rule } from "../../src/policy/policy.ts";
import type { Situation } from "../../src/policy/subject.ts";
import {
  baseAction,
  baseFeeds,
  basePolicy,
  baseRule,
  baseSituation,
  calldata,
  RECIPIENT,
} from "./mandate.ts";

/** One case of a vectors file as it stands in JSON; integers are decimal or 0x strings. */
interface VectorJson {
  name: string;
  rule?: Record<string, unknown>;
  policy?: Record<string, unknown>;
  action?: Record<string, unknown> & { words?: string[]; selector?: string; data?: Hex };
  time?: string;
  feeds?: Record<string, unknown>;
  levels?: unknown[];
  allowed: boolean;
  failed?: Restriction[];
  levelsAfter?: unknown[];
}

/** A situation with the verdict that every implementation must reach. */
export interface Vector {
  restriction: Restriction;
  name: string;
  policy: Policy;
  situation: Situation;
  allowed: boolean;
  /** The restrictions that deny. */
  failed: Restriction[];
  /** The budgets afterwards, where the case states them. */
  levelsAfter?: BudgetLevel[];
}

const addressFields = new Set([
  "target",
  "targetLo",
  "targetHi",
  "priceFeed",
  "data",
  "name",
  "op",
  "from",
  "direction",
]);

/** Integers stand as strings in the files; addresses, bytes and names stay strings. */
function revive(value: unknown, key = ""): unknown {
  if (value === null) return undefined;
  if (typeof value === "string") return addressFields.has(key) ? value : BigInt(value);
  if (Array.isArray(value)) return value.map((entry) => revive(entry, key));
  if (typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([k, entry]) => [k, revive(entry, k)]));
  }
  return value;
}

const TRANSFER = 0xa9059cbbn;

function parse(restriction: Restriction, json: VectorJson): Vector {
  const { words, selector, data, ...action } = json.action ?? {};
  const callWords = words?.map(BigInt) ?? [BigInt(RECIPIENT), 500n];
  return {
    restriction,
    name: json.name,
    policy: {
      ...basePolicy,
      ...(revive(json.policy ?? {}) as Partial<Policy>),
      rules: [{ ...baseRule, ...(revive(json.rule ?? {}) as Partial<Rule>) }],
    },
    situation: {
      ...baseSituation,
      action: {
        ...baseAction,
        ...(revive(action) as { target?: Address }),
        data: data ?? calldata(selector ? BigInt(selector) : TRANSFER, callWords),
      },
      time: json.time ? BigInt(json.time) : baseSituation.time,
      feeds: { ...baseFeeds, ...(revive(json.feeds ?? {}) as object) },
      levels: (revive(json.levels) as BudgetLevel[] | undefined) ?? baseSituation.levels,
    },
    allowed: json.allowed,
    failed: json.failed ?? [],
    ...(json.levelsAfter ? { levelsAfter: revive(json.levelsAfter) as BudgetLevel[] } : {}),
  };
}

const folder = new URL("../vectors/", import.meta.url);

/** Every vector, by restriction. */
export function loadVectors(): Map<Restriction, Vector[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  const entries = files.flatMap((file): [Restriction, Vector[]][] => {
    const json = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as {
      restriction?: Restriction;
      cases: VectorJson[];
    };
    const { restriction } = json;
    return restriction ? [[restriction, json.cases.map((entry) => parse(restriction, entry))]] : [];
  });
  return new Map(entries);
}
