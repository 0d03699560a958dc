// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors as Errors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {BatchKey, DirectPayment, Terms, Verdict} from "../../../contracts/libraries/EscrowTypes.sol";
import {EscrowTest} from "../base/EscrowTest.sol";
import {MessageHashes} from "../base/MessageHashes.sol";

/// @notice A batch that anyone may settle with the reviewer's signature; signatures over changed messages must fail.
abstract contract ReviewFields is EscrowTest {
    BatchKey internal key;
    bytes32 internal batchId;

    function setUp() public override {
        super.setUp();
        Terms memory terms = defaultTerms();
        terms.flags = 1;
        key = open(terms, 40);
        batchId = escrow.batchIdOf(key);
        fund(requester, DISPUTE_FEE);
        claimAndSubmit(key, worker, 4);
        claimAndSubmit(key, second, 4);
    }

    function under(uint256 chainId, address verifier, bytes32 structHash) internal pure returns (bytes memory) {
        bytes32 domain = MessageHashes.domain("Piecework", chainId, verifier);
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(REVIEWER_KEY, keccak256(abi.encodePacked(hex"1901", domain, structHash)));
        return abi.encodePacked(r, s, v);
    }
}

/// Every field of the signed settlement, in its lists too.
contract SettlementFieldsTest is ReviewFields {
    function fresh() internal view returns (MessageHashes.SettlementMessage memory m) {
        m.batchId = batchId;
        m.nonce = 1;
        m.resultsDigest = "results";
        m.verdicts = new Verdict[](2);
        m.verdicts[0] = Verdict(worker, 0, 2, 1);
        m.verdicts[1] = Verdict(second, 0, 3, 0);
        m.direct = new DirectPayment[](2);
        m.direct[0] = DirectPayment(stranger, 2);
        m.direct[1] = DirectPayment(second, 1);
    }

    function bring(bytes memory signature) internal {
        MessageHashes.SettlementMessage memory m = fresh();
        escrow.settle(key, m.nonce, m.resultsDigest, m.verdicts, m.direct, signature);
    }

    function refused(MessageHashes.SettlementMessage memory signedInstead) internal {
        refusedWith(signed(REVIEWER_KEY, MessageHashes.settlement(signedInstead)));
    }

    function refusedWith(bytes memory signature) internal {
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, reviewer);
        bring(signature);
        assertEq(batch(key).settlements, 0, "nothing settled");
    }

    // Settlement
    function test_the_signed_settlement_itself_applies() public {
        bring(signed(REVIEWER_KEY, MessageHashes.settlement(fresh())));
        assertEq(escrow.owed(worker), 2 * REWARD, "first verdict");
        assertEq(escrow.owed(second), 4 * REWARD, "second verdict and direct");
        assertEq(escrow.owed(stranger), 2 * REWARD, "direct");
    }

    function test_a_signature_given_after_a_mistake_is_not_spent() public {
        refusedWith("");
        bring(signed(REVIEWER_KEY, MessageHashes.settlement(fresh())));
    }

    function testFuzz_a_settlement_of_another_batch_is_refused(bytes32 other) public {
        MessageHashes.SettlementMessage memory m = fresh();
        vm.assume(other != m.batchId);
        m.batchId = other;
        refused(m);
    }

    function testFuzz_a_settlement_with_another_number_is_refused(uint32 other) public {
        MessageHashes.SettlementMessage memory m = fresh();
        vm.assume(other != m.nonce);
        m.nonce = other;
        refused(m);
    }

    function testFuzz_a_settlement_with_other_results_is_refused(bytes32 other) public {
        MessageHashes.SettlementMessage memory m = fresh();
        vm.assume(other != m.resultsDigest);
        m.resultsDigest = other;
        refused(m);
    }

    function testFuzz_a_verdict_on_another_worker_is_refused(address other, bool which) public {
        MessageHashes.SettlementMessage memory m = fresh();
        uint256 i = which ? 1 : 0;
        vm.assume(other != m.verdicts[i].worker);
        m.verdicts[i].worker = other;
        refused(m);
    }

    function testFuzz_a_verdict_on_another_decided_count_is_refused(uint16 other, bool which) public {
        MessageHashes.SettlementMessage memory m = fresh();
        uint256 i = which ? 1 : 0;
        vm.assume(other != m.verdicts[i].decidedBefore);
        m.verdicts[i].decidedBefore = other;
        refused(m);
    }

    function testFuzz_a_verdict_accepting_another_count_is_refused(uint16 other, bool which) public {
        MessageHashes.SettlementMessage memory m = fresh();
        uint256 i = which ? 1 : 0;
        vm.assume(other != m.verdicts[i].accepted);
        m.verdicts[i].accepted = other;
        refused(m);
    }

    function testFuzz_a_verdict_rejecting_another_count_is_refused(uint16 other, bool which) public {
        MessageHashes.SettlementMessage memory m = fresh();
        uint256 i = which ? 1 : 0;
        vm.assume(other != m.verdicts[i].rejected);
        m.verdicts[i].rejected = other;
        refused(m);
    }

    function testFuzz_a_direct_payment_to_another_worker_is_refused(address other, bool which) public {
        MessageHashes.SettlementMessage memory m = fresh();
        uint256 i = which ? 1 : 0;
        vm.assume(other != m.direct[i].worker);
        m.direct[i].worker = other;
        refused(m);
    }

    function testFuzz_a_direct_payment_of_another_count_is_refused(uint16 other, bool which) public {
        MessageHashes.SettlementMessage memory m = fresh();
        uint256 i = which ? 1 : 0;
        vm.assume(other != m.direct[i].count);
        m.direct[i].count = other;
        refused(m);
    }

    function test_a_verdict_more_or_less_or_in_another_place_is_refused() public {
        MessageHashes.SettlementMessage memory m = fresh();
        (m.verdicts[0], m.verdicts[1]) = (m.verdicts[1], m.verdicts[0]);
        refused(m);
        m = fresh();
        m.verdicts = new Verdict[](1);
        m.verdicts[0] = fresh().verdicts[0];
        refused(m);
        m.verdicts = new Verdict[](3);
        (m.verdicts[0], m.verdicts[1]) = (fresh().verdicts[0], fresh().verdicts[1]);
        refused(m);
    }

    function test_a_direct_payment_more_or_less_or_in_another_place_is_refused() public {
        MessageHashes.SettlementMessage memory m = fresh();
        (m.direct[0], m.direct[1]) = (m.direct[1], m.direct[0]);
        refused(m);
        m = fresh();
        m.direct = new DirectPayment[](0);
        refused(m);
        m.direct = new DirectPayment[](3);
        (m.direct[0], m.direct[1]) = (fresh().direct[0], fresh().direct[1]);
        refused(m);
    }

    function testFuzz_a_settlement_signed_on_another_chain_is_refused(uint64 other) public {
        vm.assume(other != block.chainid);
        refusedWith(under(other, address(escrow), MessageHashes.settlement(fresh())));
    }

    function testFuzz_a_settlement_signed_for_another_contract_is_refused(address other) public {
        vm.assume(other != address(escrow));
        refusedWith(under(block.chainid, other, MessageHashes.settlement(fresh())));
    }
}

