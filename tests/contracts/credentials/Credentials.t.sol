// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICredentials} from "../../../contracts/interfaces/ICredentials.sol";
import {MessageHashes} from "../base/MessageHashes.sol";
import {CredentialsTest} from "./CredentialsTest.sol";

/// `grant`, `revoke`, `setRefusal` and their signed twins.
contract CredentialCallsTest is CredentialsTest {
    // grant
    function test_a_grant_is_kept_and_logged() public {
        vm.expectEmit(address(credentials));
        emit ICredentials.CredentialGranted(issuer, holder, SKILL, 80, uint40(block.timestamp + 9));
        grant(80, uint40(block.timestamp + 9));
        assertEq(held().level, 80, "level");
        assertEq(held().expiry, block.timestamp + 9, "expiry");
        assertEq(held().grantedAt, block.timestamp, "when");
        assertEq(held().version, 1, "version");
        assertTrue(credentials.isHeld(holder, issuer, SKILL, 80), "held");
        assertTrue(!credentials.isHeld(holder, issuer, SKILL, 81), "no higher level");
    }

    function testFuzz_a_credential_is_one_issuers_one_holders_and_one_skills(address who, bytes32 skill) public {
        vm.assume(who != issuer && who != holder && skill != SKILL);
        grant(80, 0);
        assertTrue(!credentials.isHeld(who, issuer, SKILL, 0), "another holder");
        assertTrue(!credentials.isHeld(holder, who, SKILL, 0), "another issuer");
        assertTrue(!credentials.isHeld(holder, issuer, skill, 0), "another skill");
    }

    function testFuzz_levels_are_zero_to_a_hundred(uint8 level) public {
        if (level > 100) expect(ICredentials.Credentials_LevelTooHigh.selector, level);
        grant(level, 0);
        assertEq(credentials.isHeld(holder, issuer, SKILL, level), level <= 100, "held");
    }

    function assertEq(bool found, bool expected, string memory what) internal pure {
        assertTrue(found == expected, what);
    }

    function test_level_boundaries() public {
        grant(100, 0);
        expect(ICredentials.Credentials_LevelTooHigh.selector, 101);
        grant(101, 0);
    }

    function test_an_expiry_in_the_past_is_refused() public {
        expect(ICredentials.Credentials_AlreadyExpired.selector, block.timestamp - 1);
        grant(1, uint40(block.timestamp - 1));
        grant(1, uint40(block.timestamp));
    }

    function test_nobody_is_no_holder() public {
        vm.expectRevert(abi.encodeWithSelector(ICredentials.Credentials_ZeroAddress.selector));
        credentials.grant(address(0), SKILL, 1, 0);
    }

    function test_a_new_grant_replaces_the_old_one() public {
        grant(80, 0);
        grant(10, 0);
        assertTrue(!credentials.isHeld(holder, issuer, SKILL, 11), "lowered");
        assertEq(held().version, 2, "version");
    }

    // grantBySig
    function test_anyone_brings_a_signed_grant_once() public {
        bytes memory signature = signedGrant(grantMessage());
        vm.startPrank(stranger);
        credentials.grantBySig(issuer, holder, SKILL, 60, 0, deadline, signature);
        assertTrue(credentials.isHeld(holder, issuer, SKILL, 60), "held");
        expect(ICredentials.Credentials_SignatureInvalid.selector, issuer);
        credentials.grantBySig(issuer, holder, SKILL, 60, 0, deadline, signature);
    }

    function test_a_signed_grant_is_void_after_a_revocation() public {
        grant(1, 0);
        bytes memory signature = signedGrant(grantMessage());
        vm.prank(issuer);
        credentials.revoke(holder, SKILL);
        expect(ICredentials.Credentials_SignatureInvalid.selector, issuer);
        credentials.grantBySig(issuer, holder, SKILL, 60, 0, deadline, signature);
    }

    function test_a_signed_grant_is_void_after_a_refusal_was_taken_back() public {
        bytes memory signature = signedGrant(grantMessage());
        vm.startPrank(holder);
        credentials.setRefusal(issuer, SKILL, true);
        credentials.setRefusal(issuer, SKILL, false);
        expect(ICredentials.Credentials_SignatureInvalid.selector, issuer);
        credentials.grantBySig(issuer, holder, SKILL, 60, 0, deadline, signature);
    }

    function test_signature_deadline_boundaries() public {
        bytes memory signature = signedGrant(grantMessage());
        vm.warp(deadline + 1);
        expect(ICredentials.Credentials_SignatureExpired.selector, deadline);
        credentials.grantBySig(issuer, holder, SKILL, 60, 0, deadline, signature);
        vm.warp(deadline);
        credentials.grantBySig(issuer, holder, SKILL, 60, 0, deadline, signature);
        signature = signedRefusal(refusalMessage());
        vm.warp(deadline + 1);
        expect(ICredentials.Credentials_SignatureExpired.selector, deadline);
        credentials.setRefusalBySig(holder, issuer, SKILL, true, deadline, signature);
        vm.warp(deadline);
        credentials.setRefusalBySig(holder, issuer, SKILL, true, deadline, signature);
    }

    // revoke
    function test_the_issuer_revokes() public {
        grant(80, 0);
        vm.expectEmit(address(credentials));
        emit ICredentials.CredentialRevoked(issuer, holder, SKILL, issuer);
        vm.prank(issuer);
        credentials.revoke(holder, SKILL);
        assertTrue(!credentials.isHeld(holder, issuer, SKILL, 0), "gone");
        assertEq(held().grantedAt, 0, "gone");
    }

    function test_nobody_else_revokes() public {
        grant(80, 0);
        vm.prank(stranger);
        expect(ICredentials.Credentials_NotHeld.selector, holder);
        credentials.revoke(holder, SKILL);
        assertTrue(credentials.isHeld(holder, issuer, SKILL, 80), "still held");
    }

    function test_what_is_not_held_cannot_be_revoked() public {
        vm.prank(issuer);
        expect(ICredentials.Credentials_NotHeld.selector, holder);
        credentials.revoke(holder, SKILL);
    }

    // setRefusal
    function test_a_holder_drops_and_refuses_a_credential() public {
        grant(80, 0);
        vm.expectEmit(address(credentials));
        emit ICredentials.CredentialRevoked(issuer, holder, SKILL, holder);
        vm.expectEmit(address(credentials));
        emit ICredentials.RefusalSet(issuer, holder, SKILL, true);
        vm.prank(holder);
        credentials.setRefusal(issuer, SKILL, true);
        assertTrue(!credentials.isHeld(holder, issuer, SKILL, 0), "dropped");
        expect(ICredentials.Credentials_Refused.selector, holder);
        grant(80, 0);
        bytes memory signature = signedGrant(grantMessage());
        expect(ICredentials.Credentials_Refused.selector, holder);
        credentials.grantBySig(issuer, holder, SKILL, 60, 0, deadline, signature);
    }

    function test_a_refusal_can_be_taken_back() public {
        vm.startPrank(holder);
        credentials.setRefusal(issuer, SKILL, true);
        credentials.setRefusal(issuer, SKILL, false);
        vm.stopPrank();
        grant(80, 0);
        assertTrue(credentials.isHeld(holder, issuer, SKILL, 80), "held");
    }

    // setRefusalBySig
    function test_anyone_brings_a_signed_refusal_once() public {
        grant(80, 0);
        bytes memory signature = signedRefusal(refusalMessage());
        credentials.setRefusalBySig(holder, issuer, SKILL, true, deadline, signature);
        assertTrue(held().refused, "refused");
        vm.prank(holder);
        credentials.setRefusal(issuer, SKILL, false);
        expect(ICredentials.Credentials_SignatureInvalid.selector, holder);
        credentials.setRefusalBySig(holder, issuer, SKILL, true, deadline, signature);
    }

    // isHeld
    function test_expiry_boundaries() public {
        uint40 expiry = uint40(block.timestamp + 100);
        grant(80, expiry);
        vm.warp(expiry - 1);
        assertTrue(credentials.isHeld(holder, issuer, SKILL, 80), "before");
        vm.warp(expiry);
        assertTrue(credentials.isHeld(holder, issuer, SKILL, 80), "in its second");
        vm.warp(uint256(expiry) + 1);
        assertTrue(!credentials.isHeld(holder, issuer, SKILL, 80), "after");
    }

    function testFuzz_a_credential_counts_until_its_expiry(uint40 expiry, uint40 then) public {
        expiry = uint40(bound(expiry, block.timestamp, type(uint40).max));
        grant(50, expiry);
        vm.warp(bound(then, block.timestamp, type(uint40).max));
        assertEq(credentials.isHeld(holder, issuer, SKILL, 50), block.timestamp <= expiry, "until then");
    }

    function test_without_an_expiry_it_counts_for_ever() public {
        grant(80, 0);
        vm.warp(type(uint40).max);
        assertTrue(credentials.isHeld(holder, issuer, SKILL, 80), "for ever");
    }

    function test_a_credential_of_level_zero_is_held_and_none_is_not() public {
        assertTrue(!credentials.isHeld(holder, issuer, SKILL, 0), "none");
        grant(0, 0);
        assertTrue(credentials.isHeld(holder, issuer, SKILL, 0), "level zero");
    }

    function test_the_domain_is_the_one_wallets_are_told() public view {
        bytes32 expected = MessageHashes.domain("Piecework Credentials", block.chainid, address(credentials));
        assertEq(credentials.domainSeparator(), expected, "name, version, chain, contract");
    }
}
