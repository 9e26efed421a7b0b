// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// @notice What a gate's every action reads, in one storage slot.
type Settings is uint256;

/// @notice A lane's epoch, next sequence number and last time, in one storage slot.
type LaneHead is uint256;

using {
    SettingsLib.epoch,
    SettingsLib.maxDelay,
    SettingsLib.isPaused,
    SettingsLib.isOpen,
    SettingsLib.hasRiskFeed,
    SettingsLib.agentKind,
    SettingsLib.agentAddress,
    SettingsLib.withPaused,
    SettingsLib.withOpen,
    SettingsLib.withAgent
} for Settings global;
using {LaneHeadLib.epoch, LaneHeadLib.seq, LaneHeadLib.lastTime} for LaneHead global;

/**
 * @title SettingsLib
 * @notice The fields of {Settings}: epoch (32 bits), maxDelay (16), paused, open submission and risk feed (8
 * each), the agent's kind (8) and its address (160).
 */
library SettingsLib {
    uint256 private constant PAUSED = 1 << 48;
    uint256 private constant OPEN = 1 << 56;
    uint256 private constant RISK_FEED = 1 << 64;
    uint256 private constant AGENT = 72;

    function pack(uint32 epoch_, uint16 maxDelay_, bool hasRiskFeed_) internal pure returns (Settings) {
        uint256 flags = hasRiskFeed_ ? RISK_FEED : 0;
        return Settings.wrap(uint256(epoch_) | (uint256(maxDelay_) << 32) | flags);
    }

    function epoch(Settings self) internal pure returns (uint32) {
        return uint32(Settings.unwrap(self));
    }

    function maxDelay(Settings self) internal pure returns (uint16) {
        return uint16(Settings.unwrap(self) >> 32);
    }

    function isPaused(Settings self) internal pure returns (bool) {
        return Settings.unwrap(self) & PAUSED != 0;
    }

    function isOpen(Settings self) internal pure returns (bool) {
        return Settings.unwrap(self) & OPEN != 0;
    }

    function hasRiskFeed(Settings self) internal pure returns (bool) {
        return Settings.unwrap(self) & RISK_FEED != 0;
    }

    function agentKind(Settings self) internal pure returns (uint8) {
        return uint8(Settings.unwrap(self) >> AGENT);
    }

    function agentAddress(Settings self) internal pure returns (address) {
        return address(uint160(Settings.unwrap(self) >> (AGENT + 8)));
    }

    function withPaused(Settings self, bool paused) internal pure returns (Settings) {
        uint256 others = Settings.unwrap(self) & ~PAUSED;
        return Settings.wrap(paused ? others | PAUSED : others);
    }

    function withOpen(Settings self, bool open) internal pure returns (Settings) {
        uint256 others = Settings.unwrap(self) & ~OPEN;
        return Settings.wrap(open ? others | OPEN : others);
    }

    function withAgent(Settings self, uint8 kind, address agent) internal pure returns (Settings) {
        uint256 others = Settings.unwrap(self) & ((1 << AGENT) - 1);
        uint256 key = (uint256(uint160(agent)) << 8) | kind;
        return Settings.wrap(others | (key << AGENT));
    }
}

/**
 * @title LaneHeadLib
 * @notice The fields of {LaneHead}: epoch (32 bits), next sequence number (64), last time (64).
 */
library LaneHeadLib {
    function pack(uint32 epoch_, uint64 seq_, uint64 lastTime_) internal pure returns (LaneHead) {
        return LaneHead.wrap(uint256(epoch_) | (uint256(seq_) << 32) | (uint256(lastTime_) << 96));
    }

    function epoch(LaneHead self) internal pure returns (uint32) {
        return uint32(LaneHead.unwrap(self));
    }

    function seq(LaneHead self) internal pure returns (uint64) {
        return uint64(LaneHead.unwrap(self) >> 32);
    }

    function lastTime(LaneHead self) internal pure returns (uint64) {
        return uint64(LaneHead.unwrap(self) >> 96);
    }
}
