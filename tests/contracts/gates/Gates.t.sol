// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICredentials} from "../../../contracts/interfaces/ICredentials.sol";
import {IGate} from "../../../contracts/interfaces/IGate.sol";
import {BatchKey, Refusal, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {EscrowTest} from "../base/EscrowTest.sol";
import {HungryGate, SwitchGate} from "../hostile/Gates.sol";

interface IListGate is IGate {
    event Listed(address indexed worker, bool listed);

    error AllowListGate_NotOwner(address caller);

    function list(address[] calldata workers, bool listed) external;
    function isListed(address worker) external view returns (bool);
    function owner() external view returns (address);
}

interface IGates is IGate {
    error AllOfGate_BadSetup(uint256 gates);

    function gates() external view returns (address[] memory);
}

/// Allow list, credential, conjunction: asked by the escrow at a claim.
contract GatesTest is EscrowTest {
    bytes32 internal constant SKILL = "labelling";
    address internal issuer = address(0x1550);

    function gated(address gate) internal returns (BatchKey memory key) {
        Terms memory terms = defaultTerms();
        (terms.gate, terms.manifest) = (gate, keccak256(abi.encode(gate)));
        return open(terms, 10);
    }

    function listGate() internal returns (IListGate) {
        return IListGate(vm.deployCode("AllowListGate.sol:AllowListGate", abi.encode(requester)));
    }

    function allOf(address[] memory gates) internal returns (IGates) {
        return IGates(vm.deployCode("AllOfGate.sol:AllOfGate", abi.encode(gates)));
    }

    function expectGateRefuses(BatchKey memory key) internal {
        assertEq(uint256(escrow.mayClaim(key, worker, 1, 1)), uint256(Refusal.GateRefused), "may not");
        vm.prank(worker);
        expectRefused(Refusal.GateRefused);
        escrow.claim(key, 1, "", 1, noTicket());
    }

    function expectGateAllows(BatchKey memory key) internal {
        assertEq(uint256(escrow.mayClaim(key, worker, 1, 1)), uint256(Refusal.None), "may");
        claim(key, worker, 1);
    }

    // AllowListGate
    function test_only_listed_workers_pass_an_allow_list() public {
        IListGate gate = listGate();
        assertEq(gate.owner(), requester, "owner");
        BatchKey memory key = gated(address(gate));
        expectGateRefuses(key);
        vm.expectEmit(address(gate));
        emit IListGate.Listed(worker, true);
        vm.prank(requester);
        gate.list(workers(worker), true);
        assertTrue(gate.isListed(worker), "listed");
        expectGateAllows(key);
        vm.prank(requester);
        gate.list(workers(worker), false);
        expectGateRefuses(key);
    }

    function testFuzz_only_the_owner_changes_an_allow_list(address who) public {
        vm.assume(who != requester);
        IListGate gate = listGate();
        vm.prank(who);
        expectError(IListGate.AllowListGate_NotOwner.selector, who);
        gate.list(workers(who), true);
    }

    function test_leaving_the_list_does_not_touch_what_is_claimed() public {
        IListGate gate = listGate();
        BatchKey memory key = gated(address(gate));
        vm.prank(requester);
        gate.list(workers(worker), true);
        claim(key, worker, 4);
        vm.prank(requester);
        gate.list(workers(worker), false);
        submit(key, worker, 4);
        settle(key, worker, 4, 0);
        assertEq(escrow.owed(worker), 4 * REWARD, "paid");
    }

    // CredentialGate
    function credentialGate(ICredentials credentials, uint256 level) internal returns (IGate) {
        return IGate(vm.deployCode("CredentialGate.sol:CredentialGate", abi.encode(credentials, issuer, SKILL, level)));
    }

    function test_only_holders_of_the_level_pass_a_credential_gate() public {
        ICredentials credentials = ICredentials(vm.deployCode("Credentials.sol:Credentials"));
        BatchKey memory key = gated(address(credentialGate(credentials, 50)));
        expectGateRefuses(key);
        vm.startPrank(issuer);
        credentials.grant(worker, SKILL, 49, 0);
        vm.stopPrank();
        expectGateRefuses(key);
        vm.prank(issuer);
        credentials.grant(worker, SKILL, 50, uint40(block.timestamp + 10));
        expectGateAllows(key);
        vm.warp(block.timestamp + 11);
        expectGateRefuses(key);
        vm.prank(issuer);
        credentials.grant(worker, SKILL, 90, 0);
        expectGateAllows(key);
        vm.prank(issuer);
        credentials.revoke(worker, SKILL);
        expectGateRefuses(key);
    }

    function test_another_issuers_credential_does_not_pass() public {
        ICredentials credentials = ICredentials(vm.deployCode("Credentials.sol:Credentials"));
        BatchKey memory key = gated(address(credentialGate(credentials, 50)));
        vm.prank(worker);
        credentials.grant(worker, SKILL, 100, 0);
        expectGateRefuses(key);
    }

    // AllOfGate
    function test_a_conjunction_needs_every_gate() public {
        SwitchGate[4] memory parts = [new SwitchGate(), new SwitchGate(), new SwitchGate(), new SwitchGate()];
        address[] memory list = new address[](4);
        for (uint256 i = 0; i < 4; ++i) {
            list[i] = address(parts[i]);
        }
        IGates gate = allOf(list);
        assertEq(gate.gates().length, 4, "gates");
        BatchKey memory key = gated(address(gate));
        for (uint256 i = 0; i < 4; ++i) {
            expectGateRefuses(key);
            parts[i].set(true);
        }
        expectGateAllows(key);
        parts[2].set(false);
        expectGateRefuses(key);
    }

    function test_a_conjunction_of_none_or_five_cannot_be_made() public {
        for (uint256 n = 0; n <= 5; n += 5) {
            bytes memory creation = bytes.concat(vm.getCode("AllOfGate.sol:AllOfGate"), abi.encode(new address[](n)));
            address made;
            assembly {
                made := create(0, add(creation, 0x20), mload(creation))
            }
            assertEq(made, address(0), "refused");
        }
    }

    function test_the_setup_error_names_the_number_of_gates() public {
        expectError(IGates.AllOfGate_BadSetup.selector, address(5));
        allOf(new address[](5));
    }

    function test_a_conjunction_of_the_shipped_gates_fits_its_gas() public {
        ICredentials credentials = ICredentials(vm.deployCode("Credentials.sol:Credentials"));
        IListGate one = listGate();
        vm.startPrank(requester);
        one.list(workers(worker), true);
        vm.stopPrank();
        vm.startPrank(issuer);
        credentials.grant(worker, SKILL, 90, 0);
        vm.stopPrank();
        address[] memory list = new address[](4);
        (list[0], list[1]) = (address(one), address(credentialGate(credentials, 50)));
        (list[2], list[3]) = (address(credentialGate(credentials, 60)), address(credentialGate(credentials, 70)));
        expectGateAllows(gated(address(allOf(list))));
    }

    function test_a_part_that_needs_more_than_its_share_of_gas_is_a_no() public {
        address[] memory list = new address[](1);
        list[0] = address(new HungryGate(30_000));
        expectGateRefuses(gated(address(allOf(list))));
        list[0] = address(new HungryGate(20_000));
        expectGateAllows(gated(address(allOf(list))));
    }

    function test_four_parts_that_use_nearly_their_whole_share_still_pass() public {
        address[] memory list = new address[](4);
        for (uint256 i = 0; i < 4; ++i) {
            list[i] = address(new HungryGate(22_000));
        }
        expectGateAllows(gated(address(allOf(list))));
    }

    function test_a_broken_part_is_a_no() public {
        address[] memory list = new address[](2);
        SwitchGate good = new SwitchGate();
        good.set(true);
        (list[0], list[1]) = (address(good), address(0xDEAD));
        expectGateRefuses(gated(address(allOf(list))));
    }
}
