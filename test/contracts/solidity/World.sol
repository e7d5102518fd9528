// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {BountyEscrow} from "../../../protocol/contracts/BountyEscrow.sol";
import {ChannelEscrow} from "../../../protocol/contracts/ChannelEscrow.sol";
import {DatanetRegistry} from "../../../protocol/contracts/DatanetRegistry.sol";
import {DevnetToken} from "../../../protocol/contracts/DevnetToken.sol";
import {IChannelEscrow} from "../../../protocol/contracts/interfaces/IChannelEscrow.sol";
import {IDatanetRegistry} from "../../../protocol/contracts/interfaces/IDatanetRegistry.sol";
import {ProviderBond} from "../../../protocol/contracts/ProviderBond.sol";
import {RewardPool} from "../../../protocol/contracts/RewardPool.sol";
import {AuthorizedToken} from "./AuthorizedToken.sol";
import {Base} from "./Base.sol";
import {HostileToken} from "./HostileToken.sol";

/// @notice The contracts, and people who know how to sign.
abstract contract World is Base {
    uint64 internal constant DROP_DELAY_S = 1_000;
    uint64 internal constant VAULT_DELAY_S = 300;
    uint64 internal constant BOND_DELAY_S = 5_000;
    address internal constant COINS = address(0);

    DatanetRegistry public registry;
    ChannelEscrow public escrow;
    RewardPool public pool;
    ProviderBond public bond;
    BountyEscrow public bounties;
    DevnetToken public honest;
    AuthorizedToken public authorized;
    HostileToken public hostile;
    bytes32 public auditor;

    uint256[3] internal payerKeys = [uint256(0xA1), 0xA2, 0xA3];
    uint256[2] internal operatorKeys = [uint256(0xB1), 0xB2];
    uint256[3] internal curatorKeys = [uint256(0xC1), 0xC2, 0xC3];
    uint256 internal constant SESSION_KEY = 0xD1;

    function _build() internal {
        vm.warp(1_800_000_000);
        registry = new DatanetRegistry();
        escrow = new ChannelEscrow(registry, DROP_DELAY_S, VAULT_DELAY_S);
        pool = RewardPool(payable(escrow.rewardPool()));
        bond = new ProviderBond(address(escrow), BOND_DELAY_S);
        bounties = new BountyEscrow(address(registry));
        honest = new DevnetToken();
        authorized = new AuthorizedToken();
        hostile = new HostileToken();
        address[] memory curators = new address[](3);
        for (uint256 i = 0; i < 3; ++i) {
            curators[i] = vm.addr(curatorKeys[i]);
        }
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = i + 1; j < 3; ++j) {
                if (curators[j] < curators[i]) (curators[i], curators[j]) = (curators[j], curators[i]);
            }
        }
        auditor = registry.found(keccak256("manifest"), curators, 2);
    }

    function _voucher(
        bytes32 separator,
        bytes32 id,
        uint256 key,
        uint256 cumulative,
        uint256 royalty,
        uint256 receipts
    ) internal view returns (IChannelEscrow.Voucher memory voucher) {
        voucher.cumulativeWei = uint128(cumulative);
        voucher.royaltyWei = uint128(royalty);
        voucher.receipts = uint64(receipts);
        voucher.receiptsRoot = keccak256(abi.encode(receipts));
        bytes32 structHash = keccak256(
            abi.encode(
                escrow.VOUCHER_TYPEHASH(),
                id,
                voucher.cumulativeWei,
                voucher.royaltyWei,
                voucher.receipts,
                voucher.receiptsRoot
            )
        );
        (voucher.r, voucher.vs) = compact(key, typed(separator, structHash));
    }

    function _order(bytes32 typeHash, bytes32 id, uint256 key, uint256 amount, uint256 nonce, uint64 deadline)
        internal
        view
        returns (IChannelEscrow.Order memory order)
    {
        bytes32 structHash = keccak256(abi.encode(typeHash, id, amount, nonce, deadline));
        (bytes32 r, bytes32 vs) = compact(key, typed(escrow.DOMAIN_SEPARATOR(), structHash));
        return IChannelEscrow.Order(nonce, deadline, r, vs);
    }

    function _close(bytes32 id, uint256 key, IChannelEscrow.Voucher memory voucher, uint64 deadline)
        internal
        view
        returns (bytes32 r, bytes32 vs)
    {
        bytes32 structHash = keccak256(
            abi.encode(escrow.CLOSE_TYPEHASH(), id, voucher.cumulativeWei, voucher.royaltyWei, deadline)
        );
        return compact(key, typed(escrow.DOMAIN_SEPARATOR(), structHash));
    }

    function _approvals(bytes32 digest, uint256 count)
        internal
        view
        returns (IDatanetRegistry.Signature[] memory approvals)
    {
        approvals = new IDatanetRegistry.Signature[](count);
        for (uint256 i = 0; i < count; ++i) {
            (approvals[i].r, approvals[i].vs) = compact(curatorKeys[i % 3], digest);
        }
    }

    /// The separator of the pool's domain, from the standard's own words.
    function _poolSeparator() internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("datanet.RewardPool"),
                keccak256("1"),
                block.chainid,
                address(pool)
            )
        );
    }
}
