// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IReviewPanel} from "./interfaces/IReviewPanel.sol";

/// @title M of N reviewers as one signer
contract ReviewPanel is IReviewPanel {
    uint256 private constant MAX_MEMBERS = 32;
    uint256 private constant SIGNATURE_LENGTH = 65;

    /// @inheritdoc IReviewPanel
    uint256 public immutable threshold;
    address[] private _members;
    mapping(address => bool) private _isMember;

    /// @param members_ The reviewers' addresses; plain keys, not contracts.
    /// @param threshold_ How many of them must sign.
    constructor(address[] memory members_, uint256 threshold_) {
        if (threshold_ == 0 || threshold_ > members_.length || members_.length > MAX_MEMBERS) {
            revert ReviewPanel_BadSetup();
        }
        for (uint256 i = 0; i < members_.length; ++i) {
            if (members_[i] == address(0) || _isMember[members_[i]]) revert ReviewPanel_BadSetup();
            _isMember[members_[i]] = true;
        }
        _members = members_;
        threshold = threshold_;
    }

    /// @inheritdoc IERC1271
    /// @dev `signatures` are 65-byte ECDSA signatures of `hash`, end to end, by at least `threshold` members, sorted by
    /// ascending member address; one by anybody else makes the whole invalid.
    function isValidSignature(bytes32 hash, bytes calldata signatures) external view returns (bytes4) {
        uint256 count = signatures.length / SIGNATURE_LENGTH;
        if (count < threshold || count > MAX_MEMBERS || signatures.length % SIGNATURE_LENGTH != 0) return 0xffffffff;
        address last = address(0);
        for (uint256 i = 0; i < count; ++i) {
            uint256 start = i * SIGNATURE_LENGTH;
            (address signer,,) = ECDSA.tryRecoverCalldata(hash, signatures[start:start + SIGNATURE_LENGTH]);
            // Strictly ascending: nobody counts twice, and zero (a bad signature) never counts.
            if (signer <= last || !_isMember[signer]) return 0xffffffff;
            last = signer;
        }
        return IERC1271.isValidSignature.selector;
    }

    /// @inheritdoc IReviewPanel
    function members() external view returns (address[] memory) {
        return _members;
    }

    /// @inheritdoc IReviewPanel
    function isMember(address account) external view returns (bool) {
        return _isMember[account];
    }
}
