// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch, BatchKey, Permit, Terms} from "../../../contracts/libraries/EscrowTypes.sol";
import {Console} from "../base/Console.sol";
import {EscrowTest} from "../base/EscrowTest.sol";
import {OddToken} from "./OddToken.sol";

/// @notice Hostile tokens: funding, paying, refunding, withdrawing and sweeping each end in CARRIED or REFUSED, and the books add up.
abstract contract HostileTokens is EscrowTest {
    uint256 internal constant ASSIGNMENTS = 10;
    uint256 internal constant GAS = 5_000_000;

    OddToken internal odd;
    uint256 internal amount = ASSIGNMENTS * UNIT;
    bool internal byPermit;
    uint256 internal funded;
    uint256 internal paidOut;
    bool internal lowersBalance;

    function use(OddToken token_) internal {
        odd = token_;
        escrow = deployEscrow(address(odd));
        odd.aim(address(escrow));
    }

    function send(address from, bytes memory call) internal returns (bool ok) {
        vm.prank(from);
        (ok,) = address(escrow).call{gas: GAS}(call);
    }

    // ------------------------------------------------------------ the steps

    function fundStep() internal returns (bool) {
        odd.mint(requester, amount);
        if (byPermit) {
            Permit memory p = Permit(amount, block.timestamp, 27, 0, 0);
            send(requester, abi.encodeCall(escrow.depositWithPermit, (p)));
        } else {
            vm.prank(requester);
            odd.approve(address(escrow), amount);
            send(requester, abi.encodeCall(escrow.deposit, (amount)));
        }
        funded = escrow.owed(requester);
        assertTrue(funded == 0 || funded == amount, "credited whole or not at all");
        if (funded == 0) assertEq(odd.real(address(escrow)), 0, "what was refused did not move");
        return funded > 0;
    }

    /// @dev Two workers, three assignments each; nothing of it touches the token.
    function payStep() internal returns (bool) {
        Terms memory terms = defaultTerms();
        if (!send(requester, abi.encodeCall(escrow.openBatch, (terms, "s", uint24(ASSIGNMENTS))))) return false;
        BatchKey memory key = BatchKey(requester, "s", terms);
        claimAndSubmit(key, worker, 3);
        claimAndSubmit(key, second, 3);
        settle(key, worker, 3, 0);
        settle(key, second, 3, 0);
        return escrow.owed(worker) == 3 * REWARD && escrow.owed(second) == 3 * REWARD;
    }

    function refundStep() internal returns (bool) {
        BatchKey memory key = BatchKey(requester, "s", defaultTerms());
        uint256 before = escrow.owed(requester);
        send(requester, abi.encodeCall(escrow.closeBatch, (key)));
        return escrow.owed(requester) == before + 4 * UNIT;
    }

    function withdrawStep() internal returns (bool) {
        uint256 before = odd.real(worker);
        uint256 owed = escrow.owed(worker);
        bool ok = send(worker, abi.encodeCall(escrow.withdraw, (REWARD, worker)));
        if (!ok) assertEq(escrow.owed(worker), owed, "what was refused is still owed");
        if (!ok) return false;
        assertEq(odd.real(worker), before + REWARD, "arrived");
        assertEq(escrow.owed(worker), owed - REWARD, "and no longer owed");
        paidOut += REWARD;
        return true;
    }

    function sweepStep() internal returns (bool) {
        address[] memory list = new address[](2);
        (list[0], list[1]) = (worker, second);
        for (uint256 i = 0; i < 2; ++i) {
            send(list[i], abi.encodeCall(escrow.setSweep, (true)));
        }
        uint256 owed = escrow.owed(worker) + escrow.owed(second);
        uint256 held = odd.real(worker) + odd.real(second);
        uint256 before = escrow.owed(worker);
        send(stranger, abi.encodeCall(escrow.sweep, (list)));
        uint256 moved = owed - escrow.owed(worker) - escrow.owed(second);
        assertEq(odd.real(worker) + odd.real(second), held + moved, "what is no longer owed arrived");
        paidOut += moved;
        return before > 0 && escrow.owed(worker) == 0;
    }

    // ------------------------------------------------------------- the table

    /// @dev `expected` holds C or R for fund, pay, refund, withdraw, sweep.
    function row(string memory name, OddToken token_, string memory expected) internal {
        use(token_);
        bool[5] memory carried;
        carried[0] = fundStep();
        odd.turn();
        odd.blockReceiver(worker);
        carried[1] = payStep();
        carried[2] = refundStep();
        carried[3] = withdrawStep();
        carried[4] = sweepStep();
        string memory line = string.concat("| ", name);
        for (uint256 i = 0; i < 5; ++i) {
            line = string.concat(line, " | ", carried[i] ? "CARRIED" : "REFUSED");
        }
        Console.log(string.concat(line, " |"));
        for (uint256 i = 0; i < 5; ++i) {
            assertTrue(carried[i] == (bytes(expected)[i] == "C"), string.concat(name, ", step ", vm.toString(i)));
        }
        assertBooks();
    }

    function assertBooks() internal view {
        bytes32 batchId = escrow.batchIdOf(BatchKey(requester, "s", defaultTerms()));
        Batch memory b = escrow.batchOf(batchId);
        uint256 unspent = uint256(b.free) + b.claimed + b.submitted + b.contestable + b.disputed;
        uint256 books = escrow.owed(requester) + escrow.owed(worker) + escrow.owed(second) + escrow.owed(operator)
            + escrow.owed(address(odd)) + unspent * UNIT;
        assertEq(books, funded - paidOut, "in minus out, to the unit");
        if (!lowersBalance) assertTrue(odd.real(address(escrow)) >= books, "and it is there");
    }
}
