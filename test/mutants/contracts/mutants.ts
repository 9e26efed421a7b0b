import { FIELD_ORDER } from "../../../src/field/field.ts";

/** A planted bug: a small change to the sources that the attacks must notice. */
export interface Mutant {
  name: string;
  /** Below contracts/. */
  file: string;
  /**
   * What to replace. Statements and expressions share one instrumented build, in which the bug can be
   * switched on; any other text gets a build of its own.
   */
  kind: "statement" | "expression" | "text";
  /** Occurs once in the file; ⟦ and ⟧ enclose the part to replace where that alone is not unique. */
  find: string;
  replace: string;
  /** The attacks that must fail on it. */
  caughtBy: readonly string[];
}

const GATE = "gate/PolicyGate.sol";
const GOVERNANCE = "governance/GateGovernance.sol";
const SCHNORR = "lib/SchnorrLib.sol";
const ROUNDS = "feeds/RoundReader.sol";
export const VERIFIER = "test/OpenGateVerifier.sol";

/** Takes a check out. */
const without = (name: string, file: string, find: string, ...caughtBy: string[]): Mutant => ({
  name,
  file,
  kind: "statement",
  find,
  replace: "",
  caughtBy,
});

/** Puts another expression in the place of one. */
const instead = (
  name: string,
  file: string,
  find: string,
  replace: string,
  ...caughtBy: string[]
): Mutant => ({ name, file, kind: "expression", find, replace, caughtBy });

export const HONEST = "an honest action executes once, and the lane moves on";
export const GROUP = "a group's action executes once, and the lane moves on";
export const SPECIFICATION = "digest, challenge and fingerprint are those of the specification";

