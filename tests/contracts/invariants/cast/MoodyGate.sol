// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../../contracts/interfaces/ITaskEscrow.sol";

/// @notice A gate in the hands of an enemy of its batch.
contract MoodyGate {
    enum Mood {
        Yes,
        No,
        Reverts,
        BurnsGas,
        /// Returns a megabyte whose first word is one.
        Bomb,
        /// Answers with less than a word.
        Short,
        /// Tries to change the escrow's state before it says yes.
        Writes
    }

    Mood public mood;
    address public escrow;

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function setEscrow(address escrow_) external {
        escrow = escrow_;
    }

    function mayClaim(bytes32, address, uint256) external returns (bool) {
        if (mood == Mood.No) return false;
        if (mood == Mood.Reverts) revert("no");
        if (mood == Mood.BurnsGas) {
            while (true) {}
        }
        if (mood == Mood.Bomb) {
            assembly {
                mstore(0, 1)
                return(0, 1048576)
            }
        }
        if (mood == Mood.Short) {
            assembly {
                mstore(0, not(0))
                return(0, 31)
            }
        }
        if (mood == Mood.Writes) ITaskEscrow(escrow).setSweep(true);
        return true;
    }
}
