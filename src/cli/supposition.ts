import { type Command, InvalidArgumentError } from "commander";
import { type Address, parseUnits, zeroAddress } from "viem";
import type { Action } from "../action/context.ts";
import { UsageError } from "../errors/cli.ts";
import { type CompiledPolicy, type PolicyFeed, withSalt } from "../policy/compile.ts";
import type { PriceReading } from "../policy/evaluate.ts";
import { BUDGETS, type Policy } from "../policy/policy.ts";
import type { Situation } from "../policy/subject.ts";
import { type ActionOptions, actionOptions, callOf, parseAddress } from "./actionOptions.ts";
import type { Cli } from "./cli.ts";
import { loadDeployment } from "./deployment.ts";

/** An action and the circumstances under which a policy is asked about it, without a chain. */
export interface SuppositionOptions extends Partial<ActionOptions> {
  price?: Record<string, string>;
  risk?: string;
  time?: bigint;
  gate?: Address;
}

/** Adds an action and its circumstances to a command. */
export function suppositionOptions(command: Command): Command {
  return actionOptions(command, { optional: true })
    .option(
      "--price <feed=answer>",
      "suppose a price, such as ETHUSD=3000; repeatable",
      collectPrice,
    )
    .option("--risk <answer>", "suppose the risk feed's answer, such as 0.35")
    .option(
      "--time <instant>",
      "suppose a time, such as 2026-12-01T10:00:00Z; now by default",
      parseTime,
    )
    .option("--gate <address>", "suppose a gate; the workspace's by default", parseAddress);
}

function collectPrice(
  text: string,
  collected: Record<string, string> = {},
): Record<string, string> {
  const [, feed, answer] = /^([^=]+)=(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (feed === undefined || answer === undefined) {
    throw new InvalidArgumentError("Expected: the feed's name, =, and a number.");
  }
  return { ...collected, [feed]: answer };
}

function parseTime(text: string): bigint {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw new InvalidArgumentError("It is not an instant.");
  return BigInt(Math.floor(milliseconds / 1_000));
}

/** What `decide` takes: the supposed action, with budgets of which nothing is used. */
export type Supposition = Omit<Situation, "feeds"> & {
  policy: Policy;
  action: Action;
  prices: PriceReading[];
  riskAnswer: bigint;
};

/** What describes an action or its circumstances, and means nothing without `--to`. */
const needTo = ["value", "data", "call", "args", "price", "risk", "time", "gate"] as const;

/**
 * Whether the command line describes an action at all.
 *
 * @throws {UsageError} if it describes one without its target: leaving it out would read as allowed
 */
export function hasAction(options: SuppositionOptions): boolean {
  if (options.to !== undefined) return true;
  const stray = needTo.filter((name) => options[name] !== undefined);
  if (stray.length === 0) return false;
  throw new UsageError("An action needs its target (--to <address>)", {
    details: [`received: ${stray.map((name) => `--${name}`).join(", ")}`],
  });
}

/**
 * Puts the supposed action and circumstances together.
 *
 * @throws {UsageError} if a price is supposed for a feed that the policy does not use
 */
export async function suppose(
  cli: Cli,
  { policy, chainId, priceFeeds, riskFeed }: CompiledPolicy,
  options: SuppositionOptions,
): Promise<Supposition> {
  const time = options.time ?? BigInt(Math.floor(Date.now() / 1_000));
  const gate = options.gate ?? (await deployedGate(cli)) ?? zeroAddress;
  const prices = Object.entries(options.price ?? {}).map(([name, answer]): PriceReading => {
    const feed = priceFeeds.find((known) => known.name === name);
    if (feed)
      return { priceFeed: feed.address, priceAnswer: answerOf(feed, answer), priceUpdatedAt: time };
    throw new UsageError(`The policy prices nothing with ${name}`, {
      details: [`its price feeds: ${priceFeeds.map((known) => known.name).join(", ") || "none"}`],
    });
  });
  if (options.risk !== undefined && !riskFeed) {
    throw new UsageError("The policy has no regimes, so that --risk has no meaning");
  }
  if (riskFeed && options.risk === undefined) {
    cli.warn(`nothing is supposed for ${riskFeed.name} (--risk): the regime is stressed`);
  }
  return {
    // The salt hides a policy and decides nothing.
    policy: withSalt(policy, 0n),
    action: { chainId, gate, ...callOf(options as ActionOptions) },
    time,
    prices,
    riskAnswer: riskFeed && options.risk !== undefined ? answerOf(riskFeed, options.risk) : 0n,
    levels: Array.from({ length: BUDGETS }, () => ({ level: 0n, last: 0n })),
    tier: "gate",
  };
}

function answerOf({ name, decimals }: PolicyFeed, text: string): bigint {
  try {
    return parseUnits(text, decimals);
  } catch (cause) {
    throw new UsageError(`The answer supposed for ${name} is not a number`, { cause });
  }
}

async function deployedGate(cli: Cli): Promise<Address | undefined> {
  try {
    return (await loadDeployment(await cli.workspace())).gate;
  } catch {
    // Without a workspace or a gate, `self` is nobody.
    return undefined;
  }
}
