// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IDatanetRegistry} from "./interfaces/IDatanetRegistry.sol";

/// @notice Described in interfaces/IDatanetRegistry.sol.
contract DatanetRegistry is IDatanetRegistry, EIP712 {
    bytes32 public constant REVISION_APPROVAL_TYPEHASH =
        keccak256("RevisionApproval(bytes32 datanet,uint64 ordinal,bytes32 parent,bytes32 revision,bytes32 contributionsRoot)");

    uint256 private constant MAX_CURATORS = 32;

    struct Datanet {
        uint8 threshold;
        uint64 ordinal;
        address[] curators;
        /// Position + 1 in `curators`, so that an approval costs one read however many curators there are.
        mapping(address curator => uint8) seat;
        mapping(uint64 ordinal => bytes32) revisions;
        mapping(bytes32 revision => uint64) ordinals;
        mapping(bytes32 revision => bytes32) contributionsRoots;
    }

    mapping(bytes32 key => Datanet) private _datanets;

    constructor() EIP712("datanet.DatanetRegistry", "1") {}

    /// @inheritdoc IDatanetRegistry
    function found(bytes32 manifest, address[] calldata curators, uint8 threshold) external returns (bytes32 key) {
        if (manifest == bytes32(0)) revert RegistryManifestMissing();
        if (curators.length == 0 || curators.length > MAX_CURATORS) revert RegistryCuratorsInvalid();
        if (threshold == 0 || threshold > curators.length) {
            revert RegistryThresholdInvalid(threshold, curators.length);
        }
        key = keccak256(abi.encode(manifest, curators, threshold));
        Datanet storage datanet = _datanets[key];
        if (datanet.threshold != 0) revert RegistryAlreadyFounded(key);

        datanet.threshold = threshold;
        address previous = address(0);
        for (uint256 i = 0; i < curators.length; ++i) {
            address curator = curators[i];
            if (curator <= previous) revert RegistryCuratorsInvalid();
            previous = curator;
            datanet.curators.push(curator);
            datanet.seat[curator] = uint8(i + 1);
        }
        emit DatanetFounded(key, manifest, curators, threshold);
    }

    /// @inheritdoc IDatanetRegistry
    function anchor(
        bytes32 key,
        uint64 ordinal,
        bytes32 parent,
        bytes32 revision,
        bytes32 contributionsRoot,
        Signature[] calldata approvals
    ) external {
        Datanet storage datanet = _founded(key);
        uint64 expected = datanet.ordinal + 1;
        if (ordinal != expected) revert RegistryOrdinalUnexpected(ordinal, expected);
        bytes32 newest = datanet.revisions[datanet.ordinal];
        if (parent != newest) revert RegistryParentUnexpected(parent, newest);
        if (revision == bytes32(0) || datanet.ordinals[revision] != 0) revert RegistryRevisionInvalid(revision);
        bytes32 structHash = keccak256(abi.encode(REVISION_APPROVAL_TYPEHASH, key, ordinal, parent, revision, contributionsRoot));
        uint256 count = _count(datanet, _hashTypedDataV4(structHash), approvals);
        if (count < datanet.threshold) revert RegistryApprovalsMissing(count, datanet.threshold);

        datanet.ordinal = ordinal;
        datanet.revisions[ordinal] = revision;
        datanet.ordinals[revision] = ordinal;
        datanet.contributionsRoots[revision] = contributionsRoot;
        emit RevisionAnchored(key, ordinal, revision, parent, contributionsRoot);
    }

    /// @inheritdoc IDatanetRegistry
    function head(bytes32 key) external view returns (uint64 ordinal, bytes32 revision) {
        ordinal = _datanets[key].ordinal;
        revision = _datanets[key].revisions[ordinal];
    }

    /// @inheritdoc IDatanetRegistry
    function anchorOf(bytes32 key, uint64 ordinal) external view returns (bytes32) {
        return _datanets[key].revisions[ordinal];
    }

    /// @inheritdoc IDatanetRegistry
    function ordinalOf(bytes32 key, bytes32 revision) external view returns (uint64) {
        return _datanets[key].ordinals[revision];
    }

    /// @inheritdoc IDatanetRegistry
    function contributionsRootOf(bytes32 key, bytes32 revision) external view returns (bytes32) {
        return _datanets[key].contributionsRoots[revision];
    }

    /// @inheritdoc IDatanetRegistry
    function curatorsOf(bytes32 key) external view returns (address[] memory, uint8) {
        return (_datanets[key].curators, _datanets[key].threshold);
    }

    /// @inheritdoc IDatanetRegistry
    function countApprovals(bytes32 key, bytes32 digest, Signature[] calldata approvals)
        external
        view
        returns (uint256, uint8)
    {
        Datanet storage datanet = _founded(key);
        return (_count(datanet, digest, approvals), datanet.threshold);
    }

    /// @inheritdoc IDatanetRegistry
    function verifyContribution(bytes32 key, bytes32 revision, bytes32 leaf, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        bytes32 root = _datanets[key].contributionsRoots[revision];
        return root != bytes32(0) && MerkleProof.verifyCalldata(proof, root, leaf);
    }

    function _founded(bytes32 key) private view returns (Datanet storage datanet) {
        datanet = _datanets[key];
        if (datanet.threshold == 0) revert RegistryDatanetUnknown(key);
    }

    /// One bit per seat: a repeated signature sets the same bit, so order and repetition change nothing.
    function _count(Datanet storage datanet, bytes32 digest, Signature[] calldata approvals)
        private
        view
        returns (uint256 count)
    {
        uint256 seen = 0;
        for (uint256 i = 0; i < approvals.length; ++i) {
            (address signer, ECDSA.RecoverError failure,) =
                ECDSA.tryRecover(digest, approvals[i].r, approvals[i].vs);
            if (failure != ECDSA.RecoverError.NoError) continue;
            uint256 seat = datanet.seat[signer];
            if (seat == 0 || seen & (1 << seat) != 0) continue;
            seen |= 1 << seat;
            ++count;
        }
    }
}
