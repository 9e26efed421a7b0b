// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {RoundReader} from "../feeds/RoundReader.sol";
import {GateGovernance} from "../governance/GateGovernance.sol";
import {Lane, Rotation} from "../interfaces/IGateGovernance.sol";
import {IGroth16Verifier} from "../interfaces/IGroth16Verifier.sol";
import {Call, IPolicyGate, Proof} from "../interfaces/IPolicyGate.sol";
import {ContextLib} from "../lib/ContextLib.sol";

/// @notice The verifiers of a gate, one for each circuit; 0 = the gate does not have it.
struct Verifiers {
    address gate;
    address wide;
    address quorum;
}

/**
 * @title PolicyGate
 * @notice Executes only calls that the agent signed and that are proven to obey a lane's hidden policy. The
 * public signals are computed here, from what is about to be executed and from storage, never from a claim.
 */
abstract contract PolicyGate is IPolicyGate, GateGovernance, EIP712 {
    using ContextLib for ContextLib.Header;

    bytes32 private constant GATED_ACTION_TYPEHASH = keccak256(
        "GatedAction(uint8 circuit,bytes32 contextHash,uint16 lane,uint32 epoch,uint64 seq,bytes32 dataHash,uint64 deadline,address submitter,uint256 contextCommitment)"
    );

    uint256 private constant GATE_WORDS = 8;
    uint256 private constant WIDE_WORDS = 32;
    uint256 private constant QUORUM_WORDS = 32;

    uint256 private constant TIME_BOUND = 1 << 34;
    uint256 private constant VALUE_BOUND = 1 << 128;
    uint256 private constant DATA_LENGTH_BOUND = 1 << 20;

    address private immutable _gateVerifier;
    address private immutable _wideVerifier;
    address private immutable _quorumVerifier;

    /// @dev An action bound to its context: what signature and proof must hold for.
    struct BoundAction {
        ContextLib.Header vector;
        address verifier;
        uint256 words;
        uint32 epoch;
        uint64 seq;
        bytes32 dataHash;
        bytes32 digest;
        uint256 z;
        uint256 y;
    }

    /**
     * @param verifiers the circuit table
     * @param governance_ the timelock
     * @param guardian who may stop the gate at once
     * @param submitters who may submit actions
     * @param rotation the first epoch
     */
    constructor(
        Verifiers memory verifiers,
        address governance_,
        address guardian,
        address[] memory submitters,
        Rotation memory rotation
    ) EIP712("zkmandate", "1") GateGovernance(governance_, guardian, submitters, rotation) {
        if (block.chainid >> 64 != 0) revert ChainIdTooLarge(block.chainid);
        _gateVerifier = _withCode(verifiers.gate);
        _wideVerifier = _withCode(verifiers.wide);
        _quorumVerifier = _withCode(verifiers.quorum);
    }

    /// @inheritdoc IPolicyGate
    function execute(
        Call calldata call,
        Proof calldata proof,
        bytes calldata signature
    ) external payable nonReentrant returns (bytes memory) {
        Settings memory settings = _settings;
        _requireSubmitter(settings, proof.submitter);
        Lane storage lane = _lanes[proof.lane];
        BoundAction memory action = _bind(settings, lane, call, proof);
        _requireSignature(settings, action.digest, signature);
        _requireProof(action, proof);
        _advance(lane, action, call, proof);
        return _call(call.target, call.value, call.data);
    }

    /// @inheritdoc IPolicyGate
    function digestOf(
        Call calldata call,
        Proof calldata proof
    ) external view returns (bytes32 digest, uint256 z, uint256 y) {
        BoundAction memory action = _bind(_settings, _lanes[proof.lane], call, proof);
        return (action.digest, action.z, action.y);
    }

    /// @inheritdoc IPolicyGate
    function contextOf(Call calldata call, Proof calldata proof) external view returns (uint256[] memory) {
        BoundAction memory action = _bind(_settings, _lanes[proof.lane], call, proof);
        return action.vector.toArray(action.words);
    }

    /// @inheritdoc IPolicyGate
    function circuitOf(uint8 circuit) public view returns (address verifier, uint256 words) {
        if (circuit == 1) return (_gateVerifier, GATE_WORDS);
        if (circuit == 2) return (_wideVerifier, WIDE_WORDS);
        if (circuit == 3) return (_quorumVerifier, QUORUM_WORDS);
    }

    /// @dev Enforces every bound and builds the vector, the digest and the public signals.
    function _bind(
        Settings memory settings,
        Lane storage lane,
        Call calldata call,
        Proof calldata proof
    ) private view returns (BoundAction memory action) {
        if (settings.paused) revert GatePaused();
        (action.verifier, action.words) = circuitOf(proof.circuit);
        if (action.verifier == address(0)) revert UnknownCircuit(proof.circuit);
        (action.epoch, action.seq) = (lane.epoch, lane.seq);
        if (action.epoch == 0) revert UnknownLane(proof.lane);
        if (action.epoch != settings.epoch) {
            revert DeadLane(proof.lane, action.epoch, settings.epoch);
        }
        _requireTime(settings, lane, proof);
        _requireBounds(call, proof);

        ContextLib.Header memory vector = ContextLib.fromCalldata(call.data, action.words);
        action.vector = vector;
        vector.chainId = block.chainid;
        vector.gate = uint160(address(this));
        vector.time = proof.time;
        vector.policy = lane.policy;
        vector.stateOld = lane.state;
        vector.stateNew = proof.stateNew;
        vector.target = uint160(call.target);
        vector.value = call.value;
        (vector.priceAnswer, vector.priceUpdatedAt) = _readPrice(proof);
        vector.priceFeed = uint160(proof.priceFeed);
        vector.riskAnswer = _readRisk(settings, proof);

        action.dataHash = keccak256(call.data);
        action.digest = _hashTypedDataV4(
            keccak256(
                abi.encode(
                    GATED_ACTION_TYPEHASH,
                    proof.circuit,
                    vector.hash(action.words),
                    proof.lane,
                    action.epoch,
                    action.seq,
                    action.dataHash,
                    proof.deadline,
                    proof.submitter,
                    proof.contextCommitment
                )
            )
        );
        action.z = uint256(action.digest) % ContextLib.P;
        action.y = vector.fingerprint(action.words, action.z);
    }

    function _requireSubmitter(Settings memory settings, address submitter) private view {
        if (submitter == address(0)) {
            if (!settings.openSubmission) revert OpenSubmissionNotAllowed();
        } else {
            if (msg.sender != submitter) revert WrongSubmitter(submitter, msg.sender);
            if (!_submitters[submitter]) revert SubmitterNotAllowed(submitter);
        }
    }

    function _requireTime(Settings memory settings, Lane storage lane, Proof calldata proof) private view {
        uint256 time = proof.time;
        if (time >= TIME_BOUND) revert TimeOutOfBounds(time);
        if (time > block.timestamp) revert TimeInFuture(time, block.timestamp);
        if (block.timestamp > time + settings.maxDelay) {
            revert TimeStale(time, settings.maxDelay, block.timestamp);
        }
        if (block.timestamp > proof.deadline) {
            revert DeadlinePassed(proof.deadline, block.timestamp);
        }
        if (time < lane.lastTime) revert TimeBackward(time, lane.lastTime);
    }

    function _requireBounds(Call calldata call, Proof calldata proof) private view {
        uint256 dataLength = call.data.length;
        if (dataLength != 0) {
            if (dataLength < 4) revert SelectorTruncated(dataLength);
            if (dataLength >= DATA_LENGTH_BOUND) revert DataTooLong(dataLength);
        }
        if (call.value >= VALUE_BOUND) revert ValueTooLarge(call.value);
        if (call.target == address(this)) revert SelfCall();
        if (proof.stateNew >= ContextLib.P) revert StateNotInField(proof.stateNew);
        if (proof.contextCommitment >= ContextLib.P) {
            revert ContextCommitmentNotInField(proof.contextCommitment);
        }
    }

    function _readPrice(Proof calldata proof) private view returns (uint256 answer, uint256 updatedAt) {
        if (proof.priceFeed == address(0)) {
            if (proof.priceRound != 0) revert RoundWithoutFeed(proof.priceRound);
            return (0, 0);
        }
        (RoundReader.Round memory claimed, ) = RoundReader.readCurrentAt(proof.priceFeed, proof.priceRound, proof.time);
        return (uint256(claimed.answer), claimed.updatedAt);
    }

    function _readRisk(Settings memory settings, Proof calldata proof) private view returns (uint256 answer) {
        if (!settings.hasRiskFeed) {
            if (proof.riskRound != 0) revert RoundWithoutFeed(proof.riskRound);
            return 0;
        }
        RiskFeed memory risk = _riskFeed;
        (RoundReader.Round memory claimed, RoundReader.Round memory latest) = RoundReader.readCurrentAt(
            risk.feed,
            proof.riskRound,
            proof.time
        );
        if (block.timestamp > claimed.updatedAt + risk.maxAge) {
            revert RiskAnswerStale(claimed.updatedAt, risk.maxAge, block.timestamp);
        }
        // A latest answer that makes no sense says nothing about the risk: refuse.
        RoundReader.requireAnswer(risk.feed, latest.answer);
        if (claimed.answer < latest.answer) {
            revert RiskAnswerBelowLatest(claimed.answer, latest.answer);
        }
        return uint256(claimed.answer);
    }

    function _requireSignature(Settings memory settings, bytes32 digest, bytes calldata signature) private pure {
        if (settings.agentKind != AGENT_ECDSA) revert NoAgent(settings.agentKind);
        (address recovered, , ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (recovered == address(0) || recovered != settings.agentAddress) {
            revert InvalidSignature(recovered);
        }
    }

    function _requireProof(BoundAction memory action, Proof calldata proof) private view {
        uint256[3] memory publicSignals = [proof.contextCommitment, action.z, action.y];
        if (!IGroth16Verifier(action.verifier).verifyProof(proof.points, publicSignals)) {
            revert InvalidProof(proof.circuit, proof.contextCommitment, action.z, action.y);
        }
    }

    /// @dev The lane's next state, written before the call.
    function _advance(Lane storage lane, BoundAction memory action, Call calldata call, Proof calldata proof) private {
        lane.state = proof.stateNew;
        lane.seq = action.seq + 1;
        lane.lastTime = proof.time;
        emit ActionExecuted(
            proof.lane,
            action.epoch,
            action.seq,
            proof.circuit,
            proof.time,
            action.vector.priceAnswer,
            action.vector.riskAnswer,
            call.target,
            call.value,
            action.dataHash,
            proof.stateNew
        );
    }

    function _withCode(address verifier) private view returns (address) {
        if (verifier != address(0) && verifier.code.length == 0) {
            revert VerifierHasNoCode(verifier);
        }
        return verifier;
    }
}
