// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title A worthless stablecoin for development chains
/// @notice Six decimals, ERC-2612 permits, and anyone may mint: never use it where money is real.
contract TestToken is ERC20, ERC20Permit {
    constructor() ERC20("Piecework Test Dollar", "pwUSD") ERC20Permit("Piecework Test Dollar") {}

    /// @notice Makes `amount` units for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
