// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Refusal} from "../libraries/EscrowTypes.sol";

/// @title Why a TaskEscrow call reverts
interface ITaskEscrowErrors {
    /// @notice An address that must be given is the zero address.
    error TaskEscrow_ZeroAddress();
    /// @notice An amount, count or digest that must be above zero is zero.
    error TaskEscrow_ZeroAmount();
    /// @notice A sum does not fit the field that would hold it.
    error TaskEscrow_AmountTooLarge(uint256 amount, uint256 max);
    /// @notice The account holds less than the call needs; deposit the difference first.
    error TaskEscrow_InsufficientBalance(address account, uint256 available, uint256 needed);
    /// @notice The token moved another amount than asked for; such tokens cannot be used.
    error TaskEscrow_TokenMovedWrongAmount(uint256 asked, uint256 moved);
    /// @notice The reward must be above zero.
    error TaskEscrow_ZeroReward();
    /// @notice The operator fee is above a twentieth of the reward.
    error TaskEscrow_OperatorFeeTooHigh(uint256 operatorFee, uint256 max);
    /// @notice The dispute fee is above maxClaim x reward.
    error TaskEscrow_DisputeFeeTooHigh(uint256 disputeFee, uint256 max);
    /// @notice No dispute of this number is open, or its arbitrator can still rule.
    error TaskEscrow_RulingNotOverdue(uint256 disputeId);
    /// @notice The arbitrator is not one of the set fixed at deployment.
    error TaskEscrow_ArbitratorNotListed(address arbitrator);
    /// @notice A window is outside its bounds. `field` is its name in `Terms`.
    error TaskEscrow_WindowOutOfRange(bytes32 field, uint256 given, uint256 min, uint256 max);
    /// @notice Unknown flag bits are set.
    error TaskEscrow_UnknownFlags(uint8 flags);
    /// @notice A batch of this key exists already; choose another salt.
    error TaskEscrow_BatchExists(bytes32 batchId);
    /// @notice No batch has this key on this chain and contract; compare every field with `BatchOpened`.
    error TaskEscrow_BatchUnknown(bytes32 batchId);
    /// @notice The batch was closed.
    error TaskEscrow_BatchIsClosed(bytes32 batchId);
    /// @notice The batch's claim period is over.
    error TaskEscrow_ClaimPeriodOver(bytes32 batchId, uint256 claimBy);
    /// @notice The caller may not do this.
    error TaskEscrow_NotAllowed(address caller);
    /// @notice The operator's allowance is over, too small, or for another reviewer or arbitrator.
    error TaskEscrow_OperatorNotApproved(address requester, address operator);
    /// @notice The operator asked for more than its remaining cap.
    error TaskEscrow_OperatorCapExceeded(uint256 remaining, uint256 asked);
    /// @notice The worker's call does not apply, for the reason given.
    error TaskEscrow_Refused(Refusal reason);
    /// @notice The settlement's number is not the next one; it was used, or another comes first.
    error TaskEscrow_SettlementNotNext(uint256 given, uint256 next);
    /// @notice The signature is not by the signer that the call needs.
    error TaskEscrow_SignatureInvalid(address signer);
    /// @notice The signature's deadline is over.
    error TaskEscrow_SignatureExpired(uint256 deadline);
    /// @notice A rejection needs a results file with its reasons.
    error TaskEscrow_ReasonMissing();
    /// @notice No lot of this worker is overdue.
    error TaskEscrow_NotOverdue(bytes32 batchId, address worker);
    /// @notice Fewer rejections are contestable than the call names.
    error TaskEscrow_NotEnoughContestable(uint256 contestable, uint256 asked);
    /// @notice The signed counts are not what the tally says any more.
    error TaskEscrow_CountsChanged(uint256 decided, uint256 contestable);
    /// @notice There is no free money, or it can still be claimed.
    error TaskEscrow_NothingToRefund(bytes32 batchId);
    /// @notice The call was given too little gas to ask another contract with its full allowance.
    error TaskEscrow_InsufficientGas(uint256 left, uint256 needed);
}
