// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICredentials} from "../../../contracts/interfaces/ICredentials.sol";
import {CredentialsTest} from "../credentials/CredentialsTest.sol";
import {MessageHashes} from "../base/MessageHashes.sol";

/// Attacks on who may say what about whom.
contract CredentialAttacksTest is CredentialsTest {
    function grantBySig(MessageHashes.GrantMessage memory m, bytes memory signature) internal {
        credentials.grantBySig(m.issuer, m.holder, m.skill, m.level, m.expiry, m.deadline, signature);
    }

    function test_an_issuer_that_grants_again_voids_a_carried_refusal_but_not_a_called_one() public {
        MessageHashes.RefusalMessage memory m = refusalMessage();
        bytes memory signature = signedRefusal(m);
        grant(1, 0); // in front of whoever carries it
        expect(ICredentials.Credentials_SignatureInvalid.selector, holder);
        credentials.setRefusalBySig(holder, issuer, SKILL, true, m.deadline, signature);
        vm.prank(holder);
        credentials.setRefusal(issuer, SKILL, true);
        assertTrue(!credentials.isHeld(holder, issuer, SKILL, 0), "refused for good");
        vm.prank(issuer);
        expect(ICredentials.Credentials_Refused.selector, holder);
        credentials.grant(holder, SKILL, 1, 0);
    }

    function test_an_old_signed_grant_does_not_come_back_after_revoking_refusing_and_accepting_again() public {
        MessageHashes.GrantMessage memory first = grantMessage();
        bytes memory signature = signedGrant(first);
        grantBySig(first, signature);
        vm.prank(issuer);
        credentials.revoke(holder, SKILL);
        vm.startPrank(holder);
        credentials.setRefusal(issuer, SKILL, true);
        credentials.setRefusal(issuer, SKILL, false);
        vm.stopPrank();
        expect(ICredentials.Credentials_SignatureInvalid.selector, issuer);
        grantBySig(first, signature);
    }

    function test_of_two_grants_signed_side_by_side_one_alone_counts() public {
        MessageHashes.GrantMessage memory low = grantMessage();
        MessageHashes.GrantMessage memory high = grantMessage();
        high.level = 100;
        bytes memory lowSigned = signedGrant(low);
        bytes memory highSigned = signedGrant(high);
        grantBySig(low, lowSigned);
        expect(ICredentials.Credentials_SignatureInvalid.selector, issuer);
        grantBySig(high, highSigned);
        assertTrue(!credentials.isHeld(holder, issuer, SKILL, 61), "not both");
    }
}
