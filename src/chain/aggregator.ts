import { parseAbi } from "viem";

/** Bound of a feed's answer that the gate enforces. */
export const ANSWER_BOUND = 1n << 80n;
/** Bound of Chainlink's uint80; decoding does not check it. */
export const ROUND_BOUND = 1n << 80n;

/** What the gate uses of Chainlink's AggregatorV3 interface. */
export const aggregatorAbi = parseAbi([
  "function decimals() view returns (uint8)",
  "function description() view returns (string)",
  "function getRoundData(uint80 roundId) view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
  "function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
]);
