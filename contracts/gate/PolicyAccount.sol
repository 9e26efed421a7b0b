// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
import {ERC721Holder} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Holder.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {IGateGovernance, Rotation} from "../interfaces/IGateGovernance.sol";
import {IPolicyGate} from "../interfaces/IPolicyGate.sol";
import {PolicyGate, Verifiers} from "./PolicyGate.sol";

/**
 * @title PolicyAccount
 * @notice A gate that holds the assets itself: ETH, ERC-20, ERC-721 and ERC-1155. It has no owner, signs
 * nothing (no ERC-1271) and delegates to nobody; assets leave through {execute} or the timelock.
 */
contract PolicyAccount is PolicyGate, ERC721Holder, ERC1155Holder {
    /**
     * @param verifiers the circuit table
     * @param governance_ the timelock
     * @param guardian who may stop the gate at once; 0 = nobody but the timelock
     * @param submitters who may submit actions
     * @param rotation the first epoch
     */
    constructor(
        Verifiers memory verifiers,
        address governance_,
        address guardian,
        address[] memory submitters,
        Rotation memory rotation
    ) PolicyGate(verifiers, governance_, guardian, submitters, rotation) {}

    /// @notice Receives ETH.
    receive() external payable {}

    /// @inheritdoc ERC1155Holder
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return
            interfaceId == type(IPolicyGate).interfaceId ||
            interfaceId == type(IGateGovernance).interfaceId ||
            interfaceId == type(IERC721Receiver).interfaceId ||
            super.supportsInterface(interfaceId);
    }
}
