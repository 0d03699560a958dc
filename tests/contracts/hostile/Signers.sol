// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Says yes to one digest only.
contract GoodSigner {
    bytes32 public approved;

    function approve(bytes32 digest) external {
        approved = digest;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return digest == approved ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}

/// @notice Answers with whatever words it was given, or with gas burnt, a revert or a bomb.
contract OddSigner {
    enum Way {
        Selector,
        WrongSelector,
        DirtySelector,
        One,
        ShortAnswer,
        NoAnswer,
        Revert,
        RevertWithSelector,
        Bomb,
        RevertBomb,
        BurnGas,
        Invalid,
        Write
    }

    Way public way;
    uint256 public written;

    constructor(Way way_) {
        way = way_;
    }

    fallback() external {
        Way w = way;
        bytes32 selector = bytes32(bytes4(0x1626ba7e));
        if (w == Way.Selector) reply(selector, 32);
        if (w == Way.WrongSelector) reply(bytes32(bytes4(0xffffffff)), 32);
        if (w == Way.DirtySelector) reply(selector | bytes32(uint256(1)), 32);
        if (w == Way.One) reply(bytes32(uint256(1)), 32);
        if (w == Way.ShortAnswer) reply(selector, 31);
        if (w == Way.NoAnswer) reply(selector, 0);
        if (w == Way.Revert) revert("no");
        if (w == Way.RevertWithSelector) fail(selector, 32);
        if (w == Way.Bomb) reply(selector, 200_000);
        if (w == Way.RevertBomb) fail(selector, 200_000);
        if (w == Way.BurnGas) while (true) {}
        if (w == Way.Invalid) {
            assembly {
                invalid()
            }
        }
        written = 1;
        reply(selector, 32);
    }

    function reply(bytes32 word, uint256 size) private pure {
        assembly {
            mstore(0, word)
            return(0, size)
        }
    }

    function fail(bytes32 word, uint256 size) private pure {
        assembly {
            mstore(0, word)
            revert(0, size)
        }
    }
}
