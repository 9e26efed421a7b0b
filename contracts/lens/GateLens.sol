// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {IAggregatorV3} from "../feeds/IAggregatorV3.sol";
import {GateConfig, IGateGovernance, Lane} from "../interfaces/IGateGovernance.sol";

/// @notice A feed's latest round, unchecked.
struct RoundView {
    /// @dev Whether the feed answers with a round at all; the rest is 0 where it does not.
    bool answers;
    uint256 round;
    int256 answer;
    /// @dev Unix seconds.
    uint256 updatedAt;
}

/// @notice A gate as a signer needs to know it, all of one block.
struct GateView {
    /// @dev The block's timestamp, unix seconds.
    uint256 time;
    /// @dev Whether the gate has code; all that follows is 0 where it has none.
    bool exists;
    GateConfig config;
    Lane lane;
    /// @dev Of the gate's risk feed; 0 where it has none.
    RoundView risk;
    /// @dev In the order in which the feeds were named.
    RoundView[] prices;
}

/**
 * @title GateLens
 * @notice Reads a gate, one lane and its feeds in one call, so that all of it is of one block. It is never
 * deployed: `eth_call` is given its code.
 */
contract GateLens {
    /// @dev So that a feed which uses up all that it is given costs no more than its own answer.
    uint256 private constant FEED_GAS = 2_000_000;

    /**
     * @notice What there is to see at the block that the call is made for.
     * @param gate read at its address, with code or without
     * @param lane the lane's number
     * @param feeds AggregatorV3 contracts; what does not answer like one is said not to answer
     * @return seen the gate and the feeds
     */
    function look(
        IGateGovernance gate,
        uint16 lane,
        address[] calldata feeds
    ) external view returns (GateView memory seen) {
        seen.time = block.timestamp;
        seen.exists = address(gate).code.length > 0;
        seen.prices = new RoundView[](feeds.length);
        if (!seen.exists) return seen;
        seen.config = gate.config();
        seen.lane = gate.laneOf(lane);
        if (seen.config.riskFeed != address(0)) seen.risk = _latest(seen.config.riskFeed);
        for (uint256 i; i < feeds.length; ++i) {
            seen.prices[i] = _latest(feeds[i]);
        }
    }

    function _latest(address feed) private view returns (RoundView memory seen) {
        (bool success, bytes memory data) = feed.staticcall{gas: FEED_GAS}(
            abi.encodeCall(IAggregatorV3.latestRoundData, ())
        );
        if (!success || data.length < 160) return seen;
        (seen.round, seen.answer, , seen.updatedAt) = abi.decode(data, (uint256, int256, uint256, uint256));
        seen.answers = true;
    }
}
