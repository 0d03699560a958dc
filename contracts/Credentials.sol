// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ICredentials} from "./interfaces/ICredentials.sol";
import {BoundedCalls} from "./libraries/BoundedCalls.sol";

/// @title Soulbound qualifications
contract Credentials is ICredentials, EIP712 {
    uint256 private constant MAX_LEVEL = 100;
    bytes32 private constant GRANT = keccak256(
        "Grant(address issuer,address holder,bytes32 skill,uint8 level,uint40 expiry,uint40 version,uint256 deadline)"
    );
    bytes32 private constant REFUSAL =
        keccak256("Refusal(address holder,address issuer,bytes32 skill,bool refused,uint40 version,uint256 deadline)");

    mapping(address holder => mapping(address issuer => mapping(bytes32 skill => Credential))) private _credentials;

    constructor() EIP712("Piecework Credentials", "1") {}

    // ---------------------------------------------------------------- grant

    /// @inheritdoc ICredentials
    function grant(address holder, bytes32 skill, uint8 level, uint40 expiry) external {
        _grant(msg.sender, holder, skill, level, expiry);
    }

    /// @inheritdoc ICredentials
    function grantBySig(
        address issuer,
        address holder,
        bytes32 skill,
        uint8 level,
        uint40 expiry,
        uint256 deadline,
        bytes calldata signature
    ) external {
        uint40 version = _credentials[holder][issuer][skill].version;
        bytes32 message = keccak256(abi.encode(GRANT, issuer, holder, skill, level, expiry, version, deadline));
        _checkSignature(issuer, message, deadline, signature);
        _grant(issuer, holder, skill, level, expiry);
    }

    function _grant(address issuer, address holder, bytes32 skill, uint8 level, uint40 expiry) private {
        // Check
        if (holder == address(0)) revert Credentials_ZeroAddress();
        if (level > MAX_LEVEL) revert Credentials_LevelTooHigh(level);
        if (expiry != 0 && expiry < block.timestamp) revert Credentials_AlreadyExpired(expiry);
        Credential storage c = _credentials[holder][issuer][skill];
        if (c.refused) revert Credentials_Refused(holder);
        // Effect
        c.level = level;
        c.expiry = expiry;
        // forge-lint: disable-next-line(unsafe-typecast) seconds fit 40 bits for 34,000 years
        c.grantedAt = uint40(block.timestamp);
        c.version += 1;
        emit CredentialGranted(issuer, holder, skill, level, expiry);
    }

    // --------------------------------------------------------------- revoke

    /// @inheritdoc ICredentials
    function revoke(address holder, bytes32 skill) external {
        Credential storage c = _credentials[holder][msg.sender][skill];
        if (c.grantedAt == 0) revert Credentials_NotHeld(holder);
        _drop(c, msg.sender, holder, skill, msg.sender);
    }

    /// @inheritdoc ICredentials
    function setRefusal(address issuer, bytes32 skill, bool refused) external {
        _setRefusal(msg.sender, issuer, skill, refused);
    }

    /// @inheritdoc ICredentials
    function setRefusalBySig(
        address holder,
        address issuer,
        bytes32 skill,
        bool refused,
        uint256 deadline,
        bytes calldata signature
    ) external {
        uint40 version = _credentials[holder][issuer][skill].version;
        bytes32 message = keccak256(abi.encode(REFUSAL, holder, issuer, skill, refused, version, deadline));
        _checkSignature(holder, message, deadline, signature);
        _setRefusal(holder, issuer, skill, refused);
    }

    function _setRefusal(address holder, address issuer, bytes32 skill, bool refused) private {
        Credential storage c = _credentials[holder][issuer][skill];
        if (refused && c.grantedAt != 0) _drop(c, issuer, holder, skill, holder);
        c.refused = refused;
        c.version += 1;
        emit RefusalSet(issuer, holder, skill, refused);
    }

    /// @dev Every event raises the version by one, so that logs alone give it, whoever is issuer and holder at once.
    function _drop(Credential storage c, address issuer, address holder, bytes32 skill, address by) private {
        c.level = 0;
        c.expiry = 0;
        c.grantedAt = 0;
        c.version += 1;
        emit CredentialRevoked(issuer, holder, skill, by);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc ICredentials
    function credentialOf(address holder, address issuer, bytes32 skill) external view returns (Credential memory) {
        return _credentials[holder][issuer][skill];
    }

    /// @inheritdoc ICredentials
    function isHeld(address holder, address issuer, bytes32 skill, uint256 level) external view returns (bool) {
        Credential storage c = _credentials[holder][issuer][skill];
        return c.grantedAt != 0 && c.level >= level && (c.expiry == 0 || block.timestamp <= c.expiry);
    }

    /// @inheritdoc ICredentials
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _checkSignature(address signer, bytes32 message, uint256 deadline, bytes calldata signature) private view {
        if (block.timestamp > deadline) revert Credentials_SignatureExpired(deadline);
        if (!BoundedCalls.isSignedBy(signer, _hashTypedDataV4(message), signature)) {
            revert Credentials_SignatureInvalid(signer);
        }
    }
}
