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
    bytes32 public constant ROTATION_TYPEHASH = keccak256(
        "Rotation(bytes32 datanet,uint64 seq,bytes32 prev,bytes32 manifest,address[] curators,uint8 threshold)"
    );

    uint256 private constant MAX_CURATORS = 32;

    struct Datanet {
        /// One slot is all that an anchor writes. `head` commits to the anchored revisions and their order.
        uint8 threshold;
        uint24 seq;
        uint32 ordinal;
        bytes24 head;
        bytes32 manifest;
        address[] curators;
        /// Position + 1 in `curators`, so that an approval costs one read however many curators there are.
        mapping(address curator => uint8) seat;
    }

    mapping(bytes32 key => Datanet) private _datanets;

    constructor() EIP712("datanet.DatanetRegistry", "1") {}

    /// @inheritdoc IDatanetRegistry
    function found(bytes32 manifest, address[] calldata curators, uint8 threshold) external returns (bytes32 key) {
        key = keccak256(abi.encode(manifest, curators, threshold));
        Datanet storage datanet = _datanets[key];
        if (datanet.threshold != 0) revert RegistryAlreadyFounded(key);
        _seat(datanet, manifest, curators, threshold);
        emit DatanetFounded(key, manifest, curators, threshold);
    }

    /// @inheritdoc IDatanetRegistry
    function rotate(
        bytes32 key,
        uint64 seq,
        bytes32 prev,
        bytes32 manifest,
        address[] calldata curators,
        uint8 threshold,
        Signature[] calldata approvals
    ) external {
        Datanet storage datanet = _founded(key);
        uint64 expected = datanet.seq + 1;
        if (seq != expected) revert RegistrySeqUnexpected(seq, expected);
        if (prev != datanet.manifest) revert RegistryManifestUnexpected(prev, datanet.manifest);
        // As EIP-712 has it for a list: the hash of its elements, each in a word of its own.
        bytes32 structHash = keccak256(
            abi.encode(
                ROTATION_TYPEHASH, key, seq, prev, manifest, keccak256(abi.encodePacked(curators)), threshold
            )
        );
        _demandQuorum(datanet, structHash, approvals);

        for (uint256 i = 0; i < datanet.curators.length; ++i) {
            delete datanet.seat[datanet.curators[i]];
        }
        delete datanet.curators;
        datanet.seq = uint24(seq);
        _seat(datanet, manifest, curators, threshold);
        emit CuratorsRotated(key, seq, manifest, prev, curators, threshold);
    }

    /// @inheritdoc IDatanetRegistry
    function anchor(
        bytes32 key,
        uint64 ordinal,
        Anchored calldata parent,
        bytes32 revision,
        bytes32 contributionsRoot,
        Signature[] calldata approvals
    ) external {
        Datanet storage datanet = _founded(key);
        uint64 expected = datanet.ordinal + 1;
        bytes24 before = datanet.head;
        if (ordinal != expected) revert RegistryOrdinalUnexpected(ordinal, expected);
        if (_headAfter(parent) != before) revert RegistryParentUnexpected(parent.revision, before);
        if (revision == bytes32(0)) revert RegistryRevisionInvalid(revision);
        bytes32 structHash = keccak256(
            abi.encode(REVISION_APPROVAL_TYPEHASH, key, ordinal, parent.revision, revision, contributionsRoot)
        );
        _demandQuorum(datanet, structHash, approvals);

        datanet.ordinal = uint32(ordinal);
        datanet.head = _link(before, revision, contributionsRoot);
        emit RevisionAnchored(key, ordinal, revision, parent.revision, contributionsRoot, before);
    }

    /// @inheritdoc IDatanetRegistry
    function head(bytes32 key) external view returns (uint64, bytes24) {
        return (_datanets[key].ordinal, _datanets[key].head);
    }

    /// @inheritdoc IDatanetRegistry
    function manifestOf(bytes32 key) external view returns (uint64, bytes32) {
        return (_datanets[key].seq, _datanets[key].manifest);
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
    function verifyRevision(bytes32 key, Anchored calldata anchored, Link[] calldata later)
        public
        view
        returns (bool)
    {
        bytes24 reached = _headAfter(anchored);
        for (uint256 i = 0; i < later.length; ++i) {
            reached = _link(reached, later[i].revision, later[i].contributionsRoot);
        }
        return reached != bytes24(0) && reached == _datanets[key].head;
    }

    /// @inheritdoc IDatanetRegistry
    function verifyContribution(
        bytes32 key,
        Anchored calldata anchored,
        Link[] calldata later,
        bytes32 leaf,
        bytes32[] calldata proof
    ) external view returns (bool) {
        return verifyRevision(key, anchored, later)
            && MerkleProof.verifyCalldata(proof, anchored.contributionsRoot, leaf);
    }

    function _founded(bytes32 key) private view returns (Datanet storage datanet) {
        datanet = _datanets[key];
        if (datanet.threshold == 0) revert RegistryDatanetUnknown(key);
    }

    function _seat(Datanet storage datanet, bytes32 manifest, address[] calldata curators, uint8 threshold) private {
        if (manifest == bytes32(0)) revert RegistryManifestMissing();
        if (curators.length == 0 || curators.length > MAX_CURATORS) revert RegistryCuratorsInvalid();
        if (threshold == 0 || threshold > curators.length) {
            revert RegistryThresholdInvalid(threshold, curators.length);
        }
        datanet.threshold = threshold;
        datanet.manifest = manifest;
        address previous = address(0);
        for (uint256 i = 0; i < curators.length; ++i) {
            address curator = curators[i];
            if (curator <= previous) revert RegistryCuratorsInvalid();
            previous = curator;
            datanet.curators.push(curator);
            datanet.seat[curator] = uint8(i + 1);
        }
    }

    function _demandQuorum(Datanet storage datanet, bytes32 structHash, Signature[] calldata approvals) private view {
        uint256 count = _count(datanet, _hashTypedDataV4(structHash), approvals);
        if (count < datanet.threshold) revert RegistryApprovalsMissing(count, datanet.threshold);
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

    /// The head that `anchored` made; zero for the nothing before the first revision.
    function _headAfter(Anchored calldata anchored) private pure returns (bytes24) {
        if (anchored.revision == bytes32(0)) return bytes24(0);
        return _link(anchored.before, anchored.revision, anchored.contributionsRoot);
    }

    function _link(bytes24 before, bytes32 revision, bytes32 contributionsRoot) private pure returns (bytes24) {
        return bytes24(keccak256(abi.encode(before, revision, contributionsRoot)));
    }
}