/// Every field of the signed overturn.
contract OverturnFieldsTest is ReviewFields {
    function rejectFour() internal {
        settle(key, worker, 0, 4);
    }

    function fresh() internal view returns (MessageHashes.OverturnMessage memory) {
        return MessageHashes.OverturnMessage(batchId, worker, 4, 4, 2);
    }

    function bring(bytes memory signature) internal {
        escrow.overturnBySig(key, worker, 4, 4, 2, signature);
    }

    function refused(MessageHashes.OverturnMessage memory signedInstead) internal {
        refusedWith(signed(REVIEWER_KEY, MessageHashes.overturn(signedInstead)));
    }

    function refusedWith(bytes memory signature) internal {
        rejectFour();
        expectError(Errors.TaskEscrow_SignatureInvalid.selector, reviewer);
        bring(signature);
        assertEq(tally(key, worker).contestable, 4, "nothing overturned");
    }

    // Overturn
    function test_the_signed_overturn_itself_applies() public {
        rejectFour();
        bring(signed(REVIEWER_KEY, MessageHashes.overturn(fresh())));
        assertEq(escrow.owed(worker), 2 * REWARD, "paid");
    }

    function testFuzz_an_overturn_in_another_batch_is_refused(bytes32 other) public {
        MessageHashes.OverturnMessage memory m = fresh();
        vm.assume(other != m.batchId);
        m.batchId = other;
        refused(m);
    }

    function testFuzz_an_overturn_for_another_worker_is_refused(address other) public {
        MessageHashes.OverturnMessage memory m = fresh();
        vm.assume(other != m.worker);
        m.worker = other;
        refused(m);
    }

    function testFuzz_an_overturn_after_other_decisions_is_refused(uint16 other) public {
        MessageHashes.OverturnMessage memory m = fresh();
        vm.assume(other != m.decidedBefore);
        m.decidedBefore = other;
        refused(m);
    }

    function testFuzz_an_overturn_of_other_contestable_work_is_refused(uint16 other) public {
        MessageHashes.OverturnMessage memory m = fresh();
        vm.assume(other != m.contestableBefore);
        m.contestableBefore = other;
        refused(m);
    }

    function testFuzz_an_overturn_of_another_count_is_refused(uint16 other) public {
        MessageHashes.OverturnMessage memory m = fresh();
        vm.assume(other != m.count);
        m.count = other;
        refused(m);
    }

    function testFuzz_an_overturn_signed_on_another_chain_is_refused(uint64 other) public {
        vm.assume(other != block.chainid);
        refusedWith(under(other, address(escrow), MessageHashes.overturn(fresh())));
    }

    function testFuzz_an_overturn_signed_for_another_contract_is_refused(address other) public {
        vm.assume(other != address(escrow));
        refusedWith(under(block.chainid, other, MessageHashes.overturn(fresh())));
    }
}
