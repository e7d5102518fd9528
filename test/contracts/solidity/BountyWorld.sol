// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IBountyEscrow} from "../../../protocol/contracts/interfaces/IBountyEscrow.sol";
import {IDatanetRegistry} from "../../../protocol/contracts/interfaces/IDatanetRegistry.sol";
import {World} from "./World.sol";

/// @notice Bounties, contributions in a revision of two rows, and curators who say that one fills another.
abstract contract BountyWorld is World {
    bytes32 internal constant FIRST = keccak256("first contribution");
    bytes32 internal constant SECOND = keccak256("second contribution");
    uint64 internal constant LIFE_S = 10_000;

    IDatanetRegistry.Anchored internal anchored;
    IDatanetRegistry.Link[] internal later;

    /// The Datanet's only revision so far: two contributions.
    function _anchorTwo() internal {
        bytes32 root = _pair(_leaf(FIRST, 0), _leaf(SECOND, 1));
        anchored = IDatanetRegistry.Anchored(bytes24(0), keccak256("revision 1"), root);
        IDatanetRegistry.Anchored memory nothing;
        _anchorNext(nothing, 1, anchored.revision, root);
    }

    function _anchorNext(IDatanetRegistry.Anchored memory parent, uint64 ordinal, bytes32 revision, bytes32 root)
        internal
    {
        bytes32 structHash = keccak256(
            abi.encode(registry.REVISION_APPROVAL_TYPEHASH(), auditor, ordinal, parent.revision, revision, root)
        );
        bytes32 digest = typed(_separatorOf("datanet.DatanetRegistry", address(registry)), structHash);
        registry.anchor(auditor, ordinal, parent, revision, root, _approvals(digest, 2));
    }

    /// Where the contribution in `row` lies.
    function _place(uint256 row) internal view returns (IBountyEscrow.Place memory place) {
        place.row = row;
        place.proof = new bytes32[](1);
        place.proof[0] = row == 0 ? _leaf(SECOND, 1) : _leaf(FIRST, 0);
        place.anchored = anchored;
        place.later = later;
    }

    function _bounty(uint256 question, address token, uint64 expiresAt)
        internal
        view
        returns (IBountyEscrow.Terms memory)
    {
        return IBountyEscrow.Terms(auditor, bytes32(question), token, expiresAt);
    }

    function _fillDigest(IBountyEscrow.Terms memory terms, bytes32 contribution, address account)
        internal
        view
        returns (bytes32)
    {
        bytes32 structHash =
            keccak256(abi.encode(bounties.FILL_TYPEHASH(), bounties.bountyId(terms), contribution, account));
        return typed(bounties.DOMAIN_SEPARATOR(), structHash);
    }

    function _leaf(bytes32 contribution, uint256 row) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(contribution, row))));
    }

    function _pair(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    function _separatorOf(string memory name, address verifier) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("1"),
                block.chainid,
                verifier
            )
        );
    }
}
