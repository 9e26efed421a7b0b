// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title DemoFeed
/// @notice A feed with Chainlink's AggregatorV3 interface whose owner publishes the rounds. For local
/// chains only. Round ids carry a phase in the upper bits, as those of Chainlink's proxies do.
contract DemoFeed is Ownable {
    using SafeCast for int256;

    /// @dev One slot, as in Chainlink's aggregators.
    struct Round {
        int192 answer;
        uint64 updatedAt;
    }

    /// @notice No such round has been published.
    error NoDataPresent(uint80 roundId);

    /// @notice As Chainlink's aggregators announce a round.
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    uint80 private constant PHASE = 1 << 64;

    /// @notice Decimals of the answers.
    uint8 public immutable decimals;
    /// @notice Version of the interface.
    uint256 public constant version = 4;
    /// @notice What the feed measures.
    string public description;

    Round[] private _rounds;

    constructor(string memory description_, uint8 decimals_, int256 answer) Ownable(msg.sender) {
        description = description_;
        decimals = decimals_;
        _publish(answer);
    }

    /// @notice Opens the next round with `answer`, dated now.
    function publish(int256 answer) external onlyOwner {
        _publish(answer);
    }

    /// @notice The round `roundId` as published.
    function getRoundData(
        uint80 roundId
    ) public view returns (uint80, int256 answer, uint256 startedAt, uint256 updatedAt, uint80) {
        if (roundId <= PHASE || roundId > PHASE + _rounds.length) revert NoDataPresent(roundId);
        Round storage round = _rounds[roundId - PHASE - 1];
        return (roundId, round.answer, round.updatedAt, round.updatedAt, roundId);
    }

    /// @notice The newest round.
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(PHASE + uint80(_rounds.length));
    }

    function _publish(int256 answer) private {
        _rounds.push(Round({answer: answer.toInt192(), updatedAt: uint64(block.timestamp)}));
        emit AnswerUpdated(answer, PHASE + _rounds.length, block.timestamp);
    }
}
