// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITaskEscrow} from "../../../contracts/interfaces/ITaskEscrow.sol";
import {Permit} from "../../../contracts/libraries/EscrowTypes.sol";
import {OddToken} from "./OddToken.sol";

// Tokens that refuse, call back, change their mind, or waste what they are given.

/// @notice Refuses one receiver once it turned.
contract Blocklist is OddToken {
    address public blocked;

    function blockReceiver(address who) external override {
        blocked = who;
    }

    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        require(!turned || to != blocked, "blocked");
        return super._move(from, to, amount);
    }
}

/// @notice Freezes the escrow itself once it turned.
contract FreezesEscrow is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        require(!turned || from != escrow, "frozen");
        return super._move(from, to, amount);
    }
}

/// @notice Moves nothing for anybody once it turned.
contract Pausable is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        require(!turned, "paused");
        return super._move(from, to, amount);
    }
}

/// @notice Becomes another contract once it turned: says yes and moves nothing.
contract Upgradable is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        return turned || super._move(from, to, amount);
    }
}

/// @notice Refuses to move nothing.
contract RevertsOnZero is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        require(amount > 0, "zero");
        return super._move(from, to, amount);
    }
}

/// @notice Refuses to change an allowance that is not zero.
contract ApprovalRace is OddToken {
    function approve(address spender, uint256 amount) external override returns (bool) {
        require(amount == 0 || allowance[msg.sender][spender] == 0, "set to zero first");
        allowance[msg.sender][spender] = amount;
        return true;
    }
}

interface IReceiver {
    function tokensReceived(address from, uint256 amount) external;
}

/// @notice Tells whoever receives, as ERC-777 does.
contract Hooks is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        super._move(from, to, amount);
        if (to.code.length > 0 && to != escrow) IReceiver(to).tokensReceived(from, amount);
        return true;
    }
}

/// @notice Holds money in the escrow itself, and while it moves anything asks the escrow for it, and for more.
abstract contract CallsBack is OddToken {
    uint256 public succeeded;

    function _callBack() internal {
        ITaskEscrow e = ITaskEscrow(escrow);
        Permit memory p = Permit(1, type(uint256).max, 27, 0, 0);
        address[] memory list = new address[](1);
        list[0] = address(this);
        _balances[address(this)] += 2;
        allowance[address(this)][escrow] = 2;
        _try(abi.encodeCall(e.deposit, (1)));
        _try(abi.encodeCall(e.depositWithPermit, (p)));
        _try(abi.encodeCall(e.withdraw, (1, address(1))));
        _try(abi.encodeCall(e.sweep, (list)));
    }

    function _try(bytes memory call) private {
        (bool ok,) = escrow.call(call);
        if (ok) succeeded += 1;
    }
}

/// @notice Calls back while the escrow pays out.
contract ReentersOnTransfer is CallsBack {
    function transfer(address to, uint256 amount) external override returns (bool) {
        _callBack();
        return _move(msg.sender, to, amount);
    }
}

/// @notice Calls back while the escrow takes in.
contract ReentersOnTransferFrom is CallsBack {
    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        _callBack();
        _spend(from, amount);
        return _move(from, to, amount);
    }
}

/// @notice Calls back while the escrow looks at its balance, as far as a static call lets it.
contract ReentersOnBalance is OddToken {
    function balanceOf(address account) public view override returns (uint256) {
        if (account == escrow && escrow.code.length > 0) ITaskEscrow(escrow).owed(address(this));
        return _balances[account];
    }
}

/// @notice Takes a permit and gives no allowance.
contract PermitLies is OddToken {
    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external override {}
}

/// @notice Its permit was used by somebody else first: it reverts, and the allowance is there.
contract PermitFrontRun is OddToken {
    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external pure override {
        revert("used");
    }
}

/// @notice Answers with a hundred kilobytes that begin with yes.
contract ReturnsBomb is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        super._move(from, to, amount);
        _answer(1, 100_000);
    }
}

/// @notice Reverts with a hundred kilobytes when the escrow pays out.
contract RevertsWithBomb is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        if (turned && from == escrow) {
            assembly {
                revert(0, 100000)
            }
        }
        return super._move(from, to, amount);
    }
}

/// @notice Uses up all the gas it is given when the escrow pays out.
contract BurnsGas is OddToken {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        if (turned && from == escrow) while (true) {}
        return super._move(from, to, amount);
    }
}
