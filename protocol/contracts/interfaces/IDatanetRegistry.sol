// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

/// @title Which revisions of a Datanet its curators stand by, in which order.
/// @notice No owner and no fee. A Datanet's key binds its founding manifest, its curators and their
/// threshold, so nobody can found it with other curators.
interface IDatanetRegistry {
    /// @notice A compact signature (EIP-2098): `vs` is s with the parity of y in its top bit.
    struct Signature {
        bytes32 r;
        bytes32 vs;
    }

    /// @notice `datanet` now exists with these curators, `threshold` of whom must approve a revision.
    event DatanetFounded(bytes32 indexed datanet, bytes32 indexed manifest, address[] curators, uint8 threshold);

    /// @notice `revision` became the head of `datanet` at `ordinal`, on top of `parent`.
    /// @dev `contributionsRoot` is as submitted. A reader holding the revision compares it.
    event RevisionAnchored(
        bytes32 indexed datanet,
        uint64 indexed ordinal,
        bytes32 indexed revision,
        bytes32 parent,
        bytes32 contributionsRoot
    );

    /// @notice This manifest was founded before with these curators and this threshold.
    error RegistryAlreadyFounded(bytes32 datanet);
    /// @notice The manifest digest is zero.
    error RegistryManifestMissing();
    /// @notice There are no curators or more than 32, or they are not ascending and distinct.
    error RegistryCuratorsInvalid();
    /// @notice The threshold is zero or above the number of curators.
    error RegistryThresholdInvalid(uint8 threshold, uint256 curators);
    /// @notice Nobody founded this Datanet.
    error RegistryDatanetUnknown(bytes32 datanet);
    /// @notice The next ordinal of this Datanet is `expected`.
    error RegistryOrdinalUnexpected(uint64 ordinal, uint64 expected);
    /// @notice The head of this Datanet is `expected`.
    error RegistryParentUnexpected(bytes32 parent, bytes32 expected);
    /// @notice The revision digest is zero or was anchored before.
    error RegistryRevisionInvalid(bytes32 revision);
    /// @notice Only `approvals` distinct curators signed; `threshold` are needed.
    error RegistryApprovalsMissing(uint256 approvals, uint8 threshold);

    /// @notice Founds a Datanet.
    /// @param manifest sha2-256 digest of the founding manifest
    /// @param curators ascending, distinct, 1 to 32
    /// @param threshold how many of them must approve, 1 to their number
    /// @return datanet keccak256(abi.encode(manifest, curators, threshold))
    function found(bytes32 manifest, address[] calldata curators, uint8 threshold) external returns (bytes32 datanet);

    /// @notice Makes `revision` the head. Anyone may submit; the curators' approvals decide.
    /// @param ordinal the head's ordinal + 1
    /// @param parent the head's digest, zero for ordinal 1
    /// @param revision sha2-256 digest of the revision record
    /// @param contributionsRoot root of the revision's contribution tree, for `verifyContribution`
    /// @param approvals RevisionApproval signatures; those of strangers and repeated ones do not count
    function anchor(
        bytes32 datanet,
        uint64 ordinal,
        bytes32 parent,
        bytes32 revision,
        bytes32 contributionsRoot,
        Signature[] calldata approvals
    ) external;

    /// @notice The newest revision; zeros before the first.
    function head(bytes32 datanet) external view returns (uint64 ordinal, bytes32 revision);

    /// @notice The revision at `ordinal`; zero when there is none.
    function anchorOf(bytes32 datanet, uint64 ordinal) external view returns (bytes32 revision);

    /// @notice The ordinal of an anchored revision; zero when it is not anchored.
    function ordinalOf(bytes32 datanet, bytes32 revision) external view returns (uint64 ordinal);

    /// @notice The contributions root recorded with a revision; zero when it is not anchored.
    function contributionsRootOf(bytes32 datanet, bytes32 revision) external view returns (bytes32 root);

    /// @notice Who decides about `datanet`; empty when nobody founded it.
    function curatorsOf(bytes32 datanet) external view returns (address[] memory curators, uint8 threshold);

    /// @notice How many distinct curators of `datanet` signed `digest`, and how many must.
    /// @dev For contracts that give a Datanet's curators a say, such as a pool's veto. Malformed
    /// signatures, strangers and repetitions count nothing. Reverts for an unknown Datanet.
    function countApprovals(bytes32 datanet, bytes32 digest, Signature[] calldata approvals)
        external
        view
        returns (uint256 count, uint8 threshold);

    /// @notice Whether `leaf` (hashed) is in the contribution tree of an anchored revision.
    function verifyContribution(bytes32 datanet, bytes32 revision, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (bool);
}
