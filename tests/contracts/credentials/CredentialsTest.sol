// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICredentials} from "../../../contracts/interfaces/ICredentials.sol";
import {Checks} from "../base/Checks.sol";
import {MessageHashes} from "../base/MessageHashes.sol";

/// @notice One issuer, one holder, one skill.
abstract contract CredentialsTest is Checks {
    uint256 internal constant ISSUER_KEY = 0x1550;
    uint256 internal constant HOLDER_KEY = 0x401D;
    bytes32 internal constant SKILL = "translation";

    ICredentials internal credentials;
    address internal issuer = vm.addr(ISSUER_KEY);
    address internal holder = vm.addr(HOLDER_KEY);
    address internal stranger = address(0x57A4);
    uint256 internal deadline;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        deadline = block.timestamp + 1 hours;
        credentials = ICredentials(vm.deployCode("Credentials.sol:Credentials"));
    }

    function held() internal view returns (ICredentials.Credential memory) {
        return credentials.credentialOf(holder, issuer, SKILL);
    }

    function grant(uint8 level, uint40 expiry) internal {
        vm.prank(issuer);
        credentials.grant(holder, SKILL, level, expiry);
    }

    function sign(uint256 key, bytes32 domain, bytes32 structHash) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, structHash)));
        return abi.encodePacked(r, s, v);
    }

    function grantMessage() internal view returns (MessageHashes.GrantMessage memory) {
        return MessageHashes.GrantMessage(issuer, holder, SKILL, 60, 0, held().version, deadline);
    }

    function refusalMessage() internal view returns (MessageHashes.RefusalMessage memory) {
        return MessageHashes.RefusalMessage(holder, issuer, SKILL, true, held().version, deadline);
    }

    function signedGrant(MessageHashes.GrantMessage memory m) internal view returns (bytes memory) {
        return sign(ISSUER_KEY, credentials.domainSeparator(), MessageHashes.grant(m));
    }

    function signedRefusal(MessageHashes.RefusalMessage memory m) internal view returns (bytes memory) {
        return sign(HOLDER_KEY, credentials.domainSeparator(), MessageHashes.refusal(m));
    }

    function expect(bytes4 selector, address value) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, value));
    }

    function expect(bytes4 selector, uint256 value) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, value));
    }
}
