// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {PolicyAccount} from "../gate/PolicyAccount.sol";
import {Verifiers} from "../gate/PolicyGate.sol";
import {Rotation} from "../interfaces/IGateGovernance.sol";
import {Call, Proof} from "../interfaces/IPolicyGate.sol";
import {ContextLib, Vector} from "../lib/ContextLib.sol";

/**
 * @title ContextMeter
 * @notice A gate that measures what it spends on context, digest and fingerprint of circuit 1.
 */
contract ContextMeter is PolicyAccount {
    using ContextLib for Vector;

    uint256 private constant WORDS = 8;

    constructor(
        Verifiers memory verifiers,
        address governance_,
        address guardian,
        address[] memory submitters,
        Rotation memory rotation
    ) PolicyAccount(verifiers, governance_, guardian, submitters, rotation) {}

    /// @notice Gas with warm storage and without feeds, and the fingerprint that it went into.
    function measure(Call calldata call, Proof calldata proof) external view returns (uint256 used, uint256 y) {
        y = _fingerprint(call, proof);
        uint256 before = gasleft();
        uint256 again = _fingerprint(call, proof);
        used = before - gasleft();
        assert(again == y);
    }

    function _fingerprint(Call calldata call, Proof calldata proof) private view returns (uint256) {
        LaneRecord storage lane = _lanes[proof.lane];
        Feeds memory none;
        Vector vector = _vector(lane, none, WORDS, call.target, call.value, call.data, proof);
        bytes32 dataHash = ContextLib.hashCalldata(call.data);
        bytes32 digest = _digest(lane.head, vector.hash(WORDS), dataHash, proof);
        return vector.fingerprint(WORDS, uint256(digest) % ContextLib.P);
    }
}