export const mutants: readonly Mutant[] = [
  // Feeds
  without(
    "round not checked as current",
    ROUNDS,
    "if (replacedAt <= time) revert FeedRoundNotCurrent(feed, round, replacedAt, time);",
    "priceFeed: the calmer, older round is refused",
    "riskFeed: the calmer, older round is refused",
  ),
  instead(
    "successor at the very time counts as later",
    ROUNDS,
    "replacedAt <= time",
    "replacedAt < time",
    "priceFeed: a round that the next one replaced at the time is refused",
  ),
  instead(
    "latest round taken for the successor",
    ROUNDS,
    "_readRound(feed, ⟦round + 1⟧)",
    "uint80(latest)",
    "priceFeed: a round replaced before the time is refused, whatever came after it",
  ),
  instead(
    "answer 0 accepted",
    ROUNDS,
    "answer <= 0",
    "answer < 0",
    "priceFeed: the answer 0 is refused",
    "riskFeed: the answer 0 is refused",
  ),
  instead(
    "answer of 2^80 accepted",
    ROUNDS,
    "answer >= ANSWER_BOUND",
    "answer > ANSWER_BOUND",
    "priceFeed: the answer 1208925819614629174706176 is refused",
  ),
  instead(
    "round dated after the time accepted",
    ROUNDS,
    "updatedAt == 0 || ⟦updatedAt > time⟧",
    "false",
    "priceFeed: a round after the time is refused",
  ),
  without(
    "short data read as zeros",
    ROUNDS,
    "revert FeedReturnedShortData(feed, data.length);",
    "priceFeed: a feed that returns too little is refused",
  ),
  instead(
    "risk answer below the latest accepted",
    GATE,
    "answer < latestAnswer",
    "false",
    "riskFeed: an answer below the latest is refused",
  ),
  instead(
    "risk answer of any age accepted",
    GATE,
    "block.timestamp > updatedAt + maxAge",
    "false",
    "riskFeed: an answer older than the maximum age is refused",
  ),
  // Digest and public signals
  instead(
    "epoch missing from the digest",
    GATE,
    "⟦head.epoch()⟧,\n                        head.seq(),\n                        dataHash",
    "uint32(1)",
    "a proof for another epoch is refused",
  ),
  instead(
    "sequence number missing from the digest",
    GATE,
    "⟦head.seq()⟧,\n                        dataHash",
    "uint64(0)",
    "an action that left the state as it was cannot be replayed",
  ),
  instead(
    "sequence number does not advance",
    GATE,
    "head.seq() + 1",
    "head.seq()",
    "an action that left the state as it was cannot be replayed",
    HONEST,
  ),
  instead(
    "lane missing from the digest",
    GATE,
    "⟦proof.lane⟧,\n                        head",
    "uint16(0)",
    "a proof for another lane's twin is refused",
  ),
  instead(
    "deadline missing from the digest",
    GATE,
    "⟦proof.deadline⟧,\n                        proof.submitter",
    "proof.time + 1000",
    "a later deadline than the signed one is refused",
  ),
  instead(
    "submitter missing from the digest",
    GATE,
    "⟦proof.submitter⟧,\n                        proof.contextCommitment",
    "address(0)",
    SPECIFICATION,
  ),
  instead(
    "calldata hash missing from the digest",
    GATE,
    "⟦dataHash⟧,\n                        proof.deadline",
    'keccak256("")',
    SPECIFICATION,
  ),
  instead(
    "challenge chosen by the prover",
    GATE,
    "uint256 z = ⟦uint256(digest) % ContextLib.P⟧",
    "proof.contextCommitment",
    HONEST,
  ),
  instead(
    "policy of lane 0 for every lane",
    GATE,
    "policy: ⟦lane.policy⟧,",
    "_lanes[0].policy",
    "a lane runs under its own policy",
  ),
  instead(
    "state of lane 0 for every lane",
    GATE,
    "stateOld: ⟦lane.state⟧,",
    "_lanes[0].state",
    "a lane runs from its own state",
  ),
  without("state not written", GATE, "lane.state = proof.stateNew;", HONEST),
  // Bounds
  without(
    "deadline ignored",
    GATE,
    "if (block.timestamp > proof.deadline) {\n            revert DeadlinePassed(proof.deadline, block.timestamp);\n        }",
    "a block past the deadline is refused",
  ),
  without(
    "time may go back",
    GATE,
    "if (time < head.lastTime()) revert TimeBackward(time, head.lastTime());",
    "a time before the lane's last is refused, the same time is not",
  ),
  without(
    "time may be in the future",
    GATE,
    "if (time > block.timestamp) revert TimeInFuture(time, block.timestamp);",
    "a time after the block's is refused",
  ),
  instead(
    "maxDelay one second too long",
    GATE,
    "time + settings.maxDelay()",
    "time + settings.maxDelay() + 1",
    "a time more than maxDelay ago is refused",
  ),
  without(
    "stateNew not checked to be below p",
    GATE,
    "if (proof.stateNew >= ContextLib.P) revert StateNotInField(proof.stateNew);",
    `stateNew ${FIELD_ORDER}, not below p, is refused`,
  ),
  without(
    "c not checked to be below p",
    GATE,
    "if (proof.contextCommitment >= ContextLib.P) {\n            revert ContextCommitmentNotInField(proof.contextCommitment);\n        }",
    `c ${FIELD_ORDER}, not below p, is refused`,
  ),
  without(
    "calldata of 1 to 3 bytes accepted",
    GATE,
    "if (dataLength != 0 && dataLength < 4) revert SelectorTruncated(dataLength);",
    "calldata of 3 bytes is refused",
  ),
  without(
    "value of any size accepted",
    GATE,
    "if (value >= VALUE_BOUND) revert ValueTooLarge(value);",
    `value ${1n << 128n} is refused`,
  ),
  without(
    "lane's epoch not checked",
    GATE,
    "if (head.epoch() != settings.epoch()) revert DeadLane(proof.lane, head.epoch(), settings.epoch());",
    "a lane of a past epoch is refused",
  ),
  // Authority
  without(
    "sender not compared with the submitter",
    GATE,
    "if (msg.sender != submitter) revert WrongSubmitter(submitter, msg.sender);",
    "a front-run from another sender is refused",
  ),
  without(
    "submitter need not be on the list",
    GATE,
    "if (submitter != settings.usualSubmitter() && !_submitters[submitter]) {\n                revert SubmitterNotAllowed(submitter);\n            }",
    "a submitter that is not on the list is refused, even if the agent's key names it",
  ),
  without(
    "removed submitter stays the usual one",
    GOVERNANCE,
    "if (!allowed && usual == submitter) _settings = _settings.withUsualSubmitter(address(0));",
    "a submitter that governance removed is refused",
  ),
  without(
    "open submission not checked",
    GATE,
    "if (!settings.isOpen()) revert OpenSubmissionNotAllowed();",
    "an action for anyone is refused unless governance allows that",
  ),
  without(
    "pause not checked",
    GATE,
    "if (settings.isPaused()) revert GatePaused();",
    "nothing executes while paused",
  ),
  {
    name: "revoked key needs no signature",
    file: GATE,
    kind: "statement",
    find: "revert NoAgent(kind);",
    replace: "return;",
    caughtBy: ["a revoked agent key is refused"],
  },
  {
    name: "high s accepted",
    file: GATE,
    kind: "text",
    find: "(address recovered, , ) = ECDSA.tryRecoverCalldata(digest, signature);",
    replace:
      "address recovered = ecrecover(digest, uint8(signature[64]), bytes32(signature[0:32]), bytes32(signature[32:64]));",
    caughtBy: ["a signature with high s is refused"],
  },
  instead(
    "any signature accepted",
    GATE,
    "recovered != head.agent()",
    "false",
    "an impostor's signature is refused",
  ),
  // Schnorr group
  instead(
    "any signature of a group accepted",
    GATE,
    "!SchnorrLib.verify(uint256(_agentId), digest, signature)",
    "false",
    "another group's signature is refused",
    "a group's signature of another action is refused",
  ),
  without(
    "signature's length not checked",
    SCHNORR,
    "if (signature.length != SIGNATURE_LENGTH) return false;",
    "a group's signature with a byte more is refused",
  ),
  without(
    "refusal of ecrecover taken for a commitment",
    SCHNORR,
    "if (commitment == address(0)) return false;",
    "the zero address is no commitment, of a key or of none",
  ),
  instead(
    "s not bounded",
    SCHNORR,
    "s == 0 || s >= N",
    "false",
    "a commitment has one opening: s + n and 0 are refused",
  ),
  instead(
    "s = n accepted",
    SCHNORR,
    "s == 0 || ⟦s >= N⟧",
    "s > N",
    "a commitment has one opening: s + n and 0 are refused",
  ),
  instead(
    "s = 0 accepted",
    SCHNORR,
    "if (⟦s == 0⟧ ||",
    "false",
    "a commitment has one opening: s + n and 0 are refused",
  ),
  instead(
    "key taken with odd y",
    SCHNORR,
    "ecrecover(h, ⟦EVEN⟧, bytes32(px)",
    "ODD",
    GROUP,
    "a signature of the group key's negative is refused",
  ),
  ...(["px", "digest", "commitment"] as const).map((left) => ({
    name: `challenge does not cover ${left}`,
    file: SCHNORR,
    kind: "text" as const,
    find: "abi.encodePacked(CHALLENGE_TAG, px, digest, commitment)",
    replace: `abi.encodePacked(CHALLENGE_TAG, ${["px", "digest", "commitment"].filter((name) => name !== left).join(", ")})`,
    caughtBy: ["the challenge covers key, digest and commitment", GROUP],
  })),
  {
    name: "challenge without its tag",
    file: SCHNORR,
    kind: "text",
    find: "abi.encodePacked(CHALLENGE_TAG, ",
    replace: "abi.encodePacked(",
    caughtBy: ["the challenge covers key, digest and commitment", GROUP],
  },
  without(
    "what is no key registered",
    GOVERNANCE,
    "if (account == address(0)) revert InvalidAgentId(agent.kind, agent.id);",
    "a rotation to what is no group key is refused",
  ),
  without(
    "revoked group's key itself not remembered",
    GOVERNANCE,
    "_revokedAgents[account] = true;",
    "a revoked group key returns neither as a group nor as an ECDSA key",
  ),
  without(
    "revoked group's negative not remembered",
    GOVERNANCE,
    "_revokedAgents[twin] = true;",
    "a revoked group key returns neither as a group nor as an ECDSA key",
  ),
  instead(
    "group of a revoked key's negative accepted",
    GOVERNANCE,
    "_revokedAgents[agent] || ⟦_revokedAgents[twin]⟧",
    "false",
    "a revoked ECDSA key does not return as a group",
  ),
  // Proof
  instead(
    "proof's verdict ignored",
    GATE,
    "!IGroth16Verifier(verifier).verifyProof(proof.points, proof.contextCommitment, z, y)",
    "false",
    "a stolen key cannot sign an old proof anew",
  ),
  {
    name: "verifier of circuit 1 for every circuit",
    file: GATE,
    kind: "statement",
    find: "if (circuit == 2) return (_wideVerifier, WIDE_WORDS);",
    replace: "if (circuit == 2) return (_gateVerifier, WIDE_WORDS);",
    caughtBy: ["a proof of the wrong circuit is refused"],
  },
  // Call
  without(
    "call to the gate itself allowed",
    GOVERNANCE,
    "if (target == address(this)) revert SelfCall();",
    "the gate calls itself neither with calldata nor without",
  ),
  without(
    "no code check",
    GOVERNANCE,
    "if (data.length != 0 && target.code.length == 0) revert TargetHasNoCode(target);",
    "calldata for an address without code is refused",
  ),
  without(
    "failed call swallowed",
    GOVERNANCE,
    "if (!success) revert CallFailed(result);",
    "a call that fails reverts everything, and says why",
  ),
  instead(
    "value not passed on",
    GOVERNANCE,
    "target.call{value: ⟦value⟧}(data)",
    "0",
    "the target is called and not delegated to, with the value and the calldata that were proven",
  ),
  {
    name: "delegatecall instead of call",
    file: GOVERNANCE,
    kind: "text",
    find: "target.call{value: value}(data)",
    replace: "target.delegatecall(data)",
    caughtBy: [
      "the target is called and not delegated to, with the value and the calldata that were proven",
      HONEST,
    ],
  },
  {
    name: "reentrancy lock missing",
    file: GATE,
    kind: "text",
    find: ") external payable nonReentrant returns (bytes memory) {",
    replace: ") external payable returns (bytes memory) {",
    caughtBy: ["the target cannot enter again on another lane"],
  },
  // Verifier
  ...(["c", "z", "y"] as const).map((signal) => ({
    name: `${signal} not checked by the verifier`,
    file: VERIFIER,
    kind: "text" as const,
    find: `lt(${signal}, P)`,
    replace: "1",
    caughtBy: [`verifier: ${signal} + p is no alias of ${signal}`],
  })),
  {
    name: "pairing's result ignored",
    file: VERIFIER,
    kind: "text",
    find: "valid := and(valid, eq(mload(0x300), 1))",
    replace: "",
    caughtBy: ["verifier: other public signals are refused"],
  },
];
