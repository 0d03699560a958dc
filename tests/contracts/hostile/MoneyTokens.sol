// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {OddToken} from "./OddToken.sol";

// Tokens that move something else than they are asked to, or say so.

/// @notice Keeps a hundredth of every transfer.
contract FeeOnTransfer is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        _balances[from] -= amount;
        _balances[to] += amount - amount / 100;
        return true;
    }
}

/// @notice Takes a hundredth more from whoever sends.
contract FeeFromSender is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        _balances[from] -= from == escrow ? amount + amount / 100 : amount;
        _balances[to] += amount;
        return true;
    }
}

/// @notice Says no and moves nothing.
contract ReturnsFalse is OddToken {
    function _move(address, address, uint256) internal pure override returns (bool) {
        return false;
    }
}

/// @notice Moves and says no.
contract MovesButReturnsFalse is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        super._move(from, to, amount);
        return false;
    }
}

/// @notice Moves and says nothing, as some old stablecoins do.
contract ReturnsNothing is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        super._move(from, to, amount);
        _answer(0, 0);
    }
}

/// @notice Moves and answers with a number that is no truth value.
contract ReturnsTwo is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        super._move(from, to, amount);
        _answer(2, 32);
    }
}

/// @notice Says yes and moves nothing.
contract MovesNothing is OddToken {
    function _move(address, address, uint256) internal pure override returns (bool) {
        return true;
    }
}

/// @notice Moves twice what it is asked to.
contract MovesTwice is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        super._move(from, to, amount);
        if (to == escrow) _balances[to] += amount;
        return true;
    }
}

/// @notice Says that everyone holds everything.
contract BalanceIsAlwaysMax is OddToken {
    function balanceOf(address) public pure override returns (uint256) {
        return type(uint256).max;
    }
}

/// @notice Says that nobody ever holds anything.
contract BalanceIsAlwaysZero is OddToken {
    function balanceOf(address) public pure override returns (uint256) {
        return 0;
    }
}

/// @notice Says twice what is held.
contract BalanceIsDoubled is OddToken {
    function balanceOf(address account) public view override returns (uint256) {
        return 2 * _balances[account];
    }
}

/// @notice Gives everyone double overnight.
contract RebasesUp is OddToken {
    function turn() public override {
        _balances[escrow] *= 2;
    }
}

/// @notice Takes half of what everyone holds overnight.
contract RebasesDown is OddToken {
    function turn() public override {
        _balances[escrow] /= 2;
    }
}

/// @notice Takes the escrow's whole balance.
contract Seizes is OddToken {
    function turn() public override {
        _balances[address(this)] += _balances[escrow];
        _balances[escrow] = 0;
    }
}

/// @notice Lends itself to the receiver while a transfer lasts, and asks it back later.
contract FlashMints is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        super._move(from, to, amount);
        if (to == escrow) _balances[to] += 1_000_000;
        return true;
    }
}

/// @notice 255 decimals: one token is more than any word holds, so amounts are huge.
contract HugeDecimals is OddToken {
    function decimals() external pure override returns (uint8) {
        return 255;
    }
}

/// @notice No decimals: one unit is one token.
contract ZeroDecimals is OddToken {
    function decimals() external pure override returns (uint8) {
        return 0;
    }
}

/// @notice Lets whoever asks take from anybody.
contract IgnoresAllowances is OddToken {
    function _spend(address, uint256) internal pure override {}
}
