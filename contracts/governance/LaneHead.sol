// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// @notice What a lane's every action reads beside policy and state, in one storage slot.
type LaneHead is uint256;

using {LaneHeadLib.agent, LaneHeadLib.epoch, LaneHeadLib.seq, LaneHeadLib.lastTime} for LaneHead global;

/**
 * @title LaneHeadLib
 * @notice The fields of {LaneHead}, from the least significant bit: the agent's address (160 bits), epoch (24),
 * next sequence number (38), last time (34). The agent is the epoch's, as every live lane was named when the
 * epoch began; an action of a Schnorr agent reads the whole key instead, from a slot of its own.
 */
library LaneHeadLib {
    uint256 private constant EPOCH = 160;
    uint256 private constant SEQ = 184;
    uint256 private constant TIME = 222;

    /// @notice A value does not fit its field.
    error LaneHeadOverflow(uint256 epoch, uint256 seq, uint256 lastTime);

    function pack(address agent_, uint256 epoch_, uint256 seq_, uint256 lastTime_) internal pure returns (LaneHead) {
        if ((epoch_ >> 24) | (seq_ >> 38) | (lastTime_ >> 34) != 0) {
            revert LaneHeadOverflow(epoch_, seq_, lastTime_);
        }
        return LaneHead.wrap(uint256(uint160(agent_)) | (epoch_ << EPOCH) | (seq_ << SEQ) | (lastTime_ << TIME));
    }

    function agent(LaneHead self) internal pure returns (address) {
        return address(uint160(LaneHead.unwrap(self)));
    }

    function epoch(LaneHead self) internal pure returns (uint32) {
        return uint24(LaneHead.unwrap(self) >> EPOCH);
    }

    function seq(LaneHead self) internal pure returns (uint64) {
        return uint64((LaneHead.unwrap(self) >> SEQ) & ((1 << 38) - 1));
    }

    function lastTime(LaneHead self) internal pure returns (uint64) {
        return uint64(LaneHead.unwrap(self) >> TIME);
    }
}
