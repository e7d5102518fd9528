// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

/// @title Which revisions of a Datanet its curators stand by, in which order.
/// @notice No owner and no fee. A Datanet's key binds its founding manifest, its curators and their
/// threshold, so nobody can found it with other curators; who decides later, they decide. Anchored
/// revisions lie in events. One stored word, the head, commits to all of them in their order: head_n is
/// the first 24 bytes of keccak256(abi.encode(head_n-1, revision_n, contributionsRoot_n)), head_0 zero.
interface IDatanetRegistry {
    /// @notice A compact signature (EIP-2098): `vs` is s with the parity of y in its top bit.
    struct Signature {
        bytes32 r;
        bytes32 vs;
    }

    /// @notice A revision with what its head is made of; zeros stand for the nothing before the first.
    /// @param before the head before it
    /// @param revision sha2-256 digest of the revision record
    /// @param contributionsRoot root of its contribution tree
    struct Anchored {
        bytes24 before;
        bytes32 revision;
        bytes32 contributionsRoot;
    }

    /// @notice A revision that came later.
    struct Link {
        bytes32 revision;
        bytes32 contributionsRoot;
    }

    /// @notice `datanet` now exists with these curators, `threshold` of whom must approve a revision.
    event DatanetFounded(bytes32 indexed datanet, bytes32 indexed manifest, address[] curators, uint8 threshold);

    /// @notice `manifest`, number `seq`, is in force instead of `prev`, with these curators and threshold.
    event CuratorsRotated(
        bytes32 indexed datanet,
        uint64 indexed seq,
        bytes32 indexed manifest,
        bytes32 prev,
        address[] curators,
        uint8 threshold
    );

    /// @notice `revision` became the head of `datanet` at `ordinal`, on top of `parent`.
    /// @dev `before` is the head before it: with revision and root it is what the next anchor shows.
    event RevisionAnchored(
        bytes32 indexed datanet,
        uint64 indexed ordinal,
        bytes32 indexed revision,
        bytes32 parent,
        bytes32 contributionsRoot,
        bytes24 before
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
    /// @notice `parent` is not the revision that made this head.
    error RegistryParentUnexpected(bytes32 parent, bytes24 head);
    /// @notice The revision digest is zero.
    error RegistryRevisionInvalid(bytes32 revision);
    /// @notice The next manifest of this Datanet has number `expected`.
    error RegistrySeqUnexpected(uint64 seq, uint64 expected);
    /// @notice The manifest in force is `expected`.
    error RegistryManifestUnexpected(bytes32 prev, bytes32 expected);
    /// @notice Only `approvals` distinct curators signed; `threshold` are needed.
    error RegistryApprovalsMissing(uint256 approvals, uint8 threshold);

    /// @notice Founds a Datanet.
    /// @param manifest sha2-256 digest of the founding manifest
    /// @param curators ascending, distinct, 1 to 32
    /// @param threshold how many of them must approve, 1 to their number
    /// @return datanet keccak256(abi.encode(manifest, curators, threshold))
    function found(bytes32 manifest, address[] calldata curators, uint8 threshold) external returns (bytes32 datanet);

    /// @notice Puts the next manifest, its curators and threshold in force, by the quorum of those before.
    /// Anyone may submit. Of two next manifests the first one here counts.
    /// @param seq the number of the manifest in force + 1; the founding one has 0
    /// @param prev digest of the manifest in force
    /// @param approvals Rotation signatures by the curators before
    function rotate(
        bytes32 datanet,
        uint64 seq,
        bytes32 prev,
        bytes32 manifest,
        address[] calldata curators,
        uint8 threshold,
        Signature[] calldata approvals
    ) external;

    /// @notice Makes `revision` the head. Anyone may submit; the approvals of the curators in force decide.
    /// @param ordinal the head's ordinal + 1
    /// @param parent what made the head, zeros for ordinal 1
    /// @param revision sha2-256 digest of the revision record
    /// @param contributionsRoot root of the revision's contribution tree, for `verifyContribution`
    /// @param approvals RevisionApproval signatures; those of strangers and repeated ones do not count
    function anchor(
        bytes32 datanet,
        uint64 ordinal,
        Anchored calldata parent,
        bytes32 revision,
        bytes32 contributionsRoot,
        Signature[] calldata approvals
    ) external;

    /// @notice How many revisions were anchored, and the commitment to them; zeros before the first.
    function head(bytes32 datanet) external view returns (uint64 ordinal, bytes24 commitment);

    /// @notice Number and digest of the manifest in force; zeros when nobody founded this Datanet.
    function manifestOf(bytes32 datanet) external view returns (uint64 seq, bytes32 manifest);

    /// @notice Who decides about `datanet`; empty when nobody founded it.
    function curatorsOf(bytes32 datanet) external view returns (address[] memory curators, uint8 threshold);

    /// @notice How many distinct curators of `datanet` signed `digest`, and how many must.
    /// @dev For contracts that give a Datanet's curators a say, such as a pool's veto. Malformed
    /// signatures, strangers and repetitions count nothing. Reverts for an unknown Datanet.
    function countApprovals(bytes32 datanet, bytes32 digest, Signature[] calldata approvals)
        external
        view
        returns (uint256 count, uint8 threshold);

    /// @notice Whether `anchored` was anchored.
    /// @param later all revisions anchored after it, in order; none when it is the newest
    function verifyRevision(bytes32 datanet, Anchored calldata anchored, Link[] calldata later)
        external
        view
        returns (bool);

    /// @notice Whether `leaf` (hashed) is in the contribution tree of an anchored revision.
    /// @param later as in `verifyRevision`
    function verifyContribution(
        bytes32 datanet,
        Anchored calldata anchored,
        Link[] calldata later,
        bytes32 leaf,
        bytes32[] calldata proof
    ) external view returns (bool);
}
