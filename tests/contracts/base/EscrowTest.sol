// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../contracts/interfaces/ITaskEscrow.sol";
import {
    Account,
    Batch,
    BatchKey,
    DirectPayment,
    Packet,
    PacketKind,
    Refusal,
    Tally,
    Terms,
    Ticket,
    Verdict
} from "../../../contracts/libraries/EscrowTypes.sol";
import {ITaskEscrowErrors} from "../../../contracts/interfaces/ITaskEscrowErrors.sol";
import {TestToken} from "../../../contracts/mocks/TestToken.sol";
import {Checks} from "./Checks.sol";
import {MessageHashes} from "./MessageHashes.sol";

/// @notice An escrow with a cast of keys, and the usual calls in one line each.
/// @dev The escrow is deployed from its artifact and spoken to through its interface, so that a changed contract does not make
/// the tests compile anew.
abstract contract EscrowTest is Checks {
    uint96 internal constant REWARD = 1_000_000;
    uint96 internal constant OPERATOR_FEE = 50_000;
    uint96 internal constant DISPUTE_FEE = 300_000;
    uint256 internal constant UNIT = uint256(REWARD) + OPERATOR_FEE;

    uint256 internal constant REQUESTER_KEY = 0xA11CE;
    uint256 internal constant REVIEWER_KEY = 0xB0B;
    uint256 internal constant ASSIGNER_KEY = 0xA551;
    uint256 internal constant WORKER_KEY = 0x3041;
    uint256 internal constant SECOND_KEY = 0x3042;

    TestToken internal token;
    ITaskEscrow internal escrow;
    address internal requester = vm.addr(REQUESTER_KEY);
    address internal reviewer = vm.addr(REVIEWER_KEY);
    address internal assigner = vm.addr(ASSIGNER_KEY);
    address internal worker = vm.addr(WORKER_KEY);
    address internal second = vm.addr(SECOND_KEY);
    address internal operator = address(0x09E7A704);
    address internal arbitrator = address(0xA4B17);
    address internal stranger = address(0x57A4);

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        token = new TestToken();
        escrow = deployEscrow(address(token));
    }

    function deployEscrow(address token_) internal returns (ITaskEscrow) {
        address[] memory arbitrators = new address[](1);
        arbitrators[0] = arbitrator;
        return deployEscrow(token_, arbitrators);
    }

    function deployEscrow(address token_, address[] memory arbitrators) internal returns (ITaskEscrow) {
        return ITaskEscrow(vm.deployCode("TaskEscrow.sol:TaskEscrow", abi.encode(token_, arbitrators)));
    }

    /// @dev Open claims, no gate, every fee; windows of a day and more.
    function defaultTerms() internal view returns (Terms memory) {
        return Terms({
            reward: REWARD,
            operatorFee: OPERATOR_FEE,
            disputeFee: DISPUTE_FEE,
            reviewer: reviewer,
            assigner: address(0),
            operator: operator,
            gate: address(0),
            arbitrator: arbitrator,
            claimBy: uint40(block.timestamp + 30 days),
            lease: 1 days,
            reviewWindow: 3 days,
            disputeWindow: 4 days,
            rulingWindow: 5 days,
            maxClaim: 20,
            flags: 0,
            manifest: keccak256("manifest")
        });
    }

    function fund(address to, uint256 amount) internal {
        token.mint(to, amount);
        vm.startPrank(to);
        token.approve(address(escrow), amount);
        escrow.deposit(amount);
        vm.stopPrank();
    }

    /// @dev Funds exactly what the batch costs, and opens it.
    function open(Terms memory terms, uint24 assignments) internal returns (BatchKey memory key) {
        fund(requester, (uint256(terms.reward) + terms.operatorFee) * assignments);
        key = BatchKey(requester, keccak256("salt"), terms);
        vm.prank(requester);
        escrow.openBatch(terms, key.salt, assignments);
    }

    function noTicket() internal pure returns (Ticket memory) {
        return Ticket(0, 0, "");
    }

    function claim(BatchKey memory key, address by, uint16 count) internal {
        vm.prank(by);
        escrow.claim(key, count, keccak256("tasks"), 1, noTicket());
    }

    function submit(BatchKey memory key, address by, uint16 count) internal {
        vm.prank(by);
        escrow.submit(key, count, keccak256("work"));
    }

    function claimAndSubmit(BatchKey memory key, address by, uint16 count) internal {
        claim(key, by, count);
        submit(key, by, count);
    }

    /// @dev The reviewer decides some of one worker's oldest undecided assignments.
    function settle(BatchKey memory key, address of_, uint16 accepted, uint16 rejected) internal {
        bytes32 batchId = escrow.batchIdOf(key);
        Verdict[] memory verdicts = new Verdict[](1);
        verdicts[0] = Verdict(of_, escrow.tallyOf(batchId, of_).decided, accepted, rejected);
        settle(key, verdicts);
    }

    function settle(BatchKey memory key, Verdict[] memory verdicts) internal {
        uint32 nonce = escrow.batchOf(escrow.batchIdOf(key)).settlements + 1;
        vm.prank(reviewer);
        escrow.settle(key, nonce, keccak256("results"), verdicts, new DirectPayment[](0), "");
    }

    function dispute(BatchKey memory key, address by, uint16 count) internal returns (uint256 disputeId) {
        disputeId = nextDisputeId(key, by);
        vm.prank(by);
        escrow.dispute(key, count, keccak256("evidence"));
    }

    function nextDisputeId(BatchKey memory key, address by) internal view returns (uint256) {
        bytes32 batchId = escrow.batchIdOf(key);
        return uint256(keccak256(abi.encode(batchId, by, escrow.tallyOf(batchId, by).sequence)));
    }

    function batch(BatchKey memory key) internal view returns (Batch memory) {
        return escrow.batchOf(escrow.batchIdOf(key));
    }

    function tally(BatchKey memory key, address of_) internal view returns (Tally memory) {
        return escrow.tallyOf(escrow.batchIdOf(key), of_);
    }

    function account(address of_) internal view returns (Account memory) {
        return escrow.accountOf(of_);
    }

    function workers(address one) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = one;
    }

    // ----------------------------------------------------------- signatures

    function digestOf(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", escrow.domainSeparator(), structHash));
    }

    function signed(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digestOf(structHash));
        return abi.encodePacked(r, s, v);
    }

    function packet(PacketKind kind, BatchKey memory key, uint16 count) internal view returns (Packet memory p) {
        p.kind = kind;
        p.worker = worker;
        p.sequence = tally(key, worker).sequence;
        p.deadline = uint40(block.timestamp + 1 days);
        p.manifestVersion = 1;
        p.count = count;
        p.submitted = kind == PacketKind.ClaimAndSubmit ? count : 0;
        p.tasksDigest = keccak256("tasks");
        p.workDigest = keccak256("work");
    }

    /// @dev Signs with WORKER_KEY.
    function signedPacket(Packet memory p, BatchKey memory key) internal view returns (Packet memory) {
        return signPacket(p, escrow.batchIdOf(key), WORKER_KEY);
    }

    function signPacket(Packet memory p, bytes32 batchId, uint256 key) internal view returns (Packet memory) {
        p.signature = signed(key, MessageHashes.packet(batchId, p));
        return p;
    }

    /// @dev The assigner's leave for `count` assignments of version 1, until `leaseEnd`, with `tasks` as digest "tasks".
    function ticketFor(BatchKey memory key, address to, uint16 count, uint40 leaseEnd)
        internal
        view
        returns (Ticket memory t)
    {
        t.leaseEnd = leaseEnd;
        t.deadline = uint40(block.timestamp + 1 hours);
        MessageHashes.TicketMessage memory m = MessageHashes.TicketMessage(
            escrow.batchIdOf(key), 1, to, count, keccak256("tasks"), leaseEnd, t.deadline, tally(key, to).sequence
        );
        t.signature = signed(ASSIGNER_KEY, MessageHashes.ticket(m));
    }

    function relay(BatchKey memory key, Packet memory p) internal {
        BatchKey[] memory keys = new BatchKey[](1);
        keys[0] = key;
        Packet[] memory packets = new Packet[](1);
        packets[0] = p;
        escrow.relay(keys, packets);
    }

    // -------------------------------------------------------------- refusals

    /// @dev The next call must revert with this refusal.
    function expectRefused(Refusal reason) internal {
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrowErrors.TaskEscrow_Refused.selector, reason));
    }

    /// @dev The next call must revert with an error that has no values.
    function expectError(bytes4 selector) internal {
        vm.expectRevert(abi.encodeWithSelector(selector));
    }

    function expectError(bytes4 selector, address value) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, value));
    }

    function expectError(bytes4 selector, uint256 one, uint256 two) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, one, two));
    }
}
