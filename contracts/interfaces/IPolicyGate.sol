// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {IGateGovernance} from "./IGateGovernance.sol";

/// @notice One call that the agent wants executed.
struct Call {
    address target;
    /// @dev wei, below 2^128
    uint256 value;
    /// @dev Empty, or at least a selector; below 2^20 bytes.
    bytes data;
}

/// @notice The proof that a call obeys a lane's hidden policy, and what it was made for.
struct Proof {
    /// @dev 1 gate, 2 wide, 3 quorum.
    uint8 circuit;
    uint16 lane;
    /// @dev Unix seconds of the block the agent worked from.
    uint64 time;
    /// @dev Unix seconds: the last block time at which the action may land.
    uint64 deadline;
    /// @dev The only account that may submit; 0 = anyone, where the gate allows that.
    address submitter;
    /// @dev AggregatorV3 feed the rule prices with; 0 = none.
    address priceFeed;
    /// @dev The round that was current at `time`; 0 without a feed.
    uint80 priceRound;
    /// @dev The risk feed's round that was current at `time`; 0 without a feed.
    uint80 riskRound;
    /// @dev State commitment after the action, below p.
    uint256 stateNew;
    /// @dev c, the prover's commitment to the context vector, below p.
    uint256 contextCommitment;
    /// @dev A.x, A.y, B.x1, B.x0, B.y1, B.y0, C.x, C.y.
    uint256[8] points;
}

/**
 * @title IPolicyGate
 * @notice Executes an agent's calls that are signed and proven to obey a hidden policy, and no others
 * (docs/PROTOCOL.md).
 */
interface IPolicyGate is IGateGovernance {
    /// @notice An action was executed. Tells an auditor, and whoever recovers the state, what it was.
    event ActionExecuted(
        uint16 indexed lane,
        uint32 epoch,
        uint64 seq,
        uint8 circuit,
        uint64 time,
        uint256 priceAnswer,
        uint256 riskAnswer,
        address target,
        uint256 value,
        bytes32 dataHash,
        uint256 stateNew
    );

    /// @notice The chain's id does not fit 64 bits.
    error ChainIdTooLarge(uint256 chainId);

    /// @notice A verifier's address has no code.
    error VerifierHasNoCode(address verifier);

    /// @notice The gate is paused.
    error GatePaused();

    /// @notice The gate has no such circuit.
    error UnknownCircuit(uint8 circuit);

    /// @notice No rotation ever named the lane.
    error UnknownLane(uint16 lane);

    /// @notice The lane belongs to a past epoch.
    error DeadLane(uint16 lane, uint32 laneEpoch, uint32 epoch);

    /// @notice The action is signed for another sender.
    error WrongSubmitter(address submitter, address sender);

    /// @notice The submitter is not on the gate's list.
    error SubmitterNotAllowed(address submitter);

    /// @notice The action is signed for anyone, which the gate does not allow.
    error OpenSubmissionNotAllowed();

    /// @notice The time is not below 2^34.
    error TimeOutOfBounds(uint256 time);

    /// @notice The time is after the block's.
    error TimeInFuture(uint256 time, uint256 timestamp);

    /// @notice The time is more than maxDelay before the block's.
    error TimeStale(uint256 time, uint256 maxDelay, uint256 timestamp);

    /// @notice The time is before the lane's last one.
    error TimeBackward(uint256 time, uint256 lastTime);

    /// @notice The block is past the action's deadline.
    error DeadlinePassed(uint256 deadline, uint256 timestamp);

    /// @notice The calldata has 1 to 3 bytes.
    error SelectorTruncated(uint256 dataLength);

    /// @notice The calldata is not below 2^20 bytes.
    error DataTooLong(uint256 dataLength);

    /// @notice The value is not below 2^128.
    error ValueTooLarge(uint256 value);

    /// @notice stateNew is not below p.
    error StateNotInField(uint256 stateNew);

    /// @notice c is not below p.
    error ContextCommitmentNotInField(uint256 contextCommitment);

    /// @notice A round is named of a feed that is not in use.
    error RoundWithoutFeed(uint80 round);

    /// @notice The risk answer is older than the gate accepts.
    error RiskAnswerStale(uint256 updatedAt, uint256 maxAge, uint256 timestamp);

    /// @notice The risk feed's latest answer is above the one the proof uses.
    error RiskAnswerBelowLatest(int256 answer, int256 latest);

    /// @notice There is no agent key of a kind that the gate can verify; 0 = revoked.
    error NoAgent(uint8 kind);

    /// @notice The signature is malformed or another key's; `recovered` is 0 where it tells nobody's, as Schnorr's.
    error InvalidSignature(address recovered);

    /// @notice The proof does not hold for [c, z, y].
    error InvalidProof(uint8 circuit, uint256 contextCommitment, uint256 z, uint256 y);

    /**
     * @notice Executes a call that the agent signed and proved.
     * @param call what to execute
     * @param proof the proof and what it was made for
     * @param signature the agent's, over {digestOf}; ECDSA: 65 bytes r, s, v with low s; Schnorr: 52 bytes, the
     * address of the commitment and s
     * @return the call's return data
     */
    function execute(
        Call calldata call,
        Proof calldata proof,
        bytes calldata signature
    ) external payable returns (bytes memory);

    /**
     * @notice What the agent signs, and the public signals z and y next to c, were the action to be executed in
     * the current block. Reverts as {execute} would for anything but submitter, signature and proof.
     */
    function digestOf(
        Call calldata call,
        Proof calldata proof
    ) external view returns (bytes32 digest, uint256 z, uint256 y);

    /// @notice The context vector of an action; reverts as {digestOf}.
    function contextOf(Call calldata call, Proof calldata proof) external view returns (uint256[] memory);

    /**
     * @notice A circuit's verifier and how many calldata words it reads.
     * @return verifier 0 if the gate does not have the circuit
     */
    function circuitOf(uint8 circuit) external view returns (address verifier, uint256 words);
}
