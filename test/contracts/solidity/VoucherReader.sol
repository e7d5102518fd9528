// SPDX-License-Identifier: (Apache-2.0 OR MIT)
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @notice Reads vouchers as the escrow does, many at once: their digests, and who signed them.
contract VoucherReader is EIP712("datanet.ChannelEscrow", "1") {
    bytes32 public constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(bytes32 channelId,uint128 cumulativeWei,uint128 royaltyWei,uint64 receipts,bytes32 receiptsRoot)"
    );

    struct Row {
        bytes32 channelId;
        uint128 cumulativeWei;
        uint128 royaltyWei;
        uint64 receipts;
        bytes32 receiptsRoot;
        bytes32 r;
        bytes32 vs;
    }

    /// @return digests of each row
    /// @return signers of each row, zero where the signature is none
    function read(Row[] calldata rows)
        external
        view
        returns (bytes32[] memory digests, address[] memory signers)
    {
        digests = new bytes32[](rows.length);
        signers = new address[](rows.length);
        for (uint256 i = 0; i < rows.length; i++) {
            Row calldata row = rows[i];
            digests[i] = _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        VOUCHER_TYPEHASH,
                        row.channelId,
                        row.cumulativeWei,
                        row.royaltyWei,
                        row.receipts,
                        row.receiptsRoot
                    )
                )
            );
            (signers[i],,) = ECDSA.tryRecover(digests[i], row.r, row.vs);
        }
    }
}
