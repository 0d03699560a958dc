// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {BatchKey, Packet, PacketKind, Refusal, Terms, Ticket} from "../../../contracts/libraries/EscrowTypes.sol";
import {MessageHashes} from "../base/MessageHashes.sol";
import {Scenario} from "./Scenario.sol";

/// The gateway vanishes, censors, or helps itself.
contract GatewayScenarios is Scenario {
    function assigned() internal view returns (Terms memory terms) {
        terms = defaultTerms();
        terms.assigner = assigner;
    }

    // the gateway
    function test_the_gateway_vanishes() public {
        begin(assigned(), 10);
        Ticket memory ticket = ticketFor(key, worker, 4, uint40(block.timestamp + 1 days));
        vm.prank(worker);
        escrow.claim(key, 4, keccak256("tasks"), 1, ticket);
        // Nobody relays, reviews or pays: the worker's own key and a node are enough.
        submit(key, worker, 4);
        later(3 days + 1);
        vm.prank(worker);
        escrow.payOverdue(key, worker);
        takeOut(worker);
        vm.prank(requester);
        escrow.closeBatch(key);
        takeOut(requester);
        assertEq(token.balanceOf(worker), 4 * uint256(REWARD), "the worker");
        assertEq(token.balanceOf(requester), 6 * UNIT + 4 * uint256(OPERATOR_FEE), "the requester");
        assertEnd([uint256(0), 0, 0, 0, 0], 0, [uint256(0), 0, 0, 0, 0, 4, 6]);
    }

    function test_the_gateway_vanishes_and_another_carries_the_workers_signatures() public {
        begin(assigned(), 10);
        Packet memory p = packet(PacketKind.ClaimAndSubmit, key, 4);
        p.ticket = ticketFor(key, worker, 4, uint40(block.timestamp + 1 days));
        p = signedPacket(p, key);
        vm.prank(stranger);
        relay(key, p);
        later(3 days + 1);
        uint256 deadline = block.timestamp;
        bytes memory signature = signed(
            WORKER_KEY, MessageHashes.withdrawal(MessageHashes.WithdrawMessage(worker, 4 * REWARD, worker, 0, deadline))
        );
        vm.startPrank(stranger);
        escrow.payOverdue(key, worker);
        escrow.withdrawBySig(worker, 4 * REWARD, worker, 0, deadline, signature);
        assertEq(token.balanceOf(worker), 4 * uint256(REWARD), "without ever holding gas");
        assertEnd([4 * uint256(OPERATOR_FEE), 0, 0, 0, 0], 0, [uint256(6), 0, 0, 0, 0, 4, 0]);
    }

    function test_the_gateway_censors_submissions_and_disputes() public {
        begin(assigned(), 10);
        fund(requester, DISPUTE_FEE);
        fund(worker, DISPUTE_FEE);
        Packet memory p = packet(PacketKind.Claim, key, 4);
        p.ticket = ticketFor(key, worker, 4, uint40(block.timestamp + 1 days));
        relay(key, signedPacket(p, key));
        // From here on the gateway drops what the worker sends; direct calls do the same.
        submit(key, worker, 4);
        settle(key, worker, 0, 4);
        uint256 id = contest(worker, 4);
        vm.prank(arbitrator);
        escrow.rule(id, 4 + 1);
        assertEnd(
            [4 * uint256(OPERATOR_FEE), 4 * uint256(REWARD) + DISPUTE_FEE, 0, 0, DISPUTE_FEE],
            0,
            [uint256(6), 0, 0, 0, 0, 4, 0]
        );
    }

    function test_the_gateway_signs_tickets_for_its_friends() public {
        begin(assigned(), 10);
        Ticket memory ticket = ticketFor(key, second, 10, uint40(block.timestamp + 2 days));
        vm.prank(second);
        escrow.claim(key, 10, keccak256("tasks"), 1, ticket);
        // The friend holds everything and works nothing: the lease ends it, and the requester closes.
        vm.prank(requester);
        escrow.closeBatch(key);
        later(2 days + 1);
        escrow.expireClaims(key, workers(second));
        escrow.refund(key);
        vm.prank(second);
        expectRefused(Refusal.NotEnoughClaimed);
        escrow.submit(key, 1, "late");
        assertEnd([10 * UNIT, 0, 0, 0, 0], 0, [uint256(0), 0, 0, 0, 0, 0, 10]);
    }

    function test_a_ticket_is_used_200_times() public {
        begin(assigned(), 300);
        Ticket memory ticket = ticketFor(key, second, 1, uint40(block.timestamp + 1 days));
        uint256 claims = 0;
        for (uint256 i = 0; i < 200; ++i) {
            vm.prank(second);
            try escrow.claim(key, 1, keccak256("tasks"), 1, ticket) {
                claims += 1;
            } catch {}
        }
        assertEq(claims, 1, "once");
        assertEnd([uint256(0), 0, 0, 0, 0], 0, [uint256(299), 1, 0, 0, 0, 0, 0]);
    }

    function test_a_ticket_in_a_packet_is_used_200_times() public {
        begin(assigned(), 300);
        Packet memory p = packet(PacketKind.Claim, key, 1);
        p.ticket = ticketFor(key, worker, 1, uint40(block.timestamp + 1 days));
        p = signedPacket(p, key);
        for (uint256 i = 0; i < 200; ++i) {
            relay(key, p);
        }
        assertEnd([uint256(0), 0, 0, 0, 0], 0, [uint256(299), 1, 0, 0, 0, 0, 0]);
    }

    // the operator
    function approve(uint96 bonusCap) internal {
        fund(requester, 100 * UNIT);
        vm.prank(requester);
        escrow.approveOperator(
            operator,
            uint96(10 * (UNIT + DISPUTE_FEE)),
            bonusCap,
            uint40(block.timestamp + 1 days),
            reviewer,
            arbitrator
        );
    }

    function openFor(Terms memory terms) internal {
        vm.prank(operator);
        escrow.openBatchFor(requester, terms, "by operator", 10);
        key = BatchKey(requester, "by operator", terms);
        watchBatch(key, 10);
    }

    function test_an_operator_opens_a_batch_naming_itself_reviewer() public {
        approve(0);
        Terms memory terms = defaultTerms();
        terms.reviewer = operator;
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(Errors.TaskEscrow_OperatorNotApproved.selector, requester, operator));
        escrow.openBatchFor(requester, terms, "by operator", 10);
        assertOwed(requester, 100 * UNIT, "untouched");
        openFor(defaultTerms());
        assertEnd([90 * UNIT, 0, 0, 0, 0], 0, [uint256(10), 0, 0, 0, 0, 0, 0]);
    }

    function test_an_operators_worst_within_its_caps_is_its_caps() public {
        approve(500);
        // It works for itself under a silent reviewer, and gives itself the bonus.
        openFor(defaultTerms());
        claimAndSubmit(key, operator, 10);
        vm.prank(operator);
        escrow.bonus(key, operator, 500, "");
        later(3 days + 1);
        escrow.payOverdue(key, operator);
        assertEnd(
            [90 * UNIT - 500 + 10 * uint256(OPERATOR_FEE), 0, 0, 10 * uint256(REWARD) + 500, 0],
            0,
            [uint256(0), 0, 0, 0, 0, 10, 0]
        );
    }

    function test_an_operators_worst_with_rejections_that_lose_is_its_cap_too() public {
        approve(0);
        openFor(defaultTerms());
        // Each of ten friends is rejected once under a bribed reviewer, appeals and wins: the most that a batch can cost.
        uint256 friends = 10;
        for (uint160 i = 1; i <= friends; ++i) {
            address friend = address(0xF00000 + i);
            watch(friend);
            fund(friend, DISPUTE_FEE);
            claimAndSubmit(key, friend, 1);
            settle(key, friend, 0, 1);
            uint256 id = contest(friend, 1);
            vm.prank(arbitrator);
            escrow.rule(id, 1 + 1);
            assertOwed(friend, REWARD + DISPUTE_FEE, "paid, and the bond back");
        }
        uint256 lost = 100 * UNIT - escrow.owed(requester);
        assertEq(lost, friends * (REWARD + DISPUTE_FEE), "reward and fee of each");
        assertTrue(lost <= friends * (UNIT + DISPUTE_FEE), "within the cap");
        assertEnd([100 * UNIT - lost, 0, 0, 0, friends * DISPUTE_FEE], 0, [uint256(0), 0, 0, 0, 0, friends, 0]);
    }
}
