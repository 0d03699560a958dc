// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowEvents} from "../../../../contracts/interfaces/ITaskEscrowEvents.sol";
import {OperatorAllowance} from "../../../../contracts/libraries/EscrowTypes.sol";
import {Vm} from "../../base/Vm.sol";
import {Breaches} from "./Breaches.sol";
import {GhostAccount} from "./GhostTypes.sol";

/// @notice Accounts rebuilt from the logs, and whose key stood behind each debit.
abstract contract MoneyGhost is Breaches {
    mapping(address => GhostAccount) internal _accounts;
    mapping(address requester => mapping(address operator => OperatorAllowance)) internal _allowances;
    uint256 public tokensIn;
    uint256 public tokensOut;
    /// Tokens sent to the escrow unasked.
    uint256 public gifts;

    /// Whose key stands behind the running call: its caller, or the signer of what it carries. Zero for nobody's.
    address internal _consenting;
    /// Set by `OperatorSpent`, used up by the spending that it announces.
    address internal _spentFor;
    uint256 internal _spentAmount;

    function accountOf(address account) external view returns (GhostAccount memory) {
        return _accounts[account];
    }

    function allowanceOf(address requester, address operator) external view returns (OperatorAllowance memory) {
        return _allowances[requester][operator];
    }

    function noteGift(uint256 amount) external {
        gifts += amount;
    }

    function noteNonce(address account) external {
        _accounts[account].nonce += 1;
    }

    function _give(address to, uint256 amount) internal {
        _accounts[to].owed += amount;
    }

    /// @dev Stops at zero; then the escrow's own account says otherwise, and a check sees it.
    function _take(address from, uint256 amount) internal {
        GhostAccount storage a = _accounts[from];
        a.owed = a.owed > amount ? a.owed - amount : 0;
    }

    /// @dev A debit that only the account's own key, or an operator within its allowance, may cause.
    /// @param risk What such an operator must have counted against its cap.
    function _takeWithConsent(address from, uint256 amount, uint256 risk) internal {
        if (from != _consenting) {
            _expect(_spentFor == from, "law3_money_leaves_only_by_its_owners_key", "a debit without the owner's key");
            _expect(_spentAmount == risk, "law9_operators_spend_within_their_allowance", "another amount was counted");
            _spentFor = address(0);
        }
        _take(from, amount);
    }

    function _applyMoney(bytes32 topic, Vm.Log memory log) internal returns (bool) {
        if (topic == ITaskEscrowEvents.Deposited.selector) {
            uint256 amount = abi.decode(log.data, (uint256));
            tokensIn += amount;
            _give(_asAddress(log.topics[1]), amount);
            return true;
        }
        if (topic == ITaskEscrowEvents.Withdrawn.selector) {
            _applyWithdrawn(_asAddress(log.topics[1]), _asAddress(log.topics[2]), abi.decode(log.data, (uint256)));
            return true;
        }
        if (topic == ITaskEscrowEvents.SweepSet.selector) {
            address account = _asAddress(log.topics[1]);
            _expect(
                account == _consenting, "law3_money_leaves_only_by_its_owners_key", "sweeping was set by somebody else"
            );
            _accounts[account].sweeps = abi.decode(log.data, (bool));
            return true;
        }
        if (topic == ITaskEscrowEvents.OperatorApproved.selector) {
            OperatorAllowance memory allowed = abi.decode(log.data, (OperatorAllowance));
            _allowances[_asAddress(log.topics[1])][_asAddress(log.topics[2])] = allowed;
            return true;
        }
        if (topic == ITaskEscrowEvents.OperatorSpent.selector) {
            (uint256 amount, bool bonus) = abi.decode(log.data, (uint256, bool));
            _applySpent(_asAddress(log.topics[1]), _asAddress(log.topics[2]), amount, bonus);
            return true;
        }
        if (topic == ITaskEscrowEvents.SweepFailed.selector) {
            tick("reached: a sweep that the token refused");
            return true;
        }
        return false;
    }

    function _applyWithdrawn(address account, address to, uint256 amount) private {
        if (account != _consenting) {
            bool swept = _accounts[account].sweeps && to == account;
            _expect(swept, "law3_money_leaves_only_by_its_owners_key", "a withdrawal without the owner's key");
        }
        tokensOut += amount;
        _take(account, amount);
    }

    function _applySpent(address requester, address operator, uint256 amount, bool bonus) private {
        OperatorAllowance storage allowed = _allowances[requester][operator];
        uint256 left = bonus ? allowed.bonusCap : allowed.cap;
        bool within = operator == _consenting && block.timestamp <= allowed.until && amount <= left;
        _expect(within, "law9_operators_spend_within_their_allowance", "spent beyond cap, time or right");
        if (within && bonus) allowed.bonusCap -= uint96(amount);
        else if (within) allowed.cap -= uint96(amount);
        _spentFor = requester;
        _spentAmount = amount;
    }

    function _asAddress(bytes32 topic) internal pure returns (address) {
        return address(uint160(uint256(topic)));
    }
}
