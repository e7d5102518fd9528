// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {DatanetRegistry} from "../../../protocol/contracts/DatanetRegistry.sol";
import {IDatanetRegistry} from "../../../protocol/contracts/interfaces/IDatanetRegistry.sol";
import {Refusals} from "./Refusals.sol";

/// @notice Datanets that are not founded, manifests that do not follow, revisions that are not anchored.
contract RefusedAnchorsTest is Refusals {
    bytes32 private constant ROOT = bytes32(uint256(0x400));

    address[] private _curators;
    IDatanetRegistry.Anchored private _nothing;

    function setUp() public override {
        super.setUp();
        (_curators,) = registry.curatorsOf(auditor);
    }

    function test_aDatanetIsFoundedByCuratorsInOrderWithAThresholdAndOnce() public {
        _noDatanet(0, _curators, 2, IDatanetRegistry.RegistryManifestMissing.selector);
        _noDatanet("m", new address[](0), 0, IDatanetRegistry.RegistryCuratorsInvalid.selector);
        address[] memory many = new address[](33);
        for (uint160 i = 0; i < 33; ++i) {
            many[i] = address(1 + i);
        }
        _noDatanet("m", many, 1, IDatanetRegistry.RegistryCuratorsInvalid.selector);
        _noDatanet("m", _curators, 0, IDatanetRegistry.RegistryThresholdInvalid.selector);
        _noDatanet("m", _curators, 4, IDatanetRegistry.RegistryThresholdInvalid.selector);
        many = _curators;
        many[1] = many[0];
        _noDatanet("m", many, 2, IDatanetRegistry.RegistryCuratorsInvalid.selector);
        _noDatanet(keccak256("manifest"), _curators, 2, IDatanetRegistry.RegistryAlreadyFounded.selector);
        registry.found("m", _curators, 3);
    }

    function test_aManifestFollowsTheOneInForceByItsCurators() public {
        bytes32 prev = keccak256("manifest");
        IDatanetRegistry.Signature[] memory none = new IDatanetRegistry.Signature[](0);
        vm.expectPartialRevert(IDatanetRegistry.RegistryDatanetUnknown.selector);
        registry.rotate("nobody", 1, prev, "next", _curators, 2, none);
        vm.expectPartialRevert(IDatanetRegistry.RegistrySeqUnexpected.selector);
        registry.rotate(auditor, 2, prev, "next", _curators, 2, none);
        vm.expectPartialRevert(IDatanetRegistry.RegistryManifestUnexpected.selector);
        registry.rotate(auditor, 1, "other", "next", _curators, 2, none);
        vm.expectPartialRevert(IDatanetRegistry.RegistryApprovalsMissing.selector);
        registry.rotate(auditor, 1, prev, "next", _curators, 2, none);
        address[] memory one = new address[](1);
        one[0] = STRANGER;
        registry.rotate(auditor, 1, prev, "next", one, 1, _approvals(typed(_separator(), _rotation(prev, one)), 2));
        (uint64 seq, bytes32 manifest) = registry.manifestOf(auditor);
        isTrue(seq == 1 && manifest == "next", "it is in force");
        (uint256 count,) = registry.countApprovals(auditor, "any", _approvals("any", 3));
        equal(count, 0, "curators from before count no more");
    }

    function test_aRevisionFollowsTheHeadByTheCurators() public {
        IDatanetRegistry.Signature[] memory none = new IDatanetRegistry.Signature[](0);
        _noAnchor("nobody", 1, _nothing, "r1", none, IDatanetRegistry.RegistryDatanetUnknown.selector);
        _noAnchor(auditor, 2, _nothing, "r1", none, IDatanetRegistry.RegistryOrdinalUnexpected.selector);
        IDatanetRegistry.Anchored memory first = IDatanetRegistry.Anchored(0, "r1", ROOT);
        _noAnchor(auditor, 1, first, "r1", none, IDatanetRegistry.RegistryParentUnexpected.selector);
        _noAnchor(auditor, 1, _nothing, 0, none, IDatanetRegistry.RegistryRevisionInvalid.selector);
        _noAnchor(auditor, 1, _nothing, "r1", none, IDatanetRegistry.RegistryApprovalsMissing.selector);
    }

    function test_whatIsAnchoredIsVerifiedWithAllThatCameLater() public {
        IDatanetRegistry.Anchored memory first = IDatanetRegistry.Anchored(0, "r1", ROOT);
        _anchor(1, _nothing, "r1");
        (, bytes24 head) = registry.head(auditor);
        _anchor(2, first, "r2");
        IDatanetRegistry.Link[] memory later = new IDatanetRegistry.Link[](0);
        IDatanetRegistry.Anchored memory second = IDatanetRegistry.Anchored(head, "r2", ROOT);
        isTrue(registry.verifyRevision(auditor, second, later), "the newest");
        isTrue(!registry.verifyRevision(auditor, first, later), "not the newest");
        isTrue(!registry.verifyRevision(auditor, _nothing, later), "nothing is no revision");
        isTrue(!registry.verifyRevision("nobody", _nothing, later), "nobody has none");
        later = new IDatanetRegistry.Link[](1);
        later[0] = IDatanetRegistry.Link("r2", ROOT);
        isTrue(registry.verifyRevision(auditor, first, later), "the one before");
        bytes32[] memory proof = new bytes32[](0);
        isTrue(registry.verifyContribution(auditor, first, later, ROOT, proof), "its only leaf");
        isTrue(!registry.verifyContribution(auditor, first, later, "other", proof), "another leaf");
        isTrue(!registry.verifyContribution(auditor, second, later, ROOT, proof), "another revision's");
    }

    function test_strangersRepetitionsAndJunkCountNothing() public {
        IDatanetRegistry.Signature[] memory approvals = _approvals("digest", 4);
        (uint256 count, uint8 threshold) = registry.countApprovals(auditor, "digest", approvals);
        equal(count, 3, "the fourth is the first again");
        equal(threshold, 2, "two are enough");
        (approvals[0].r, approvals[0].vs) = compact(SESSION_KEY, "digest");
        approvals[1].vs = bytes32(type(uint256).max);
        (count,) = registry.countApprovals(auditor, "digest", approvals);
        equal(count, 2, "a stranger and junk");
        vm.expectPartialRevert(IDatanetRegistry.RegistryDatanetUnknown.selector);
        registry.countApprovals("nobody", "digest", approvals);
    }

    function _noDatanet(bytes32 manifest, address[] memory curators, uint8 threshold, bytes4 why) private {
        vm.expectPartialRevert(why);
        registry.found(manifest, curators, threshold);
    }

    function _noAnchor(
        bytes32 key,
        uint64 ordinal,
        IDatanetRegistry.Anchored memory parent,
        bytes32 revision,
        IDatanetRegistry.Signature[] memory approvals,
        bytes4 why
    ) private {
        vm.expectPartialRevert(why);
        registry.anchor(key, ordinal, parent, revision, ROOT, approvals);
    }

    function _anchor(uint64 ordinal, IDatanetRegistry.Anchored memory parent, bytes32 revision) private {
        bytes32 structHash = keccak256(
            abi.encode(registry.REVISION_APPROVAL_TYPEHASH(), auditor, ordinal, parent.revision, revision, ROOT)
        );
        registry.anchor(auditor, ordinal, parent, revision, ROOT, _approvals(typed(_separator(), structHash), 2));
    }

    /// To one curator alone.
    function _rotation(bytes32 prev, address[] memory one) private view returns (bytes32) {
        bytes32 typeHash = registry.ROTATION_TYPEHASH();
        bytes32 curators = keccak256(abi.encodePacked(one));
        return keccak256(abi.encode(typeHash, auditor, uint64(1), prev, bytes32("next"), curators, uint8(1)));
    }

    function _separator() private view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("datanet.DatanetRegistry"),
                keccak256("1"),
                block.chainid,
                address(registry)
            )
        );
    }
}
