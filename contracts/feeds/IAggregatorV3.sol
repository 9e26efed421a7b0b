// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/**
 * @title IAggregatorV3
 * @notice What a gate reads of a Chainlink feed.
 */
interface IAggregatorV3 {
    /**
     * @notice A past round.
     * @return roundId the round
     * @return answer in the feed's own decimals
     * @return startedAt unix seconds
     * @return updatedAt unix seconds, 0 for a round that does not exist
     * @return answeredInRound deprecated
     */
    function getRoundData(
        uint80 round
    )
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /**
     * @notice The latest round.
     * @return roundId the round
     * @return answer in the feed's own decimals
     * @return startedAt unix seconds
     * @return updatedAt unix seconds
     * @return answeredInRound deprecated
     */
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
