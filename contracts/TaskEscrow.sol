// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {DisputeBook} from "./DisputeBook.sol";
import {Treasury} from "./Treasury.sol";

/// @title The escrow of one payment token
/// @notice See `ITaskEscrow` for what it promises. Built in floors, each on the one before: `Reputation` (accounts),
/// `Treasury` (the token), `BatchBook` (funding), `WorkBook` (claims and submissions), `ReviewBook` (decisions),
/// `DisputeBook` (appeals).
contract TaskEscrow is DisputeBook {
    /// @param token The payment token. It must move exactly what it is asked to, and neither freeze the escrow nor lower
    /// its balance.
    /// @param arbitrators The only arbitrators that terms may name, for ever.
    constructor(IERC20 token, address[] memory arbitrators) Treasury(token, arbitrators) {}
}
