// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICredentials} from "../../../contracts/interfaces/ICredentials.sol";
import {MessageHashes} from "../base/MessageHashes.sol";
import {CredentialsTest} from "./CredentialsTest.sol";

/// Every field of the signed grant.
contract GrantFieldsTest is CredentialsTest {
    function bring(bytes memory signature) internal {
        credentials.grantBySig(issuer, holder, SKILL, 60, 0, deadline, signature);
    }

    function refusedWith(bytes memory signature) internal {
        bytes32 before = keccak256(abi.encode(held()));
        expect(ICredentials.Credentials_SignatureInvalid.selector, issuer);
        bring(signature);
        assertEq(keccak256(abi.encode(held())), before, "unchanged");
    }

    // Grant
    function test_the_signed_grant_itself_applies() public {
        bring(signedGrant(grantMessage()));
        assertEq(held().version, 1, "applied");
    }

    function testFuzz_a_grant_of_another_issuer_is_refused(address other) public {
        MessageHashes.GrantMessage memory m = grantMessage();
        vm.assume(other != m.issuer);
        m.issuer = other;
        refusedWith(signedGrant(m));
    }

    function testFuzz_a_grant_for_another_holder_is_refused(address other) public {
        MessageHashes.GrantMessage memory m = grantMessage();
        vm.assume(other != m.holder);
        m.holder = other;
        refusedWith(signedGrant(m));
    }

    function testFuzz_a_grant_of_another_skill_is_refused(bytes32 other) public {
        MessageHashes.GrantMessage memory m = grantMessage();
        vm.assume(other != m.skill);
        m.skill = other;
        refusedWith(signedGrant(m));
    }

    function testFuzz_a_grant_of_another_level_is_refused(uint8 other) public {
        MessageHashes.GrantMessage memory m = grantMessage();
        vm.assume(other != m.level);
        m.level = other;
        refusedWith(signedGrant(m));
    }

    function testFuzz_a_grant_with_another_expiry_is_refused(uint40 other) public {
        MessageHashes.GrantMessage memory m = grantMessage();
        vm.assume(other != m.expiry);
        m.expiry = other;
        refusedWith(signedGrant(m));
    }

    function testFuzz_a_grant_of_another_version_is_refused(uint40 other) public {
        MessageHashes.GrantMessage memory m = grantMessage();
        vm.assume(other != m.version);
        m.version = other;
        refusedWith(signedGrant(m));
    }

    function testFuzz_a_grant_with_another_deadline_is_refused(uint256 other) public {
        MessageHashes.GrantMessage memory m = grantMessage();
        vm.assume(other != m.deadline);
        m.deadline = other;
        refusedWith(signedGrant(m));
    }

    function testFuzz_a_grant_signed_on_another_chain_is_refused(uint64 other) public {
        vm.assume(other != block.chainid);
        bytes32 domain = MessageHashes.domain("Piecework Credentials", other, address(credentials));
        refusedWith(sign(ISSUER_KEY, domain, MessageHashes.grant(grantMessage())));
    }

    function testFuzz_a_grant_signed_for_another_contract_is_refused(address other) public {
        vm.assume(other != address(credentials));
        bytes32 domain = MessageHashes.domain("Piecework Credentials", block.chainid, other);
        refusedWith(sign(ISSUER_KEY, domain, MessageHashes.grant(grantMessage())));
    }

    function testFuzz_a_grant_signed_by_another_key_is_refused(uint256 other) public {
        other = bound(other, 1, type(uint128).max);
        vm.assume(other != ISSUER_KEY);
        bytes32 domain = credentials.domainSeparator();
        refusedWith(sign(other, domain, MessageHashes.grant(grantMessage())));
    }
}

/// Every field of the signed refusal.
contract RefusalFieldsTest is CredentialsTest {
    function bring(bytes memory signature) internal {
        credentials.setRefusalBySig(holder, issuer, SKILL, true, deadline, signature);
    }

    function refusedWith(bytes memory signature) internal {
        bytes32 before = keccak256(abi.encode(held()));
        expect(ICredentials.Credentials_SignatureInvalid.selector, holder);
        bring(signature);
        assertEq(keccak256(abi.encode(held())), before, "unchanged");
    }

    // Refusal
    function test_the_signed_refusal_itself_applies() public {
        bring(signedRefusal(refusalMessage()));
        assertEq(held().version, 1, "applied");
    }

    function testFuzz_a_refusal_by_another_holder_is_refused(address other) public {
        MessageHashes.RefusalMessage memory m = refusalMessage();
        vm.assume(other != m.holder);
        m.holder = other;
        refusedWith(signedRefusal(m));
    }

    function testFuzz_a_refusal_of_another_issuer_is_refused(address other) public {
        MessageHashes.RefusalMessage memory m = refusalMessage();
        vm.assume(other != m.issuer);
        m.issuer = other;
        refusedWith(signedRefusal(m));
    }

    function testFuzz_a_refusal_of_another_skill_is_refused(bytes32 other) public {
        MessageHashes.RefusalMessage memory m = refusalMessage();
        vm.assume(other != m.skill);
        m.skill = other;
        refusedWith(signedRefusal(m));
    }

    function testFuzz_a_refusal_of_another_version_is_refused(uint40 other) public {
        MessageHashes.RefusalMessage memory m = refusalMessage();
        vm.assume(other != m.version);
        m.version = other;
        refusedWith(signedRefusal(m));
    }

    function testFuzz_a_refusal_with_another_deadline_is_refused(uint256 other) public {
        MessageHashes.RefusalMessage memory m = refusalMessage();
        vm.assume(other != m.deadline);
        m.deadline = other;
        refusedWith(signedRefusal(m));
    }

    function test_a_refusal_signed_for_the_opposite_is_refused() public {
        MessageHashes.RefusalMessage memory m = refusalMessage();
        m.refused = false;
        refusedWith(signedRefusal(m));
    }

    function testFuzz_a_refusal_signed_on_another_chain_is_refused(uint64 other) public {
        vm.assume(other != block.chainid);
        bytes32 domain = MessageHashes.domain("Piecework Credentials", other, address(credentials));
        refusedWith(sign(HOLDER_KEY, domain, MessageHashes.refusal(refusalMessage())));
    }

    function testFuzz_a_refusal_signed_for_another_contract_is_refused(address other) public {
        vm.assume(other != address(credentials));
        bytes32 domain = MessageHashes.domain("Piecework Credentials", block.chainid, other);
        refusedWith(sign(HOLDER_KEY, domain, MessageHashes.refusal(refusalMessage())));
    }

    function testFuzz_a_refusal_signed_by_another_key_is_refused(uint256 other) public {
        other = bound(other, 1, type(uint128).max);
        vm.assume(other != HOLDER_KEY);
        bytes32 domain = credentials.domainSeparator();
        refusedWith(sign(other, domain, MessageHashes.refusal(refusalMessage())));
    }
}
