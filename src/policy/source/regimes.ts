import { FULL_BPS, NO_THRESHOLD, type Regime, type Regimes } from "../policy.ts";
import { integerOf, product, rational } from "./rational.ts";
import type { FeedSource, RegimeSource, RegimesSource } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { parseDecimal, parsePercent } from "./units.ts";

/** Regimes in the circuit's integers, and in which of them every rule needs an approval. */
export interface CompiledRegimes {
  regimes: Regimes;
  quorum: Record<Regime, boolean>;
}

/** What a policy without regimes holds: thresholds that no answer reaches, limits left whole. */
const NO_REGIMES: CompiledRegimes = {
  regimes: {
    elevatedAbove: NO_THRESHOLD,
    stressedAbove: NO_THRESHOLD,
    elevatedBps: FULL_BPS,
    stressedBps: FULL_BPS,
  },
  quorum: { calm: false, elevated: false, stressed: false },
};

type RegimeName = "elevated" | "stressed";

function readThreshold(
  scope: Scope,
  feed: FeedSource,
  text: string,
  name: RegimeName,
): bigint | undefined {
  const { problems } = scope;
  const path = ["regimes", name, "above"];
  const percent = parsePercent(text);
  const plain = parseDecimal(text);
  if (!percent && !plain) {
    const expected = "a percentage such as 60%, or a number in the feed's own unit";
    return problems.add(path, "cannot be read", { expected, received: text });
  }
  if (percent && !feed.unit) {
    const message = "the feed does not say whether its answer is a percentage or a fraction";
    return problems.add(path, message, { expected: "unit: percent or unit: fraction in the feed" });
  }
  const inFeedUnit = percent
    ? product(percent, rational(feed.unit === "percent" ? 100n : 1n))
    : (plain ?? rational(0n));
  const answer = integerOf(product(inFeedUnit, rational(10n ** BigInt(feed.decimals))));
  if (answer === undefined) {
    const expected = `at most what ${feed.decimals} decimals can say`;
    return problems.add(path, "has too many decimals", { expected, received: text });
  }
  if (answer > 0n && answer <= NO_THRESHOLD) return answer;
  const expected = "more than 0, and an answer of at most 2^80";
  return problems.add(path, "is no threshold", { expected, received: text });
}

function readBps(scope: Scope, { limits }: RegimeSource, name: RegimeName): bigint | undefined {
  const bps = integerOf(product(limits, rational(FULL_BPS)));
  if (bps !== undefined && bps <= FULL_BPS) return bps;
  const expected = "0% to 100%, in whole basis points";
  return scope.problems.add(["regimes", name, "limits"], "is no share of the limits", { expected });
}

/**
 * Compiles `regimes`.
 *
 * @returns what a policy without regimes holds, if the source is undefined
 */
export function readRegimes(scope: Scope, source: RegimesSource | undefined): CompiledRegimes {
  if (!source) return NO_REGIMES;
  const { problems, feeds } = scope;
  const feed = feeds.get(source.feed);
  if (!feed) {
    if (!feeds.has(source.feed)) {
      const known = [...feeds.keys()];
      const expected = known.length > 0 ? known.join(", ") : "a feed declared under feeds";
      const message = `${source.feed} is not a feed of this policy`;
      problems.add(["regimes", "feed"], message, { expected, name: source.feed, known });
    }
    return NO_REGIMES;
  }
  const { stressed, elevated = stressed } = source;
  const elevatedName = source.elevated ? "elevated" : "stressed";
  const stressedAbove = readThreshold(scope, feed, stressed.above, "stressed");
  const stressedBps = readBps(scope, stressed, "stressed");
  const elevatedAbove = source.elevated
    ? readThreshold(scope, feed, elevated.above, elevatedName)
    : stressedAbove;
  const elevatedBps = source.elevated ? readBps(scope, elevated, elevatedName) : stressedBps;
  if (
    stressedAbove === undefined ||
    stressedBps === undefined ||
    elevatedAbove === undefined ||
    elevatedBps === undefined
  ) {
    return NO_REGIMES;
  }
  if (stressedAbove < elevatedAbove) {
    const expected = `at least elevated's ${elevated.above}`;
    problems.add(["regimes", "stressed", "above"], "lies below elevated", { expected });
  }
  if (stressedBps > elevatedBps) {
    const message = "stressed leaves more of the limits than elevated";
    problems.warn("stressed-looser", ["regimes", "stressed", "limits"], message);
  }
  const always = ({ quorum }: RegimeSource) => quorum === "always";
  return {
    regimes: { elevatedAbove, stressedAbove, elevatedBps, stressedBps },
    quorum: { calm: false, elevated: always(elevated), stressed: always(stressed) },
  };
}
