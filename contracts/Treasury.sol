// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Reputation} from "./Reputation.sol";
import {ITaskEscrow} from "./interfaces/ITaskEscrow.sol";
import {BoundedCalls} from "./libraries/BoundedCalls.sol";
import {OperatorAllowance, Permit} from "./libraries/EscrowTypes.sol";
import {Ledger, Ledgers} from "./libraries/Ledger.sol";
import {Messages} from "./libraries/Messages.sol";
import {AccountSlot} from "./libraries/Slots.sol";

/// @title The only room that touches the token
/// @dev Every transfer is measured on the escrow's own balance: a token that moves anything else than what was asked is
/// refused. Token functions share one reentrancy guard; nothing else calls out except by bounded static call.
abstract contract Treasury is Reputation, EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using Ledgers for Ledger;

    /// Enough for a token with hooks; a recipient that burns all of it fails alone.
    uint256 private constant SWEEP_GAS = 300_000;

    IERC20 private immutable TOKEN;
    mapping(address => bool) private _arbitrators;
    mapping(address requester => mapping(address operator => OperatorAllowance)) private _allowances;

    constructor(IERC20 token_, address[] memory arbitrators) EIP712("Piecework", "1") {
        if (address(token_).code.length == 0) revert TaskEscrow_ZeroAddress();
        TOKEN = token_;
        for (uint256 i = 0; i < arbitrators.length; ++i) {
            if (arbitrators[i] == address(0)) revert TaskEscrow_ZeroAddress();
            _arbitrators[arbitrators[i]] = true;
        }
    }

    // ------------------------------------------------------------- deposits

    /// @inheritdoc ITaskEscrow
    function deposit(uint256 amount) external nonReentrant {
        _pull(msg.sender, amount);
        _ledger.credit(msg.sender, amount);
    }

    /// @inheritdoc ITaskEscrow
    function depositWithPermit(Permit calldata permit) external nonReentrant {
        _pullWithPermit(msg.sender, permit);
        _ledger.credit(msg.sender, permit.amount);
    }

    /// @dev Takes the tokens in; the caller credits them.
    function _pullWithPermit(address from, Permit calldata permit) internal {
        if (TOKEN.allowance(from, address(this)) >= permit.amount) return _pull(from, permit.amount);
        // A permit seen in the mempool can be used by anyone first; then the allowance is already there.
        try IERC20Permit(address(TOKEN))
            .permit(from, address(this), permit.amount, permit.deadline, permit.v, permit.r, permit.s) {}
            catch {}
        _pull(from, permit.amount);
    }

    function _pull(address from, uint256 amount) private {
        // Check
        if (amount == 0) revert TaskEscrow_ZeroAmount();
        uint256 before = TOKEN.balanceOf(address(this));
        // before + amount may overflow for a lying token: the subtraction below cannot.
        if (before > type(uint96).max || amount > type(uint96).max - before) {
            revert TaskEscrow_AmountTooLarge(amount, type(uint96).max);
        }
        // Interaction, before Effect: what is credited is what arrived. The guard keeps the measurement honest.
        TOKEN.safeTransferFrom(from, address(this), amount);
        uint256 moved = TOKEN.balanceOf(address(this)) - before;
        if (moved != amount) revert TaskEscrow_TokenMovedWrongAmount(amount, moved);
        emit Deposited(from, amount);
    }

    // ---------------------------------------------------------- withdrawals

    /// @inheritdoc ITaskEscrow
    function withdraw(uint256 amount, address to) external nonReentrant {
        _payOut(msg.sender, amount, to);
    }

    /// @inheritdoc ITaskEscrow
    function withdrawBySig(
        address account,
        uint256 amount,
        address to,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external nonReentrant {
        _useNonce(account, nonce, deadline, Messages.withdrawal(account, amount, to, nonce, deadline), signature);
        _payOut(account, amount, to);
    }

    function _payOut(address account, uint256 amount, address to) private {
        // Check
        if (amount == 0) revert TaskEscrow_ZeroAmount();
        if (to == address(0) || to == address(this)) revert TaskEscrow_ZeroAddress();
        // Effect
        _ledger.debit(account, amount);
        emit Withdrawn(account, to, amount);
        // Interaction
        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransfer(to, amount);
        uint256 remaining = TOKEN.balanceOf(address(this));
        if (remaining + amount != before) {
            revert TaskEscrow_TokenMovedWrongAmount(amount, before > remaining ? before - remaining : 0);
        }
    }

    // ---------------------------------------------------------------- sweep

    /// @inheritdoc ITaskEscrow
    function setSweep(bool enabled) external {
        _setSweep(msg.sender, enabled);
    }

    /// @inheritdoc ITaskEscrow
    function setSweepBySig(address account, bool enabled, uint256 nonce, uint256 deadline, bytes calldata signature)
        external
    {
        _useNonce(account, nonce, deadline, Messages.sweepSetting(account, enabled, nonce, deadline), signature);
        _setSweep(account, enabled);
    }

    function _setSweep(address account, bool enabled) internal {
        _ledger.accounts[account] = _ledger.accounts[account].withSweep(enabled);
        emit SweepSet(account, enabled);
    }

    /// @inheritdoc ITaskEscrow
    function sweep(address[] calldata accounts) external nonReentrant {
        for (uint256 i = 0; i < accounts.length; ++i) {
            AccountSlot a = _ledger.accounts[accounts[i]];
            uint256 amount = a.owed();
            if (!a.mayBeSwept() || amount == 0) continue;
            // A call to itself, so that a refused or dishonest transfer undoes this one payment alone. Who brings too little
            // gas reverts the whole, instead of making transfers fail.
            BoundedCalls.requireGas(SWEEP_GAS);
            try this.paySwept{gas: SWEEP_GAS}(accounts[i], amount) {}
            catch {
                emit SweepFailed(accounts[i], amount);
            }
        }
    }

    /// @notice One payment of `sweep`; only the escrow itself may call it.
    function paySwept(address account, uint256 amount) external {
        if (msg.sender != address(this)) revert TaskEscrow_NotAllowed(msg.sender);
        _payOut(account, amount, account);
    }

    // ------------------------------------------------------------ operators

    /// @inheritdoc ITaskEscrow
    function approveOperator(
        address operator,
        uint96 cap,
        uint96 bonusCap,
        uint40 until,
        address reviewer,
        address arbitrator
    ) external {
        if (operator == address(0)) revert TaskEscrow_ZeroAddress();
        _allowances[msg.sender][operator] = OperatorAllowance(cap, bonusCap, until, reviewer, arbitrator);
        emit OperatorApproved(msg.sender, operator, cap, bonusCap, until, reviewer, arbitrator);
    }

    /// @dev Reverts unless the caller is an operator that `requester` allows to spend `amount` under these names.
    function _spendAllowance(address requester, address reviewer, address arbitrator, uint256 amount) internal {
        OperatorAllowance storage allowed = _allowances[requester][msg.sender];
        if (
            block.timestamp > allowed.until || allowed.reviewer != reviewer || allowed.arbitrator != arbitrator
                || allowed.until == 0
        ) revert TaskEscrow_OperatorNotApproved(requester, msg.sender);
        // Zero caps revoke: without this an operator could still append manifests, which cost nothing, until `until`.
        if (amount > allowed.cap || allowed.cap == 0) revert TaskEscrow_OperatorCapExceeded(allowed.cap, amount);
        // forge-lint: disable-next-line(unsafe-typecast) amount <= cap
        allowed.cap -= uint96(amount);
        emit OperatorSpent(requester, msg.sender, amount, false);
    }

    function _spendBonusAllowance(address requester, uint256 amount) internal {
        OperatorAllowance storage allowed = _allowances[requester][msg.sender];
        if (block.timestamp > allowed.until) revert TaskEscrow_OperatorNotApproved(requester, msg.sender);
        if (amount > allowed.bonusCap) revert TaskEscrow_OperatorCapExceeded(allowed.bonusCap, amount);
        // forge-lint: disable-next-line(unsafe-typecast) amount <= bonusCap
        allowed.bonusCap -= uint96(amount);
        emit OperatorSpent(requester, msg.sender, amount, true);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc ITaskEscrow
    function allowanceOf(address requester, address operator) external view returns (OperatorAllowance memory) {
        return _allowances[requester][operator];
    }

    /// @inheritdoc ITaskEscrow
    function isArbitrator(address arbitrator) public view returns (bool) {
        return _arbitrators[arbitrator];
    }

    /// @inheritdoc ITaskEscrow
    function token() external view returns (address) {
        return address(TOKEN);
    }

    /// @inheritdoc ITaskEscrow
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _useNonce(address account, uint256 nonce, uint256 deadline, bytes32 structHash, bytes calldata signature)
        private
    {
        if (block.timestamp > deadline) revert TaskEscrow_SignatureExpired(deadline);
        AccountSlot a = _ledger.accounts[account];
        if (nonce != a.nonce() || !BoundedCalls.isSignedBy(account, _hashTypedDataV4(structHash), signature)) {
            revert TaskEscrow_SignatureInvalid(account);
        }
        _ledger.accounts[account] = a.withNextNonce();
    }
}
