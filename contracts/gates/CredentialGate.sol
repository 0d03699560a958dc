// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICredentials} from "../interfaces/ICredentials.sol";
import {IGate} from "../interfaces/IGate.sol";

/// @title Only holders of one issuer's credential
contract CredentialGate is IGate {
    ICredentials public immutable credentials;
    address public immutable issuer;
    bytes32 public immutable skill;
    /// The lowest level that may claim.
    uint256 public immutable level;

    constructor(ICredentials credentials_, address issuer_, bytes32 skill_, uint256 level_) {
        credentials = credentials_;
        issuer = issuer_;
        skill = skill_;
        level = level_;
    }

    /// @inheritdoc IGate
    function mayClaim(bytes32, address worker, uint256) external view returns (bool) {
        return credentials.isHeld(worker, issuer, skill, level);
    }
}
