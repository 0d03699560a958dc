// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbitrationPanel} from "./interfaces/IArbitrationPanel.sol";
import {ITaskEscrow} from "./interfaces/ITaskEscrow.sol";
import {Dispute} from "./libraries/EscrowTypes.sol";

/// @title K of N jurors as one arbitrator
contract ArbitrationPanel is IArbitrationPanel {
    uint256 private constant MAX_JURORS = 31;

    /// @inheritdoc IArbitrationPanel
    uint256 public immutable threshold;
    uint256 private immutable FEE;

    address[] private _jurors;
    /// @inheritdoc IArbitrationPanel
    mapping(address juror => uint256) public jurorSince;
    /// Counts changes of the panel; approvals are of one epoch.
    uint256 private _epoch;
    mapping(bytes32 change => mapping(address juror => bool)) private _approved;
    mapping(bytes32 change => uint256) private _approvals;

    mapping(ITaskEscrow escrow => mapping(uint256 disputeId => Case)) private _cases;
    mapping(ITaskEscrow escrow => mapping(uint256 disputeId => mapping(address juror => bytes32))) private _commitments;
    mapping(ITaskEscrow escrow => mapping(uint256 disputeId => uint256[])) private _rulings;
    mapping(ITaskEscrow escrow => mapping(uint256 disputeId => address[])) private _voters;
    mapping(ITaskEscrow escrow => mapping(address juror => uint256)) private _earned;

    /// @param jurors_ The first jurors.
    /// @param threshold_ Revealed votes that make a ruling, for ever; a majority of the jurors.
    /// @param fee_ Token units; disputes with a smaller fee are not ruled.
    constructor(address[] memory jurors_, uint256 threshold_, uint256 fee_) {
        if (!_isSound(jurors_.length, threshold_)) revert ArbitrationPanel_BadSetup();
        threshold = threshold_;
        FEE = fee_;
        for (uint256 i = 0; i < jurors_.length; ++i) {
            if (jurors_[i] == address(0) || jurorSince[jurors_[i]] != 0) revert ArbitrationPanel_BadSetup();
            _add(jurors_[i]);
        }
    }

    // ---------------------------------------------------------------- votes

    /// @inheritdoc IArbitrationPanel
    function commit(ITaskEscrow escrow, uint256 disputeId, bytes32 commitment) external {
        // Check
        Dispute memory d = _openDispute(escrow, disputeId);
        uint256 since = jurorSince[msg.sender];
        if (since == 0 || since > d.openedAt) revert ArbitrationPanel_NotJuror(msg.sender);
        if (d.fee < FEE) revert ArbitrationPanel_FeeTooLow(d.fee, FEE);
        Case storage c = _cases[escrow][disputeId];
        if (c.commitEnd == 0) {
            uint40 window = d.rulingEnd - d.openedAt;
            c.commitEnd = d.openedAt + window / 2;
            c.revealEnd = d.openedAt + window / 4 * 3;
        }
        if (block.timestamp > c.commitEnd || c.reveals > 0) revert ArbitrationPanel_WrongPhase();
        if (_commitments[escrow][disputeId][msg.sender] != 0) revert ArbitrationPanel_AlreadyCommitted(msg.sender);
        if (commitment == 0) revert ArbitrationPanel_CommitmentMismatch(msg.sender);
        // Effect
        _commitments[escrow][disputeId][msg.sender] = commitment;
        c.commits += 1;
        emit VoteCommitted(address(escrow), disputeId, msg.sender);
    }

    /// @inheritdoc IArbitrationPanel
    function reveal(ITaskEscrow escrow, uint256 disputeId, uint256 ruling, bytes32 salt) external {
        // Check
        if (jurorSince[msg.sender] == 0) revert ArbitrationPanel_NotJuror(msg.sender);
        Case storage c = _cases[escrow][disputeId];
        bool revealing = block.timestamp > c.commitEnd || _allCommitted(escrow, disputeId);
        if (c.concluded || !revealing || block.timestamp > c.revealEnd) revert ArbitrationPanel_WrongPhase();
        bytes32 expected = commitmentOf(escrow, disputeId, msg.sender, ruling, salt);
        if (_commitments[escrow][disputeId][msg.sender] != expected) {
            revert ArbitrationPanel_CommitmentMismatch(msg.sender);
        }
        // Effect
        // A revealed vote leaves a mark that nothing hashes to, so that it counts once.
        _commitments[escrow][disputeId][msg.sender] = bytes32(uint256(1));
        c.reveals += 1;
        _rulings[escrow][disputeId].push(ruling);
        _voters[escrow][disputeId].push(msg.sender);
        emit VoteRevealed(address(escrow), disputeId, msg.sender, ruling);
        // Interaction
        if (c.reveals == c.commits && c.reveals >= threshold) _conclude(escrow, disputeId, c);
    }

    /// @inheritdoc IArbitrationPanel
    function conclude(ITaskEscrow escrow, uint256 disputeId) external {
        Case storage c = _cases[escrow][disputeId];
        if (c.concluded || c.commitEnd == 0 || block.timestamp <= c.revealEnd) revert ArbitrationPanel_WrongPhase();
        if (c.reveals < threshold) revert ArbitrationPanel_NoQuorum(c.reveals, threshold);
        _conclude(escrow, disputeId, c);
    }

    function _conclude(ITaskEscrow escrow, uint256 disputeId, Case storage c) private {
        // Effect
        c.concluded = true;
        uint256 ruling = _median(_rulings[escrow][disputeId]);
        // Interaction; nothing of this panel can be re-entered to its harm: the case is concluded, and what is credited below
        // is read from the same escrow that pays it.
        uint256 before = escrow.owed(address(this));
        escrow.rule(disputeId, ruling);
        uint256 fee = escrow.owed(address(this)) - before;
        // Effect
        address[] storage voters = _voters[escrow][disputeId];
        uint256 share = fee / voters.length;
        for (uint256 i = 0; i < voters.length; ++i) {
            _earned[escrow][voters[i]] += i == 0 ? fee - share * (voters.length - 1) : share;
        }
        emit CaseConcluded(address(escrow), disputeId, ruling, fee);
    }

    /// @dev The lower median of the votes that rule; 0 if fewer than a quorum rule, so that beside jurors who refuse no minority
    /// decides alone.
    function _median(uint256[] memory votes) private view returns (uint256) {
        uint256 refusals = 0;
        for (uint256 i = 0; i < votes.length; ++i) {
            if (votes[i] == 0) refusals += 1;
            for (uint256 j = i; j > 0 && votes[j] < votes[j - 1]; --j) {
                (votes[j], votes[j - 1]) = (votes[j - 1], votes[j]);
            }
        }
        if (votes.length - refusals < threshold) return 0;
        return votes[refusals + (votes.length - refusals - 1) / 2];
    }

    // ----------------------------------------------------------------- fees

    /// @inheritdoc IArbitrationPanel
    function withdraw(ITaskEscrow escrow, address to) external {
        // Check
        uint256 amount = _earned[escrow][msg.sender];
        if (amount == 0) revert ArbitrationPanel_NothingEarned(msg.sender);
        // Effect
        _earned[escrow][msg.sender] = 0;
        emit FeesWithdrawn(address(escrow), msg.sender, to, amount);
        // Interaction
        escrow.withdraw(amount, to);
    }

    // -------------------------------------------------------------- members

    /// @inheritdoc IArbitrationPanel
    function approveChange(address subject, bool add) external {
        // Check
        if (jurorSince[msg.sender] == 0) revert ArbitrationPanel_NotJuror(msg.sender);
        uint256 count = add ? _jurors.length + 1 : _jurors.length - 1;
        if (subject == address(0) || add == (jurorSince[subject] != 0) || !_isSound(count, threshold)) {
            revert ArbitrationPanel_BadChange(subject);
        }
        bytes32 change = keccak256(abi.encode(_epoch, subject, add));
        if (_approved[change][msg.sender]) revert ArbitrationPanel_AlreadyApproved(msg.sender);
        // Effect
        _approved[change][msg.sender] = true;
        _approvals[change] += 1;
        emit ChangeApproved(msg.sender, subject, add, _epoch);
        if (_approvals[change] < threshold) return;
        _epoch += 1;
        if (add) _add(subject);
        else _remove(subject);
    }

    function _add(address juror) private {
        _jurors.push(juror);
        jurorSince[juror] = block.timestamp;
        emit JurorChanged(juror, true);
    }

    function _remove(address juror) private {
        for (uint256 i = 0; i < _jurors.length; ++i) {
            if (_jurors[i] != juror) continue;
            _jurors[i] = _jurors[_jurors.length - 1];
            _jurors.pop();
            break;
        }
        jurorSince[juror] = 0;
        emit JurorChanged(juror, false);
    }

    function _isSound(uint256 count, uint256 threshold_) private pure returns (bool) {
        return threshold_ > 0 && threshold_ <= count && count < 2 * threshold_ && count <= MAX_JURORS;
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IArbitrationPanel
    function commitmentOf(ITaskEscrow escrow, uint256 disputeId, address juror, uint256 ruling, bytes32 salt)
        public
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(block.chainid, address(this), escrow, disputeId, juror, ruling, salt));
    }

    /// @inheritdoc IArbitrationPanel
    function caseOf(ITaskEscrow escrow, uint256 disputeId) external view returns (Case memory) {
        return _cases[escrow][disputeId];
    }

    /// @inheritdoc IArbitrationPanel
    function earnedOf(ITaskEscrow escrow, address juror) external view returns (uint256) {
        return _earned[escrow][juror];
    }

    /// @inheritdoc IArbitrationPanel
    function arbitrationCost(bytes calldata) external view returns (uint256) {
        return FEE;
    }

    /// @inheritdoc IArbitrationPanel
    function jurors() external view returns (address[] memory) {
        return _jurors;
    }

    /// @dev Asks each juror who sits: votes of those who left must not end the time of those who still may commit.
    function _allCommitted(ITaskEscrow escrow, uint256 disputeId) private view returns (bool) {
        for (uint256 i = 0; i < _jurors.length; ++i) {
            if (_commitments[escrow][disputeId][_jurors[i]] == 0) return false;
        }
        return true;
    }

    function _openDispute(ITaskEscrow escrow, uint256 disputeId) private view returns (Dispute memory d) {
        d = escrow.disputeOf(disputeId);
        if (d.arbitrator != address(this)) revert ArbitrationPanel_NoSuchCase(address(escrow), disputeId);
    }
}
