// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "./ITaskEscrow.sol";

/// @title K of N jurors as one arbitrator
/// @notice Jurors commit to a vote, then reveal it: a commitment binds its juror, so nobody can copy a vote. The ruling is the
/// lower median of the revealed votes that rule, if at least `threshold` do; without a quorum nobody rules and the escrow pays
/// the worker. A vote is a ruling as ERC-792 counts them: r accepts r - 1 assignments, 0 refuses to rule.
/// @dev One panel can serve several escrows: cases, and what jurors earned, are kept apart by escrow, so a hostile contract
/// that poses as an escrow can spoil nothing but its own cases. Of a dispute's ruling window the first half is for
/// commitments, the next quarter for reveals, the last for `conclude`.
interface IArbitrationPanel {
    /// @notice Votes of one dispute.
    struct Case {
        uint16 commits;
        uint16 reveals;
        bool concluded;
        uint40 commitEnd;
        uint40 revealEnd;
    }

    /// @notice A juror committed to a vote.
    event VoteCommitted(address indexed escrow, uint256 indexed disputeId, address indexed juror);
    /// @notice A juror's vote became public.
    event VoteRevealed(address indexed escrow, uint256 indexed disputeId, address indexed juror, uint256 ruling);
    /// @notice The panel ruled; `fee` is what the escrow credited for it.
    event CaseConcluded(address indexed escrow, uint256 indexed disputeId, uint256 ruling, uint256 fee);
    /// @notice A juror approved a change of the panel.
    event ChangeApproved(address indexed juror, address indexed subject, bool add, uint256 epoch);
    /// @notice A juror joined (`added`) or left.
    event JurorChanged(address indexed juror, bool added);
    /// @notice A juror took its fees out of an escrow.
    event FeesWithdrawn(address indexed escrow, address indexed juror, address to, uint256 amount);

    /// @notice 1 <= threshold <= jurors < 2 x threshold, jurors distinct and not zero: a quorum is a majority.
    error ArbitrationPanel_BadSetup();
    /// @notice The caller is no juror, or became one after the dispute began.
    error ArbitrationPanel_NotJuror(address caller);
    /// @notice The escrow has no open dispute of this number before this panel.
    error ArbitrationPanel_NoSuchCase(address escrow, uint256 disputeId);
    /// @notice The dispute's fee is below the panel's; it does not rule for less.
    error ArbitrationPanel_FeeTooLow(uint256 fee, uint256 min);
    /// @notice The case is not in the phase that the call needs: committing, revealing, concluding.
    error ArbitrationPanel_WrongPhase();
    /// @notice The juror has committed already.
    error ArbitrationPanel_AlreadyCommitted(address juror);
    /// @notice Ruling and salt are not what the juror committed to.
    error ArbitrationPanel_CommitmentMismatch(address juror);
    /// @notice Fewer votes are revealed than a quorum needs.
    error ArbitrationPanel_NoQuorum(uint256 revealed, uint256 threshold);
    /// @notice The juror approved this change already.
    error ArbitrationPanel_AlreadyApproved(address juror);
    /// @notice The change would leave the panel without a quorum or without a majority, or changes nothing.
    error ArbitrationPanel_BadChange(address subject);
    /// @notice The juror has no fees in that escrow.
    error ArbitrationPanel_NothingEarned(address juror);

    /// @notice Commits the calling juror to a vote: `commitment` is `commitmentOf(escrow, disputeId, caller, ruling, salt)`.
    /// @dev Only jurors who sat in the panel when the dispute began.
    function commit(ITaskEscrow escrow, uint256 disputeId, bytes32 commitment) external;

    /// @notice Makes the calling juror's vote public, once the time to commit is over or all have committed. The last reveal
    /// of a quorum concludes the case.
    function reveal(ITaskEscrow escrow, uint256 disputeId, uint256 ruling, bytes32 salt) external;

    /// @notice Rules with the votes revealed in time, if some jurors never revealed; anyone.
    function conclude(ITaskEscrow escrow, uint256 disputeId) external;

    /// @notice Sends what the caller earned in `escrow` to `to`.
    function withdraw(ITaskEscrow escrow, address to) external;

    /// @notice Approves that `subject` joins (`add`) or leaves; the approval that makes `threshold` of the present jurors
    /// carries it out. Every change voids all other approvals.
    function approveChange(address subject, bool add) external;

    /// @notice What a juror must commit to. `salt` is 32 secret random bytes.
    function commitmentOf(ITaskEscrow escrow, uint256 disputeId, address juror, uint256 ruling, bytes32 salt)
        external
        view
        returns (bytes32);

    /// @notice The votes of a dispute.
    function caseOf(ITaskEscrow escrow, uint256 disputeId) external view returns (Case memory);

    /// @notice Token units that `juror` earned in `escrow` and has not withdrawn.
    function earnedOf(ITaskEscrow escrow, address juror) external view returns (uint256);

    /// @notice Revealed votes that make a ruling.
    function threshold() external view returns (uint256);

    /// @notice The smallest dispute fee, in token units, that the panel rules for.
    function arbitrationCost(bytes calldata extraData) external view returns (uint256);

    /// @notice Every juror.
    function jurors() external view returns (address[] memory);

    /// @notice Unix seconds since when `account` is a juror; zero if it is none.
    function jurorSince(address account) external view returns (uint256);
}
