// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";

/// @title TestNft
/// @notice An ERC-721 for tests that anyone can mint.
contract TestNft is ERC721("Test", "TEST") {
    /// @notice Mints to anyone, with the receiver's consent.
    function mint(address to, uint256 id) external {
        _safeMint(to, id);
    }
}

/// @title TestMultiToken
/// @notice An ERC-1155 for tests that anyone can mint.
contract TestMultiToken is ERC1155("") {
    /// @notice Mints to anyone, with the receiver's consent.
    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }
}
