// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// @notice What a gate's every action reads, in one storage slot.
type Settings is uint256;

/// @notice What a lane's every action reads beside policy and state, in one storage slot.
type LaneHead is uint256;

using {
    SettingsLib.epoch,
    SettingsLib.maxDelay,
    SettingsLib.isPaused,
    SettingsLib.isOpen,
    SettingsLib.hasRiskFeed,
    SettingsLib.agentKind,
    SettingsLib.usualSubmitter,
    SettingsLib.withPaused,
    SettingsLib.withOpen,
    SettingsLib.withAgentKind,
    SettingsLib.withEpoch,
    SettingsLib.withUsualSubmitter
} for Settings global;
using {LaneHeadLib.agent, LaneHeadLib.epoch, LaneHeadLib.seq, LaneHeadLib.lastTime} for LaneHead global;

/**
 * @title SettingsLib
 * @notice The fields of {Settings}, from the least significant bit: epoch (32 bits), maxDelay (16), risk feed,
 * paused, open submission (8 each), the agent's kind (8), and the submitter (160) that most actions come from:
 * whether it is on the list is known without reading the list.
 */
library SettingsLib {
    uint256 private constant RISK_FEED = 1 << 48;
    uint256 private constant PAUSED = 1 << 56;
    uint256 private constant OPEN = 1 << 64;
    uint256 private constant KIND = 72;
    uint256 private constant SUBMITTER = 80;

    function epoch(Settings self) internal pure returns (uint32) {
        return uint32(Settings.unwrap(self));
    }

    function maxDelay(Settings self) internal pure returns (uint16) {
        return uint16(Settings.unwrap(self) >> 32);
    }

    function hasRiskFeed(Settings self) internal pure returns (bool) {
        return Settings.unwrap(self) & RISK_FEED != 0;
    }

    function isPaused(Settings self) internal pure returns (bool) {
        return Settings.unwrap(self) & PAUSED != 0;
    }

    function isOpen(Settings self) internal pure returns (bool) {
        return Settings.unwrap(self) & OPEN != 0;
    }

    function agentKind(Settings self) internal pure returns (uint8) {
        return uint8(Settings.unwrap(self) >> KIND);
    }

    function usualSubmitter(Settings self) internal pure returns (address) {
        return address(uint160(Settings.unwrap(self) >> SUBMITTER));
    }

    /// @dev What a rotation sets together; the rest stays.
    function withEpoch(
        Settings self,
        uint32 epoch_,
        uint16 maxDelay_,
        bool hasRiskFeed_
    ) internal pure returns (Settings) {
        uint256 others = Settings.unwrap(self) & ~(PAUSED - 1);
        uint256 flag = hasRiskFeed_ ? RISK_FEED : 0;
        return Settings.wrap(others | flag | (uint256(maxDelay_) << 32) | epoch_);
    }

    function withPaused(Settings self, bool paused) internal pure returns (Settings) {
        uint256 others = Settings.unwrap(self) & ~PAUSED;
        return Settings.wrap(paused ? others | PAUSED : others);
    }

    function withOpen(Settings self, bool open) internal pure returns (Settings) {
        uint256 others = Settings.unwrap(self) & ~OPEN;
        return Settings.wrap(open ? others | OPEN : others);
    }

    function withAgentKind(Settings self, uint8 kind) internal pure returns (Settings) {
        uint256 others = Settings.unwrap(self) & ~(uint256(type(uint8).max) << KIND);
        return Settings.wrap(others | (uint256(kind) << KIND));
    }

    function withUsualSubmitter(Settings self, address submitter) internal pure returns (Settings) {
        uint256 others = Settings.unwrap(self) & ((1 << SUBMITTER) - 1);
        return Settings.wrap(others | (uint256(uint160(submitter)) << SUBMITTER));
    }
}

/**
 * @title LaneHeadLib
 * @notice The fields of {LaneHead}, from the least significant bit: the agent's address (160 bits), epoch (24),
 * next sequence number (38), last time (34). The agent is the epoch's, as every live lane was named when the
 * epoch began.
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
