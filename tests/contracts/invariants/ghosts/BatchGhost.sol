// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowEvents} from "../../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {BatchKey, OperatorAllowance, Terms} from "../../../../contracts/libraries/EscrowTypes.sol";
import {Vm} from "../../base/Vm.sol";
import {GhostBatch, Prices} from "./GhostTypes.sol";
import {MoneyGhost} from "./MoneyGhost.sol";

/// @notice Batches rebuilt from the logs: funding, refunds, fees and locks.
abstract contract BatchGhost is MoneyGhost {
    BatchKey[] internal _keys;
    bytes32[] internal _ids;
    mapping(bytes32 batchId => GhostBatch) internal _batches;
    mapping(bytes32 batchId => Terms) internal _terms;
    address public escrowAddress;

    function batchCount() external view returns (uint256) {
        return _ids.length;
    }

    function idAt(uint256 index) external view returns (bytes32) {
        return _ids[index];
    }

    function keyAt(uint256 index) external view returns (BatchKey memory) {
        return _keys[index];
    }

    function batchOf(bytes32 batchId) external view returns (GhostBatch memory) {
        return _batches[batchId];
    }

    function booksOf(bytes32 batchId) external view returns (GhostBatch memory, Prices memory) {
        Terms storage terms = _terms[batchId];
        return (_batches[batchId], Prices(terms.reward, terms.operatorFee, terms.disputeFee));
    }

    function unitOf(bytes32 batchId) public view returns (uint256) {
        return uint256(_terms[batchId].reward) + _terms[batchId].operatorFee;
    }

    /// @dev What one assignment can take from its requester: its cost, and a dispute fee if it is rejected.
    function _riskOf(bytes32 batchId) private view returns (uint256) {
        return unitOf(batchId) + _terms[batchId].disputeFee;
    }

    /// @dev `next` is the first topic of the log after this one.
    function _applyBatch(bytes32 topic, Vm.Log memory log, bytes32 previous, bytes32 next) internal returns (bool) {
        if (topic == ITaskEscrowEvents.BatchOpened.selector) _applyOpened(log);
        else if (topic == ITaskEscrowEvents.BatchExtended.selector) _applyExtended(log);
        else if (topic == ITaskEscrowEvents.BatchClosed.selector) _applyClosed(log);
        else if (topic == ITaskEscrowEvents.Refunded.selector) _applyRefunded(log, next);
        else if (topic == ITaskEscrowEvents.FeePaid.selector) _applyFeePaid(log, previous);
        else if (topic == ITaskEscrowEvents.FeeReturned.selector) _applyFeeReturned(log);
        else if (topic == ITaskEscrowEvents.FeeReleased.selector) _applyFeeReleased(log);
        else if (topic == ITaskEscrowEvents.BonusPaid.selector) _applyBonus(log);
        else return false;
        return true;
    }

    function _applyOpened(Vm.Log memory log) private {
        bytes32 id = log.topics[1];
        address requester = _asAddress(log.topics[2]);
        (bytes32 salt, uint24 count, uint256 amount, Terms memory terms) =
            abi.decode(log.data, (bytes32, uint24, uint256, Terms));
        bytes32 expected =
            keccak256(abi.encode(block.chainid, escrowAddress, requester, salt, keccak256(abi.encode(terms))));
        _expect(id == expected, "law8_batch_ids_bind_chain_contract_and_terms", "the id is another hash");
        _expect(_batches[id].requester == address(0), "law8_batch_ids_bind_chain_contract_and_terms", "opened twice");
        _checkNames(requester, terms);
        _terms[id] = terms;
        _keys.push(BatchKey(requester, salt, terms));
        _ids.push(id);
        GhostBatch storage b = _batches[id];
        b.requester = requester;
        b.funded = count;
        b.free = count;
        b.versions = 1;
        _expect(amount == unitOf(id) * count, "law2_funding_costs_what_it_says", "opened for another amount");
        _takeWithConsent(requester, amount, _riskOf(id) * count);
    }

    /// @dev An operator opens only under the reviewer and arbitrator that the requester named.
    function _checkNames(address requester, Terms memory terms) private {
        if (requester == _consenting) return;
        OperatorAllowance storage allowed = _allowances[requester][_consenting];
        bool named = allowed.reviewer == terms.reviewer && allowed.arbitrator == terms.arbitrator;
        _expect(named, "law9_operators_choose_neither_reviewer_nor_arbitrator", "a batch under other names");
    }

    function _applyExtended(Vm.Log memory log) private {
        bytes32 id = log.topics[1];
        (uint16 version,, uint24 count, uint256 amount) = abi.decode(log.data, (uint16, bytes32, uint24, uint256));
        GhostBatch storage b = _batches[id];
        _checkNames(b.requester, _terms[id]);
        _expect(
            b.closedAt == 0 && block.timestamp <= _terms[id].claimBy,
            "law13_nothing_is_claimed_or_added_after_the_end",
            "extended after the end"
        );
        _expect(version == b.versions + 1, "law8_every_number_advances_by_one", "a manifest version was skipped");
        _expect(amount == unitOf(id) * count, "law2_funding_costs_what_it_says", "extended for another amount");
        b.versions = version;
        b.funded += count;
        b.free += count;
        _takeWithConsent(b.requester, amount, _riskOf(id) * count);
    }

    function _applyClosed(Vm.Log memory log) private {
        GhostBatch storage b = _batches[log.topics[1]];
        _expect(_consenting == b.requester, "law3_strangers_decide_nothing", "closed by somebody else");
        b.closedAt = block.timestamp;
    }

    function _applyRefunded(Vm.Log memory log, bytes32 next) private {
        bytes32 id = log.topics[1];
        (uint24 count, uint256 amount) = abi.decode(log.data, (uint24, uint256));
        GhostBatch storage b = _batches[id];
        Terms storage terms = _terms[id];
        // A refund right before a lock is the one that pays for it.
        if (next == ITaskEscrowEvents.FeeLocked.selector) {
            tick("reached: a fee locked from free money");
        } else {
            uint256 grace = terms.flags & 1 != 0 ? terms.reviewWindow : 0;
            bool over = block.timestamp > terms.claimBy + grace
                || (b.closedAt != 0 && (grace == 0 || block.timestamp > b.closedAt + grace));
            _expect(over, "law4_free_money_waits_until_nobody_can_earn_it", "refunded too early");
            if (b.submitted + b.contestable + b.disputed > 0) tick("reached: a refund beside undecided work");
        }
        b.free = count <= b.free ? b.free - count : 0;
        b.refunded += count;
        b.refundedMoney += amount;
        _expect(amount == unitOf(id) * count, "law2_funding_costs_what_it_says", "refunded another amount");
        _give(b.requester, amount);
    }

    function _applyFeePaid(Vm.Log memory log, bytes32 previous) private {
        uint256 amount = abi.decode(log.data, (uint256));
        _give(_asAddress(log.topics[2]), amount);
        // Right after `Ruled` it is the arbitrator's; the dispute's books see to it.
        if (previous == ITaskEscrowEvents.Ruled.selector) return;
        _expect(
            _asAddress(log.topics[2]) == _terms[log.topics[1]].operator,
            "law9_the_operator_earns_only_on_reviewed_work",
            "an operator fee for somebody else"
        );
        _batches[log.topics[1]].paidOperator += amount;
    }

    function _applyFeeReturned(Vm.Log memory log) private {
        uint256 amount = abi.decode(log.data, (uint256));
        GhostBatch storage b = _batches[log.topics[1]];
        b.returnedFees += amount;
        _give(_asAddress(log.topics[2]), amount);
        _expect(
            _asAddress(log.topics[2]) == b.requester,
            "law9_the_operator_earns_only_on_reviewed_work",
            "a fee went back to another than the requester"
        );
    }

    function _applyFeeReleased(Vm.Log memory log) internal virtual;

    function _applyBonus(Vm.Log memory log) private {
        (uint256 amount,) = abi.decode(log.data, (uint256, bytes32));
        _takeWithConsent(_asAddress(log.topics[3]), amount, amount);
        _give(_asAddress(log.topics[2]), amount);
    }
}
