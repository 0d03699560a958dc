// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Soulbound qualifications
/// @notice An issuer says that a holder has a skill at a level. Nobody can move a credential; the issuer can revoke it, the
/// holder can refuse it. Whether an issuer is worth anything is for whoever asks to know.
interface ICredentials {
    /// @notice One qualification of one holder by one issuer.
    struct Credential {
        /// 0 to 100.
        uint8 level;
        /// Unix seconds until which it counts; zero for ever.
        uint40 expiry;
        /// Unix seconds of the grant; zero if there is none.
        uint40 grantedAt;
        /// Raised by one with every event, so a refusal that drops a credential raises it by two. A signature names it, so it
        /// works once and never after a revocation.
        uint40 version;
        /// The holder wants none of this issuer and skill.
        bool refused;
    }

    /// @notice The issuer granted it, or changed its level or expiry.
    event CredentialGranted(
        address indexed issuer, address indexed holder, bytes32 indexed skill, uint8 level, uint40 expiry
    );
    /// @notice It counts no more: `by` is the issuer (revoked) or the holder (refused).
    event CredentialRevoked(address indexed issuer, address indexed holder, bytes32 indexed skill, address by);
    /// @notice The holder refuses credentials of this issuer and skill, or takes them again.
    event RefusalSet(address indexed issuer, address indexed holder, bytes32 indexed skill, bool refused);

    /// @notice The level is above 100.
    error Credentials_LevelTooHigh(uint256 level);
    /// @notice The expiry is in the past.
    error Credentials_AlreadyExpired(uint256 expiry);
    /// @notice The holder refuses it.
    error Credentials_Refused(address holder);
    /// @notice There is nothing to revoke.
    error Credentials_NotHeld(address holder);
    /// @notice The signature's deadline is over.
    error Credentials_SignatureExpired(uint256 deadline);
    /// @notice The signature is not by `signer`, or names another version.
    error Credentials_SignatureInvalid(address signer);
    /// @notice The holder is the zero address.
    error Credentials_ZeroAddress();

    /// @notice Grants the caller's credential to `holder`, or replaces it.
    function grant(address holder, bytes32 skill, uint8 level, uint40 expiry) external;

    /// @notice `grant` with the issuer's signature of `Grant`; anyone may bring it.
    function grantBySig(
        address issuer,
        address holder,
        bytes32 skill,
        uint8 level,
        uint40 expiry,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Takes the caller's credential from `holder`. Signatures given out before become void.
    function revoke(address holder, bytes32 skill) external;

    /// @notice Refuses credentials of `issuer` and `skill`, dropping one that is held; or takes them again.
    function setRefusal(address issuer, bytes32 skill, bool refused) external;

    /// @notice `setRefusal` with the holder's signature of `Refusal`; anyone may bring it.
    function setRefusalBySig(
        address holder,
        address issuer,
        bytes32 skill,
        bool refused,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice The credential as stored, expired or not.
    function credentialOf(address holder, address issuer, bytes32 skill) external view returns (Credential memory);

    /// @notice Whether `holder` has a credential of at least `level` that counts now.
    function isHeld(address holder, address issuer, bytes32 skill, uint256 level) external view returns (bool);

    /// @notice The EIP-712 domain separator of both messages.
    function domainSeparator() external view returns (bytes32);
}
