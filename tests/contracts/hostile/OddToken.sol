// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice A token that behaves, for the odd ones to change: each overrides what it is odd in.
/// @dev `turn` is the moment at which those that begin well go bad.
contract OddToken {
    mapping(address => uint256) internal _balances;
    mapping(address => mapping(address => uint256)) public allowance;
    address internal escrow;
    bool public turned;

    /// @notice What an address really holds, whatever `balanceOf` says.
    function real(address account) public view returns (uint256) {
        return _balances[account];
    }

    function aim(address escrow_) external {
        escrow = escrow_;
    }

    function turn() public virtual {
        turned = true;
    }

    /// @dev For the one that keeps a list; the others do not care.
    function blockReceiver(address who) external virtual {}

    function mint(address to, uint256 amount) external {
        _balances[to] += amount;
    }

    function decimals() external pure virtual returns (uint8) {
        return 6;
    }

    function balanceOf(address account) public view virtual returns (uint256) {
        return _balances[account];
    }

    function approve(address spender, uint256 amount) external virtual returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external virtual returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external virtual returns (bool) {
        _spend(from, amount);
        return _move(from, to, amount);
    }

    function permit(address from, address spender, uint256 amount, uint256, uint8, bytes32, bytes32) external virtual {
        allowance[from][spender] = amount;
    }

    function _spend(address from, uint256 amount) internal virtual {
        allowance[from][msg.sender] -= amount;
    }

    function _move(address from, address to, uint256 amount) internal virtual returns (bool) {
        _balances[from] -= amount;
        _balances[to] += amount;
        return true;
    }

    function _answer(uint256 word, uint256 size) internal pure {
        assembly {
            mstore(0, word)
            return(0, size)
        }
    }
}
