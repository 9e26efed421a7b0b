// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {IAggregatorV3} from "../feeds/IAggregatorV3.sol";

/**
 * @title RoundFeed
 * @notice A feed for tests whose rounds can be set to anything, and that misbehaves on demand.
 */
contract RoundFeed is IAggregatorV3 {
    enum Fault {
        None,
        Reverts,
        ShortData,
        OtherRound
    }

    struct Round {
        int160 answer;
        uint64 updatedAt;
    }

    error Down();
    error NoDataPresent(uint80 round);

    mapping(uint80 round => Round) private _rounds;
    uint80 private _latest;
    Fault private _fault;

    /// @notice Sets a round and makes it the latest if it is the newest.
    function set(uint80 round, int160 answer, uint64 updatedAt) external {
        _rounds[round] = Round(answer, updatedAt);
        if (round > _latest) _latest = round;
    }

    /// @notice Forgets a round, as a feed that hides one would.
    function hide(uint80 round) external {
        delete _rounds[round];
    }

    /// @notice Misbehaves from now on.
    function fail(Fault fault) external {
        _fault = fault;
    }

    /// @inheritdoc IAggregatorV3
    function getRoundData(uint80 round) public view returns (uint80, int256, uint256, uint256, uint80) {
        if (_fault != Fault.None) _misbehave();
        Round memory data = _rounds[round];
        if (data.updatedAt == 0) revert NoDataPresent(round);
        uint80 id = _fault == Fault.OtherRound ? round + 7 : round;
        return (id, data.answer, data.updatedAt, data.updatedAt, id);
    }

    /// @inheritdoc IAggregatorV3
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        if (_fault != Fault.None) _misbehave();
        uint80 round = _latest;
        Round memory data = _rounds[round];
        return (round, data.answer, data.updatedAt, data.updatedAt, round);
    }

    function _misbehave() private view {
        if (_fault == Fault.Reverts) revert Down();
        if (_fault == Fault.ShortData) {
            assembly ("memory-safe") {
                return(0, 0x80)
            }
        }
    }
}
