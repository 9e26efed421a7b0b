// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {IAggregatorV3} from "./IAggregatorV3.sol";

/**
 * @title RoundReader
 * @notice Reads the one round of a feed that was current at a given time. Otherwise whoever names the round
 * could pick the calmest answer and the best price.
 */
library RoundReader {
    /// @notice Answers are below 2^80, the circuits' bound.
    int256 internal constant ANSWER_BOUND = 1 << 80;

    /// @notice The feed's address has no code.
    error FeedHasNoCode(address feed);

    /// @notice The feed reverted, as Chainlink's do for a round without data.
    error FeedReverted(address feed, bytes reason);

    /// @notice The feed returned fewer bytes than a round has.
    error FeedReturnedShortData(address feed, uint256 length);

    /// @notice The feed returned another round than it was asked for.
    error FeedReturnedOtherRound(address feed, uint80 round, uint256 returned);

    /// @notice The answer is not positive, or not below 2^80.
    error FeedAnswerOutOfRange(address feed, int256 answer);

    /// @notice The round was never updated, or only after `time`.
    error FeedRoundNotYetKnown(address feed, uint80 round, uint256 updatedAt, uint256 time);

    /// @notice Another round had replaced this one at `time`, the round has no successor although it is not the
    /// latest, or it is of another phase than the latest.
    error FeedRoundNotCurrent(address feed, uint80 round, uint256 replacedAt, uint256 time);

    /**
     * @notice Reads `round` and requires that it was current at `time`.
     * @param feed an AggregatorV3 contract
     * @param round the round's id, phase included
     * @param time unix seconds, not in the future
     * @return answer of that round, in (0, 2^80)
     * @return updatedAt of that round, in (0, time]
     * @return latestAnswer unchecked: of the same round or of a later one
     */
    function readCurrentAt(
        address feed,
        uint80 round,
        uint256 time
    ) internal view returns (int256 answer, uint256 updatedAt, int256 latestAnswer) {
        uint256 latest;
        (latest, answer, updatedAt) = _read(feed, abi.encodeCall(IAggregatorV3.latestRoundData, ()));
        latestAnswer = answer;
        if (latest != round) {
            // Chainlink's proxies number rounds by phase (aggregator) in the upper bits and go on serving past
            // phases: only the latest phase is current.
            if (round > latest || round >> 64 != latest >> 64) {
                revert FeedRoundNotCurrent(feed, round, updatedAt, time);
            }
            (answer, updatedAt) = _readRound(feed, round);
            // A successor that does not exist has updatedAt 0 (or the feed reverts): not current either.
            (, uint256 replacedAt) = _readRound(feed, round + 1);
            if (replacedAt <= time) revert FeedRoundNotCurrent(feed, round, replacedAt, time);
        }
        if (updatedAt == 0 || updatedAt > time) {
            revert FeedRoundNotYetKnown(feed, round, updatedAt, time);
        }
        requireAnswer(feed, answer);
    }

    /// @notice Requires 0 < answer < 2^80.
    function requireAnswer(address feed, int256 answer) internal pure {
        if (answer <= 0 || answer >= ANSWER_BOUND) revert FeedAnswerOutOfRange(feed, answer);
    }

    function _readRound(address feed, uint80 round) private view returns (int256 answer, uint256 updatedAt) {
        uint256 id;
        (id, answer, updatedAt) = _read(feed, abi.encodeCall(IAggregatorV3.getRoundData, (round)));
        if (id != round) revert FeedReturnedOtherRound(feed, round, id);
    }

    function _read(
        address feed,
        bytes memory callData
    ) private view returns (uint256 id, int256 answer, uint256 updatedAt) {
        (bool success, bytes memory data) = feed.staticcall(callData);
        if (!success) revert FeedReverted(feed, data);
        if (data.length < 160) {
            if (feed.code.length == 0) revert FeedHasNoCode(feed);
            revert FeedReturnedShortData(feed, data.length);
        }
        (id, answer, , updatedAt) = abi.decode(data, (uint256, int256, uint256, uint256));
    }
}
