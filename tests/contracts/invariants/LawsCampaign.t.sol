// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Campaign} from "./Campaign.sol";

/// Requesters with little money and small batches: fees that cannot be locked, locks that cannot be filled up, batches run dry.
contract TightLawsTest is Campaign {
    function setUp() public {
        _raise("tight", 2_000_000, 5);
    }
}

/// Requesters with much money and room in every batch: long histories of many lots, rejections and disputes.
contract AmpleLawsTest is Campaign {
    function setUp() public {
        _raise("ample", 50_000_000, 60);
    }
}
