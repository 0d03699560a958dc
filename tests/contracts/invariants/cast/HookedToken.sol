// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

interface ITokenReceiver {
    function tokensReceived() external;
}

/// @notice A token that tells its recipients, and that turns hostile on demand.
contract HookedToken is ERC20 {
    enum Mood {
        Honest,
        /// Every transfer reverts.
        Frozen,
        /// The recipient gets one unit less.
        SkimsRecipient,
        /// The sender loses one unit more.
        SkimsSender,
        /// Says yes and moves nothing.
        Lies,
        /// Says no and moves nothing.
        Refuses
    }

    Mood public mood;
    mapping(address => bool) public isBlocked;
    mapping(address => bool) public wantsHook;
    /// Calls of transfer and transferFrom, whatever came of them.
    uint256 public touches;

    constructor() ERC20("Hooked", "HKD") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function setBlocked(address account, bool blocked) external {
        isBlocked[account] = blocked;
    }

    function setHook(address account, bool wants) external {
        wantsHook[account] = wants;
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return _moody(msg.sender, to, amount, false);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return _moody(from, to, amount, true);
    }

    function _moody(address from, address to, uint256 amount, bool spend) private returns (bool) {
        touches += 1;
        if (mood == Mood.Refuses) return false;
        if (mood == Mood.Lies) return true;
        require(mood != Mood.Frozen, "frozen");
        require(!isBlocked[to] && !isBlocked[from], "blocked");
        if (spend) _spendAllowance(from, msg.sender, amount);
        _transfer(from, to, amount);
        if (mood == Mood.SkimsRecipient) _burn(to, 1);
        if (mood == Mood.SkimsSender) _burn(from, 1);
        if (wantsHook[to]) ITokenReceiver(to).tokensReceived();
        return true;
    }
}
