// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

/// @notice The key that signs a gate's actions: its kind and its identity under that kind.
struct AgentKey {
    /// @dev 0 = none (revoked), 1 = ECDSA on secp256k1, 2 = Schnorr on secp256k1 (a threshold group).
    uint8 kind;
    /// @dev Kind 1: the address, right-aligned. Kind 2: the x coordinate of the key, whose y is even; below the
    /// curve's order.
    bytes32 id;
}

/// @notice What a rotation sets on one lane.
struct LaneRotation {
    uint16 lane;
    /// @dev Keep the lane's state commitment and last time; the lane must be live, and `state` 0.
    bool keepState;
    /// @dev Policy commitment: not 0, below p.
    uint256 policy;
    /// @dev State commitment with `last` = the rotation's eta: not 0, below p.
    uint256 state;
}

/// @notice Everything that a new epoch sets, in one step. Lanes that are not named are dead.
struct Rotation {
    /// @dev The epoch it begins: the current one + 1. A rotation announced for another epoch is void, so that none
    /// can undo a later one.
    uint32 epoch;
    /// @dev Unix seconds: executable from then on, for GRACE_PERIOD seconds.
    uint64 eta;
    AgentKey agent;
    /// @dev AggregatorV3 feed that decides the regime, 0 = none.
    address riskFeed;
    /// @dev Oldest risk answer accepted, seconds before the block's timestamp; 0 without a feed.
    uint32 riskMaxAge;
    /// @dev Longest time from a proof's `time` to its block, seconds, at most 300.
    uint16 maxDelay;
    LaneRotation[] lanes;
}

/// @notice One lane of a gate.
struct Lane {
    /// @dev Policy commitment.
    uint256 policy;
    /// @dev Commitment to the budgets after the lane's last action.
    uint256 state;
    /// @dev Live while it equals the gate's epoch.
    uint32 epoch;
    /// @dev Sequence number of the lane's next action; never resets.
    uint64 seq;
    /// @dev Unix seconds of the lane's last action, or the eta of the rotation that set the state.
    uint64 lastTime;
}

/// @notice The gate-wide configuration.
struct GateConfig {
    uint32 epoch;
    uint16 maxDelay;
    bool paused;
    /// @dev Whether actions signed for submitter 0 may be submitted by anyone.
    bool openSubmission;
    address riskFeed;
    uint32 riskMaxAge;
    AgentKey agent;
    address guardian;
}

/**
 * @title IGateGovernance
 * @notice Who may change what on a gate: the timelock everything, the guardian only stops.
 */
interface IGateGovernance {
    /// @notice A new epoch began; its lanes follow as {LaneRotated}.
    event Rotated(
        uint32 indexed epoch,
        uint64 eta,
        uint8 agentKind,
        bytes32 agentId,
        address riskFeed,
        uint32 riskMaxAge,
        uint16 maxDelay
    );

    /// @notice A lane is live in `epoch`.
    event LaneRotated(
        uint16 indexed lane,
        uint32 indexed epoch,
        uint256 policy,
        uint256 state,
        uint64 seq,
        uint64 lastTime,
        bool keptState
    );

    /// @notice The agent key was revoked: nothing executes until a rotation.
    event AgentRevoked(address indexed by, uint8 agentKind, bytes32 agentId);

    /// @notice Actions are stopped.
    event Paused(address indexed by);

    /// @notice Actions may go on.
    event Unpaused(address indexed by);

    /// @notice Another account guards the gate.
    event GuardianSet(address indexed previous, address indexed guardian);

    /// @notice An account may, or may no longer, submit actions.
    event SubmitterSet(address indexed submitter, bool allowed);

    /// @notice Actions signed for submitter 0 may, or may no longer, be submitted by anyone.
    event OpenSubmissionSet(bool allowed);

    /// @notice Governance made a call from the gate.
    event GovernanceCallExecuted(address indexed target, uint256 value, bytes data);

    /// @notice Only the timelock may call this.
    error NotGovernance(address caller);

    /// @notice Only the guardian or the timelock may call this.
    error NotGuardian(address caller);

    /// @notice The governance address has no code, so it cannot be a timelock.
    error GovernanceHasNoCode(address governance);

    /// @notice The rotation begins another epoch than the next.
    error RotationOutOfOrder(uint32 epoch, uint32 expected);

    /// @notice The agent key was revoked; a revoked key never returns.
    error AgentWasRevoked(uint8 kind, bytes32 id);

    /// @notice The rotation's time has not come.
    error RotationTooEarly(uint256 eta, uint256 timestamp);

    /// @notice The rotation's grace period is over.
    error RotationTooLate(uint256 eta, uint256 timestamp);

    /// @notice The agent's kind is not one that the gate can verify.
    error UnknownAgentKind(uint8 kind);

    /// @notice The id is not an identity under its kind.
    error InvalidAgentId(uint8 kind, bytes32 id);

    /// @notice maxDelay exceeds the protocol's bound.
    error MaxDelayTooLong(uint256 maxDelay, uint256 bound);

    /// @notice The risk feed and its maximum age do not fit: no code, no age, or an age without a feed.
    error InvalidRiskFeed(address feed, uint32 maxAge);

    /// @notice The commitment is 0 or not below p.
    error InvalidCommitment(uint16 lane, uint256 commitment);

    /// @notice The rotation names a lane twice.
    error LaneNamedTwice(uint16 lane);

    /// @notice keepState was asked of a lane that is not live, or came together with a state.
    error CannotKeepState(uint16 lane, uint32 laneEpoch, uint256 state);

    /// @notice The zero address cannot submit; see openSubmission.
    error InvalidSubmitter(address submitter);

    /// @notice The call would be to the gate itself.
    error SelfCall();

    /// @notice Calldata needs code at the target.
    error TargetHasNoCode(address target);

    /// @notice The call reverted, with this revert data.
    error CallFailed(bytes reason);

    /// @notice The timelock that alone may change the gate.
    function governance() external view returns (address);

    /// @notice The gate-wide configuration.
    function config() external view returns (GateConfig memory);

    /// @notice A lane as it stands; all zero if it was never named.
    function laneOf(uint16 lane) external view returns (Lane memory);

    /// @notice Whether an account may submit the actions that are signed for it.
    function isSubmitter(address account) external view returns (bool);

    /// @notice Starts a new epoch: agent key, risk feed, maxDelay and lanes, atomically. Timelock only.
    function rotate(Rotation calldata rotation) external;

    /// @notice Names the guardian; 0 leaves the gate without one. Timelock only.
    function setGuardian(address guardian) external;

    /// @notice Lets an account submit actions, or not any more. Timelock only.
    function setSubmitter(address submitter, bool allowed) external;

    /// @notice Lets anyone submit the actions that are signed for submitter 0, or not any more. Timelock only.
    function setOpenSubmission(bool allowed) external;

    /// @notice Lets actions go on after a pause. Timelock only.
    function unpause() external;

    /**
     * @notice Makes any call from the gate except to itself: the way out, paused or not. Timelock only.
     * @return the call's return data
     */
    function governanceCall(address target, uint256 value, bytes calldata data) external payable returns (bytes memory);

    /// @notice Stops all actions at once. Guardian or timelock.
    function pause() external;

    /// @notice Revokes the agent key at once. Guardian or timelock.
    function revokeAgent() external;
}
