// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrowErrors} from "../interfaces/ITaskEscrowErrors.sol";
import {BatchKey, Terms} from "./EscrowTypes.sol";
import {Ledger} from "./Ledger.sol";
import {BatchSlot} from "./Slots.sol";
import {TermsRules} from "./TermsRules.sol";

/// @title From a batch's key to its id and counts
library Keys {
    /// @return The id that binds chain, escrow, requester, salt and every term.
    function id(address requester, bytes32 salt, Terms memory terms) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), requester, salt, TermsRules.hash(terms)));
    }

    function id(BatchKey calldata key) internal view returns (bytes32) {
        Terms memory terms = key.terms;
        return id(key.requester, key.salt, terms);
    }

    /// @dev The id is a hash of the key, so a stored batch of that id proves every field of it.
    function load(Ledger storage ledger, BatchKey calldata key) internal view returns (bytes32 batchId, BatchSlot b) {
        batchId = id(key);
        b = ledger.batches[batchId];
        if (!b.exists()) revert ITaskEscrowErrors.TaskEscrow_BatchUnknown(batchId);
    }
}
