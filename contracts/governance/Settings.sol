// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// @notice What a gate's every action reads, in one storage slot.
type Settings is uint256;

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
