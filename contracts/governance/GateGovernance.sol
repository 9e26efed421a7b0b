// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {AgentKey, GateConfig, IGateGovernance, Lane, LaneRotation, Rotation} from "../interfaces/IGateGovernance.sol";
import {ContextLib} from "../lib/ContextLib.sol";
import {SchnorrLib} from "../lib/SchnorrLib.sol";
import {LaneHead, LaneHeadLib} from "./LaneHead.sol";
import {Settings} from "./Settings.sol";

/**
 * @title GateGovernance
 * @notice What can change on a gate, and who may change it. The timelock is immutable and everything goes
 * through it; the guardian can only stop.
 */
abstract contract GateGovernance is IGateGovernance, ReentrancyGuardTransient {
    /// @notice How long after its eta a rotation may still be executed: its states are full as of the eta.
    uint256 public constant GRACE_PERIOD = 7 days;

    /// @notice Bound on maxDelay, seconds.
    uint256 public constant MAX_DELAY_BOUND = 300;

    /// @dev Kinds of agent keys.
    uint8 internal constant AGENT_NONE = 0;
    uint8 internal constant AGENT_ECDSA = 1;
    uint8 internal constant AGENT_SCHNORR = 2;

    /// @dev A lane as it is stored; see {Lane}.
    struct LaneRecord {
        uint256 policy;
        uint256 state;
        LaneHead head;
    }

    /// @dev Read only if the settings say that there is one.
    struct RiskFeed {
        address feed;
        uint32 maxAge;
    }

    /// @inheritdoc IGateGovernance
    address public immutable governance;

    Settings internal _settings;
    RiskFeed internal _riskFeed;
    mapping(uint16 lane => LaneRecord) internal _lanes;
    mapping(address submitter => bool) internal _submitters;
    bytes32 internal _agentId;
    /// @dev By address, as which both kinds of key can be known: a revoked key returns under neither.
    mapping(address agent => bool) private _revokedAgents;
    address private _guardian;

    modifier onlyGovernance() {
        if (msg.sender != governance) revert NotGovernance(msg.sender);
        _;
    }

    modifier onlyGuardian() {
        if (msg.sender != _guardian && msg.sender != governance) revert NotGuardian(msg.sender);
        _;
    }

    /**
     * @param governance_ the timelock
     * @param guardian_ who may stop the gate at once; 0 = nobody but the timelock
     * @param submitters who may submit actions
     * @param rotation the first epoch
     */
    constructor(address governance_, address guardian_, address[] memory submitters, Rotation memory rotation) {
        if (governance_.code.length == 0) revert GovernanceHasNoCode(governance_);
        governance = governance_;
        _setGuardian(guardian_);
        for (uint256 i = 0; i < submitters.length; ++i) _setSubmitter(submitters[i], true);
        _rotate(rotation);
    }

    /// @inheritdoc IGateGovernance
    function config() external view returns (GateConfig memory) {
        Settings settings = _settings;
        return
            GateConfig({
                epoch: settings.epoch(),
                maxDelay: settings.maxDelay(),
                paused: settings.isPaused(),
                openSubmission: settings.isOpen(),
                riskFeed: _riskFeed.feed,
                riskMaxAge: _riskFeed.maxAge,
                agent: AgentKey(settings.agentKind(), _agentId),
                guardian: _guardian
            });
    }

    /// @inheritdoc IGateGovernance
    function laneOf(uint16 lane) external view returns (Lane memory) {
        LaneRecord storage record = _lanes[lane];
        LaneHead head = record.head;
        return Lane(record.policy, record.state, head.epoch(), head.seq(), head.lastTime());
    }

    /// @inheritdoc IGateGovernance
    function isSubmitter(address account) external view returns (bool) {
        return _submitters[account];
    }

    /// @inheritdoc IGateGovernance
    function rotate(Rotation calldata rotation) external onlyGovernance nonReentrant {
        _rotate(rotation);
    }

    /// @inheritdoc IGateGovernance
    function setGuardian(address guardian) external onlyGovernance {
        _setGuardian(guardian);
    }

    /// @inheritdoc IGateGovernance
    function setSubmitter(address submitter, bool allowed) external onlyGovernance {
        _setSubmitter(submitter, allowed);
    }

    /// @inheritdoc IGateGovernance
    function setOpenSubmission(bool allowed) external onlyGovernance {
        _settings = _settings.withOpen(allowed);
        emit OpenSubmissionSet(allowed);
    }

    /// @inheritdoc IGateGovernance
    function unpause() external onlyGovernance {
        _settings = _settings.withPaused(false);
        emit Unpaused(msg.sender);
    }

    /// @inheritdoc IGateGovernance
    function governanceCall(
        address target,
        uint256 value,
        bytes calldata data
    ) external payable onlyGovernance nonReentrant returns (bytes memory) {
        emit GovernanceCallExecuted(target, value, data);
        return _call(target, value, data);
    }

    /// @inheritdoc IGateGovernance
    function pause() external onlyGuardian {
        _settings = _settings.withPaused(true);
        emit Paused(msg.sender);
    }

    /// @inheritdoc IGateGovernance
    function revokeAgent() external onlyGuardian {
        Settings settings = _settings;
        AgentKey memory agent = AgentKey(settings.agentKind(), _agentId);
        emit AgentRevoked(msg.sender, agent.kind, agent.id);
        if (agent.kind != AGENT_NONE) {
            (address account, address twin) = _accountsOf(agent);
            _revokedAgents[account] = true;
            _revokedAgents[twin] = true;
            _agentId = 0;
        }
        // Enough to stop every lane: an action reads the kind before it looks at the lane's agent.
        _settings = settings.withAgentKind(AGENT_NONE);
    }

    /// @dev Calls from the gate, never to itself; a revert of the target reverts with its data.
    function _call(address target, uint256 value, bytes calldata data) internal returns (bytes memory) {
        if (target == address(this)) revert SelfCall();
        if (data.length != 0 && target.code.length == 0) revert TargetHasNoCode(target);
        (bool success, bytes memory result) = target.call{value: value}(data);
        if (!success) revert CallFailed(result);
        return result;
    }

    function _rotate(Rotation memory rotation) private {
        if (block.timestamp < rotation.eta) revert RotationTooEarly(rotation.eta, block.timestamp);
        if (block.timestamp > uint256(rotation.eta) + GRACE_PERIOD) {
            revert RotationTooLate(rotation.eta, block.timestamp);
        }
        if (rotation.maxDelay > MAX_DELAY_BOUND) {
            revert MaxDelayTooLong(rotation.maxDelay, MAX_DELAY_BOUND);
        }
        bool hasRiskFeed = rotation.riskFeed != address(0);
        if (hasRiskFeed != (rotation.riskMaxAge != 0) || (hasRiskFeed && rotation.riskFeed.code.length == 0))
            revert InvalidRiskFeed(rotation.riskFeed, rotation.riskMaxAge);

        Settings settings = _settings;
        uint32 epoch = settings.epoch() + 1;
        if (rotation.epoch != epoch) revert RotationOutOfOrder(rotation.epoch, epoch);
        (address agent, address twin) = _accountsOf(rotation.agent);
        if (_revokedAgents[agent] || _revokedAgents[twin]) {
            revert AgentWasRevoked(rotation.agent.kind, rotation.agent.id);
        }
        _agentId = rotation.agent.id;
        _settings = settings.withEpoch(epoch, rotation.maxDelay, hasRiskFeed).withAgentKind(rotation.agent.kind);
        _riskFeed = RiskFeed(rotation.riskFeed, rotation.riskMaxAge);
        emit Rotated(
            epoch,
            rotation.eta,
            rotation.agent.kind,
            rotation.agent.id,
            rotation.riskFeed,
            rotation.riskMaxAge,
            rotation.maxDelay
        );
        for (uint256 i = 0; i < rotation.lanes.length; ++i) {
            _rotateLane(rotation.lanes[i], agent, epoch, rotation.eta);
        }
    }

    function _rotateLane(LaneRotation memory rotation, address agent, uint32 epoch, uint64 eta) private {
        LaneRecord storage lane = _lanes[rotation.lane];
        LaneHead head = lane.head;
        if (head.epoch() == epoch) revert LaneNamedTwice(rotation.lane);
        _requireCommitment(rotation.lane, rotation.policy);
        lane.policy = rotation.policy;
        uint64 lastTime = eta;
        if (rotation.keepState) {
            // A lane that was never named has epoch 0, which is no lane's before the first rotation either.
            if (head.epoch() == 0 || head.epoch() != epoch - 1 || rotation.state != 0) {
                revert CannotKeepState(rotation.lane, head.epoch(), rotation.state);
            }
            lastTime = head.lastTime();
        } else {
            _requireCommitment(rotation.lane, rotation.state);
            lane.state = rotation.state;
        }
        lane.head = LaneHeadLib.pack(agent, epoch, head.seq(), lastTime);
        emit LaneRotated(rotation.lane, epoch, rotation.policy, lane.state, head.seq(), lastTime, rotation.keepState);
    }

    function _setGuardian(address guardian) private {
        emit GuardianSet(_guardian, guardian);
        _guardian = guardian;
    }

    function _setSubmitter(address submitter, bool allowed) private {
        if (submitter == address(0)) revert InvalidSubmitter(submitter);
        _submitters[submitter] = allowed;
        address usual = _settings.usualSubmitter();
        if (allowed && usual == address(0)) _settings = _settings.withUsualSubmitter(submitter);
        if (!allowed && usual == submitter) _settings = _settings.withUsualSubmitter(address(0));
        emit SubmitterSet(submitter, allowed);
    }

    function _requireCommitment(uint16 lane, uint256 commitment) private pure {
        if (commitment == 0 || commitment >= ContextLib.P) {
            revert InvalidCommitment(lane, commitment);
        }
    }

    /**
     * @dev The address of an agent's key, and that of the key's negative, which whoever holds a Schnorr key's
     * secret has as well; of an ECDSA key nothing but its own address is known.
     */
    function _accountsOf(AgentKey memory agent) private pure returns (address account, address twin) {
        uint256 id = uint256(agent.id);
        if (agent.kind == AGENT_ECDSA) {
            if (id == 0 || id > type(uint160).max) revert InvalidAgentId(agent.kind, agent.id);
            account = address(uint160(id));
            twin = account;
        } else if (agent.kind == AGENT_SCHNORR) {
            (account, twin) = SchnorrLib.addressesOf(id);
            if (account == address(0)) revert InvalidAgentId(agent.kind, agent.id);
        } else {
            revert UnknownAgentKind(agent.kind);
        }
    }
}
