// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title M of N reviewers as one ERC-1271 signer
/// @notice Members and threshold are fixed at deployment; a changed panel is a new address, so a batch's terms keep
/// naming the people they named. A member's signature counts for any panel it sits in: what it signs must name the panel,
/// and settlements do, since a batch id binds its reviewer.
interface IReviewPanel is IERC1271 {
    /// @notice There must be 1 to 32 members, each once and not zero, and 1 <= threshold <= members.
    error ReviewPanel_BadSetup();

    /// @notice Signatures that make the panel's.
    function threshold() external view returns (uint256);

    /// @notice Every member.
    function members() external view returns (address[] memory);

    /// @notice Whether `account` is a member.
    function isMember(address account) external view returns (bool);
}
