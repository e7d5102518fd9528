// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IDatanetRegistry} from "./IDatanetRegistry.sol";

/// @title Royalties on their way to the accounts whose contributions were used.
/// @notice One pool per (operator, auditor, token), fed by the escrow. The operator posts drops: roots
/// of Merkle-sum trees over (account, cumulative amount). A drop counts after a fixed delay unless the
/// auditor's curators veto it. No owner. Amounts are in the token's smallest unit, times in seconds.
/// Law: claimed <= total of the final drop <= credited.
interface IRewardPool {
    /// @notice A pool as it stands now; a pending drop whose delay has passed is shown as final.
    /// @param creditedWei all royalty ever collected
    /// @param claimedWei all ever paid out
    /// @param root the final drop's root hash; zero before the first
    /// @param totalWei the final drop's total
    /// @param drop digest of the document that explains the final drop
    /// @param dropSeq how many drops were posted: the number of the newest
    /// @param pendingRoot zero when no drop is pending, as are the other pending fields
    /// @param pendingReadyAt second from which the pending drop counts
    struct Pool {
        uint128 creditedWei;
        uint128 claimedWei;
        bytes32 root;
        uint128 totalWei;
        uint64 dropSeq;
        uint64 pendingReadyAt;
        bytes32 drop;
        bytes32 pendingRoot;
        uint128 pendingTotalWei;
        bytes32 pendingDrop;
    }

    /// @notice One step of a Merkle-sum proof: the sibling, its sum, and on which side it stands.
    struct SumNode {
        bytes32 hash;
        uint256 sumWei;
        bool isLeft;
    }

    /// @notice `amountWei` of captured royalty came from the escrow.
    event RoyaltyCollected(bytes32 indexed poolId, uint256 amountWei, uint256 creditedWei);
    /// @notice A drop is pending until `readyAt`.
    event DropPosted(
        bytes32 indexed poolId, uint64 indexed dropSeq, bytes32 root, uint256 totalWei, bytes32 drop, uint64 readyAt
    );
    /// @notice The auditor's curators ended the pending drop.
    event DropVetoed(bytes32 indexed poolId, uint64 indexed dropSeq, bytes32 root);
    /// @notice The pending drop became final; emitted by the first transaction after its delay.
    event DropFinalised(bytes32 indexed poolId, uint64 indexed dropSeq, bytes32 root);
    /// @notice `account` was paid `amountWei` and has now `cumulativeWei` in all.
    event RewardClaimed(bytes32 indexed poolId, address indexed account, uint256 amountWei, uint256 cumulativeWei);

    /// @notice The token moved another amount than the escrow reported.
    error PoolTransferInexact(uint256 reportedWei, uint256 movedWei);
    /// @notice The escrow holds no royalty for this pool.
    error PoolNothingToCollect();
    /// @notice The pool would pass 128 bits.
    error PoolCreditTooLarge();
    /// @notice The root is zero.
    error PoolRootMissing();
    /// @notice A drop is pending until `readyAt`.
    error PoolDropPending(uint64 readyAt);
    /// @notice The drop gives out more than was collected.
    error PoolTotalAboveCredited(uint256 totalWei, uint256 creditedWei);
    /// @notice The drop gives out less than the one before.
    error PoolTotalShrinks(uint256 totalWei, uint256 previousWei);
    /// @notice No drop is pending.
    error PoolNothingPending();
    /// @notice Only `approvals` distinct curators of the auditor signed; `threshold` are needed.
    error PoolVetoRefused(uint256 approvals, uint8 threshold);
    /// @notice No drop is final yet.
    error PoolNoDrop();
    /// @notice The zero account stands for what is unassigned; nobody can claim it.
    error PoolAccountUnassigned();
    /// @notice The proof does not lead to the final drop's root and total.
    error PoolProofInvalid();
    /// @notice The account already got at least `claimedWei`.
    error PoolNothingToClaim(uint256 cumulativeWei, uint256 claimedWei);
    /// @notice Paying this would pay out more than the final drop's total.
    error PoolOverdrawn(uint256 claimedWei, uint256 totalWei);

    /// @notice Seconds a posted drop stays open to veto; fixed at deployment.
    function delayS() external view returns (uint64);

    /// @notice Moves captured royalties from the escrow into the pool; anyone may.
    function collect(address operator, bytes32 auditor, address token) external returns (uint256 amountWei);

    /// @notice Posts the next drop of the sender's own pool.
    /// @param root root hash of the Merkle-sum tree
    /// @param totalWei its sum: at least the final drop's, at most what was collected
    /// @param drop digest of the document that explains it
    function postDrop(bytes32 auditor, address token, bytes32 root, uint256 totalWei, bytes32 drop)
        external
        returns (uint64 dropSeq);

    /// @notice Ends the pending drop by DropVeto signatures of the auditor's curators; anyone may send it.
    function vetoDrop(
        address operator,
        bytes32 auditor,
        address token,
        IDatanetRegistry.Signature[] calldata approvals
    ) external;

    /// @notice Pays `account` its cumulative amount in the final drop less what it got; anyone may send it.
    /// @param proof siblings from the leaf (account, cumulativeWei) up to the root
    function claim(
        address operator,
        bytes32 auditor,
        address token,
        address account,
        uint256 cumulativeWei,
        SumNode[] calldata proof
    ) external returns (uint256 amountWei);

    /// @notice keccak256(abi.encode(operator, auditor, token)).
    function poolId(address operator, bytes32 auditor, address token) external pure returns (bytes32);

    /// @notice The pool as it stands now.
    function pool(bytes32 id) external view returns (Pool memory);

    /// @notice What `account` got from the pool in all.
    function claimedOf(bytes32 id, address account) external view returns (uint256 amountWei);
}
