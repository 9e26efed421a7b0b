// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {RoundReader} from "../feeds/RoundReader.sol";
import {GateGovernance} from "../governance/GateGovernance.sol";
import {Rotation} from "../interfaces/IGateGovernance.sol";
import {IGroth16Verifier} from "../interfaces/IGroth16Verifier.sol";
import {Call, IPolicyGate, Proof} from "../interfaces/IPolicyGate.sol";
import {LaneHead, LaneHeadLib} from "../governance/LaneHead.sol";
import {Settings} from "../governance/Settings.sol";
import {ContextLib, Vector} from "../lib/ContextLib.sol";
import {SchnorrLib} from "../lib/SchnorrLib.sol";

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
    using ContextLib for Vector;

    bytes32 private constant GATED_ACTION_TYPEHASH = keccak256(
        "GatedAction(uint8 circuit,bytes32 contextHash,uint16 lane,uint32 epoch,uint64 seq,bytes32 dataHash,uint64 deadline,address submitter,uint256 contextCommitment)"
    );

    uint256 private constant GATE_WORDS = 8;
    uint256 private constant WIDE_WORDS = 32;
    uint256 private constant QUORUM_WORDS = 32;

    uint256 private constant TIME_BOUND = 1 << 34;
    uint256 private constant VALUE_BOUND = 1 << 128;
    uint256 private constant DATA_LENGTH_BOUND = 1 << 20;

    /// @dev What the feeds said; 0 where none is in use.
    struct Feeds {
        uint256 priceAnswer;
        uint256 priceUpdatedAt;
        uint256 riskAnswer;
    }

    address private immutable _gateVerifier;
    address private immutable _wideVerifier;
    address private immutable _quorumVerifier;

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
        Settings settings = _settings;
        _requireSubmitter(settings, proof.submitter);
        LaneRecord storage lane = _lanes[proof.lane];
        LaneHead head = lane.head;
        (address verifier, uint256 words) = circuitOf(proof.circuit);
        bytes calldata data = call.data;
        address target = call.target;
        _requireBounds(settings, head, verifier, call.value, data.length, proof);

        bytes32 dataHash = ContextLib.hashCalldata(data);
        Feeds memory feeds = _readFeeds(settings, proof);
        Vector vector = _vector(lane, feeds, words, target, call.value, data, proof);
        bytes32 digest = _digest(head, vector.hash(words), dataHash, proof);
        _requireSignature(settings, head, digest, signature);
        uint256 z = uint256(digest) % ContextLib.P;
        _requireProof(verifier, z, vector.fingerprint(words, z), proof);

        lane.state = proof.stateNew;
        lane.head = LaneHeadLib.pack(head.agent(), head.epoch(), head.seq() + 1, proof.time);
        emit ActionExecuted(
            proof.lane,
            head.epoch(),
            head.seq(),
            proof.circuit,
            proof.time,
            feeds.priceAnswer,
            feeds.riskAnswer,
            target,
            call.value,
            dataHash,
            proof.stateNew
        );
        return _call(target, call.value, data);
    }

    /// @inheritdoc IPolicyGate
    function digestOf(
        Call calldata call,
        Proof calldata proof
    ) external view returns (bytes32 digest, uint256 z, uint256 y) {
        (Vector vector, uint256 words) = _preview(call, proof);
        bytes32 dataHash = ContextLib.hashCalldata(call.data);
        digest = _digest(_lanes[proof.lane].head, vector.hash(words), dataHash, proof);
        z = uint256(digest) % ContextLib.P;
        y = vector.fingerprint(words, z);
    }

    /// @inheritdoc IPolicyGate
    function contextOf(Call calldata call, Proof calldata proof) external view returns (uint256[] memory) {
        (Vector vector, uint256 words) = _preview(call, proof);
        return vector.toArray(words);
    }

    /// @inheritdoc IPolicyGate
    function circuitOf(uint8 circuit) public view returns (address verifier, uint256 words) {
        if (circuit == 1) return (_gateVerifier, GATE_WORDS);
        if (circuit == 2) return (_wideVerifier, WIDE_WORDS);
        if (circuit == 3) return (_quorumVerifier, QUORUM_WORDS);
    }

    function _preview(Call calldata call, Proof calldata proof) private view returns (Vector vector, uint256 words) {
        Settings settings = _settings;
        LaneRecord storage lane = _lanes[proof.lane];
        address verifier;
        (verifier, words) = circuitOf(proof.circuit);
        _requireBounds(settings, lane.head, verifier, call.value, call.data.length, proof);
        vector = _vector(lane, _readFeeds(settings, proof), words, call.target, call.value, call.data, proof);
    }

    /// @dev The context vector, of what is about to be executed and of storage.
    function _vector(
        LaneRecord storage lane,
        Feeds memory feeds,
        uint256 words,
        address target,
        uint256 value,
        bytes calldata data,
        Proof calldata proof
    ) internal view returns (Vector) {
        ContextLib.Header memory header = ContextLib.Header({
            chainId: block.chainid,
            gate: uint160(address(this)),
            time: proof.time,
            policy: lane.policy,
            stateOld: lane.state,
            stateNew: proof.stateNew,
            target: uint160(target),
            value: value,
            selector: ContextLib.selectorOf(data),
            dataLength: data.length,
            priceFeed: uint160(proof.priceFeed),
            priceAnswer: feeds.priceAnswer,
            priceUpdatedAt: feeds.priceUpdatedAt,
            riskAnswer: feeds.riskAnswer
        });
        return header.appendWords(data, words);
    }

    /// @dev What the agent signs.
    function _digest(
        LaneHead head,
        bytes32 contextHash,
        bytes32 dataHash,
        Proof calldata proof
    ) internal view returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        GATED_ACTION_TYPEHASH,
                        proof.circuit,
                        contextHash,
                        proof.lane,
                        head.epoch(),
                        head.seq(),
                        dataHash,
                        proof.deadline,
                        proof.submitter,
                        proof.contextCommitment
                    )
                )
            );
    }

    function _requireSubmitter(Settings settings, address submitter) private view {
        if (submitter == address(0)) {
            if (!settings.isOpen()) revert OpenSubmissionNotAllowed();
        } else {
            if (msg.sender != submitter) revert WrongSubmitter(submitter, msg.sender);
            if (submitter != settings.usualSubmitter() && !_submitters[submitter]) {
                revert SubmitterNotAllowed(submitter);
            }
        }
    }

    /// @dev Everything that an action must satisfy before its context makes sense.
    function _requireBounds(
        Settings settings,
        LaneHead head,
        address verifier,
        uint256 value,
        uint256 dataLength,
        Proof calldata proof
    ) private view {
        if (settings.isPaused()) revert GatePaused();
        if (verifier == address(0)) revert UnknownCircuit(proof.circuit);
        if (head.epoch() == 0) revert UnknownLane(proof.lane);
        if (head.epoch() != settings.epoch()) revert DeadLane(proof.lane, head.epoch(), settings.epoch());

        uint256 time = proof.time;
        if (time >= TIME_BOUND) revert TimeOutOfBounds(time);
        if (time > block.timestamp) revert TimeInFuture(time, block.timestamp);
        if (block.timestamp > time + settings.maxDelay()) {
            revert TimeStale(time, settings.maxDelay(), block.timestamp);
        }
        if (block.timestamp > proof.deadline) {
            revert DeadlinePassed(proof.deadline, block.timestamp);
        }
        if (time < head.lastTime()) revert TimeBackward(time, head.lastTime());

        if (dataLength != 0 && dataLength < 4) revert SelectorTruncated(dataLength);
        if (dataLength >= DATA_LENGTH_BOUND) revert DataTooLong(dataLength);
        if (value >= VALUE_BOUND) revert ValueTooLarge(value);
        if (proof.stateNew >= ContextLib.P) revert StateNotInField(proof.stateNew);
        if (proof.contextCommitment >= ContextLib.P) {
            revert ContextCommitmentNotInField(proof.contextCommitment);
        }
    }

    /// @dev The answers of the named rounds, 0 for a feed that is not in use.
    function _readFeeds(Settings settings, Proof calldata proof) private view returns (Feeds memory feeds) {
        if (proof.priceFeed != address(0)) {
            int256 answer;
            (answer, feeds.priceUpdatedAt, ) = RoundReader.readCurrentAt(proof.priceFeed, proof.priceRound, proof.time);
            feeds.priceAnswer = uint256(answer);
        } else if (proof.priceRound != 0) {
            revert RoundWithoutFeed(proof.priceRound);
        }
        if (settings.hasRiskFeed()) {
            feeds.riskAnswer = _readRisk(proof);
        } else if (proof.riskRound != 0) {
            revert RoundWithoutFeed(proof.riskRound);
        }
    }

    function _readRisk(Proof calldata proof) private view returns (uint256) {
        address feed = _riskFeed.feed;
        uint256 maxAge = _riskFeed.maxAge;
        (int256 answer, uint256 updatedAt, int256 latestAnswer) = RoundReader.readCurrentAt(
            feed,
            proof.riskRound,
            proof.time
        );
        if (block.timestamp > updatedAt + maxAge) revert RiskAnswerStale(updatedAt, maxAge, block.timestamp);
        // A latest answer that makes no sense says nothing about the risk: refuse.
        RoundReader.requireAnswer(feed, latestAnswer);
        if (answer < latestAnswer) revert RiskAnswerBelowLatest(answer, latestAnswer);
        return uint256(answer);
    }

    function _requireSignature(
        Settings settings,
        LaneHead head,
        bytes32 digest,
        bytes calldata signature
    ) private view {
        uint8 kind = settings.agentKind();
        if (kind == AGENT_ECDSA) {
            (address recovered, , ) = ECDSA.tryRecoverCalldata(digest, signature);
            if (recovered == address(0) || recovered != head.agent()) {
                revert InvalidSignature(recovered);
            }
        } else if (kind == AGENT_SCHNORR) {
            if (!SchnorrLib.verify(uint256(_agentId), digest, signature)) revert InvalidSignature(address(0));
        } else {
            revert NoAgent(kind);
        }
    }

    function _requireProof(address verifier, uint256 z, uint256 y, Proof calldata proof) private view {
        if (!IGroth16Verifier(verifier).verifyProof(proof.points, proof.contextCommitment, z, y)) {
            revert InvalidProof(proof.circuit, proof.contextCommitment, z, y);
        }
    }

    function _withCode(address verifier) private view returns (address) {
        if (verifier != address(0) && verifier.code.length == 0) {
            revert VerifierHasNoCode(verifier);
        }
        return verifier;
    }
}
