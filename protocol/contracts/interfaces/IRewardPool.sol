// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.28;

import {IDatanetRegistry} from "./IDatanetRegistry.sol";

/// @title Royalties on their way to the accounts whose contributions were used.
/// @notice One pool per (operator, auditor, token), fed by the escrow. The operator posts drops: roots
/// of Merkle-sum trees over (account, cumulative amount), ascending by account. A drop counts after a
/// fixed delay unless the auditor's curators veto it, or anyone proves that it takes something from an
/// account or is out of order. No owner. Amounts are in the token's smallest unit (token zero is the
/// chain's own coin), times in seconds. Law: claimed <= total of the final drop <= credited.
/// A leaf and its way up are packed: account (20 bytes), cumulativeWei (12), sides (4), then 44 bytes a
/// step, which are the sibling's hash and, in 12 bytes, the sum below it. Bit i of the sides, counted
/// from the lowest, is set when sibling i stands on the left.
interface IRewardPool {
    /// @notice What names a pool.
    struct PoolKey {
        address operator;
        bytes32 auditor;
        address token;
    }

    /// @notice A pool as it stands now; a pending drop whose delay has passed is shown as final.
    /// @param creditedWei all royalty ever collected
    /// @param claimedWei all ever paid out
    /// @param root the final drop's root hash; zero before the first
    /// @param totalWei the final drop's total
    /// @param finalSeq number of the final drop; the document that explains it is in its DropPosted event
    /// @param dropSeq how many drops were posted: the number of the newest
    /// @param pendingRoot zero when no drop is pending, as are the other pending fields
    /// @param pendingReadyAt second from which the pending drop counts
    /// @param silentAt second from which the auditor's curators may post; zero when all credit is given out
    struct Pool {
        uint256 creditedWei;
        uint256 claimedWei;
        bytes32 root;
        uint256 totalWei;
        uint64 finalSeq;
        uint64 dropSeq;
        bytes32 pendingRoot;
        uint256 pendingTotalWei;
        uint64 pendingReadyAt;
        uint64 silentAt;
    }

    /// @notice Two leaves side by side in a tree, or its first leaf (no left one), or its last (no right one).
    /// @param leftProof siblings of the left leaf, all on its left: up to the node whose sibling is the
    /// top of `rightProof`, or up to the root where there is no right leaf
    /// @param rightProof siblings of the right leaf, all on its right, likewise
    /// @param lefts bit i is set when sibling i of `proof` stands on the left
    /// @param proof from the node over both up to the root; all three in steps as those of a leaf
    struct Gap {
        bool hasLeft;
        address leftAccount;
        uint256 leftWei;
        bytes leftProof;
        bool hasRight;
        address rightAccount;
        uint256 rightWei;
        bytes rightProof;
        uint256 lefts;
        bytes proof;
    }

    /// @notice Leaves of one pool's final drop, each as `claim` takes it.
    struct PoolClaims {
        PoolKey key;
        bytes[] leaves;
    }

    /// @notice Why a row of a batch paid nothing.
    enum SkipReason {
        NotInDrop,
        NothingNew,
        Overdrawn,
        PaymentRefused
    }

    /// @notice `amountWei` of captured royalty came from the escrow.
    event RoyaltyCollected(bytes32 indexed poolId, uint256 amountWei, uint256 creditedWei);
    /// @notice A drop is pending until `readyAt`; `drop` is the digest of the document that explains it.
    event DropPosted(
        bytes32 indexed poolId, uint64 indexed dropSeq, bytes32 root, uint256 totalWei, bytes32 drop, uint64 readyAt
    );
    /// @notice The auditor's curators ended the pending drop.
    event DropVetoed(bytes32 indexed poolId, uint64 indexed dropSeq, bytes32 root);
    /// @notice The pending drop ended: it takes something from `account`, or stands out of order there.
    event DropRefuted(bytes32 indexed poolId, uint64 indexed dropSeq, bytes32 root, address account);
    /// @notice The pending drop became final; emitted by the first transaction after its delay.
    event DropFinalised(bytes32 indexed poolId, uint64 indexed dropSeq, bytes32 root);
    /// @notice `account` was paid `amountWei`: the sum of these is what it got in all.
    event RewardClaimed(bytes32 indexed poolId, address indexed account, uint256 amountWei);
    /// @notice A row of a batch paid nothing.
    event RewardSkipped(bytes32 indexed poolId, address indexed account, SkipReason reason);

    /// @notice The token moved another amount than the escrow reported.
    error PoolTransferInexact(uint256 reportedWei, uint256 movedWei);
    /// @notice Only the escrow sends coins here.
    error PoolCoinsUnexpected(address sender);
    /// @notice The escrow holds no royalty for this pool.
    error PoolNothingToCollect();
    /// @notice The pool would pass 96 bits.
    error PoolCreditTooLarge();
    /// @notice The root is zero.
    error PoolRootMissing();
    /// @notice A drop is pending until `readyAt`.
    error PoolDropPending(uint64 readyAt);
    /// @notice The drop gives out more than was collected.
    error PoolTotalAboveCredited(uint256 totalWei, uint256 creditedWei);
    /// @notice The drop gives out less than the one before.
    error PoolTotalShrinks(uint256 totalWei, uint256 previousWei);
    /// @notice The curators may post from `silentAt` on; zero: there is nothing to give out.
    error PoolNotSilent(uint64 silentAt);
    /// @notice No drop is pending.
    error PoolNothingPending();
    /// @notice Only `approvals` distinct curators of the auditor signed; `threshold` are needed.
    error PoolApprovalsMissing(uint256 approvals, uint8 threshold);
    /// @notice The proofs hold, and show nothing that is wrong with the pending drop.
    error PoolNotRefuted();
    /// @notice No drop is final yet.
    error PoolNoDrop();
    /// @notice The zero account stands for what is unassigned; nobody can claim it, and it may shrink.
    error PoolAccountUnassigned();
    /// @notice The proof does not lead to the drop's root and total.
    error PoolProofInvalid();
    /// @notice The account already got at least `claimedWei`.
    error PoolNothingToClaim(uint256 cumulativeWei, uint256 claimedWei);
    /// @notice Paying this would pay out more than the final drop's total.
    error PoolOverdrawn(uint256 claimedWei, uint256 totalWei);
    /// @notice The token or `account` refused the payment.
    error PoolPaymentRefused(address account);

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

    /// @notice Posts the next drop of a pool whose operator left credit without a drop for 30 days, by
    /// `DropPost` signatures of the auditor's curators; anyone may send it. Ends a pending drop.
    function postDropForSilent(
        PoolKey calldata key,
        bytes32 root,
        uint256 totalWei,
        bytes32 drop,
        IDatanetRegistry.Signature[] calldata approvals
    ) external returns (uint64 dropSeq);

    /// @notice Ends the pending drop by DropVeto signatures of the auditor's curators; anyone may send it.
    function vetoDrop(
        address operator,
        bytes32 auditor,
        address token,
        IDatanetRegistry.Signature[] calldata approvals
    ) external;

    /// @notice Ends the pending drop when an account has less in it than in the final one; anyone may.
    /// @param before the account's leaf in the final drop
    /// @param pending its leaf in the pending one
    function refuteShrunk(PoolKey calldata key, bytes calldata before, bytes calldata pending) external;

    /// @notice Ends the pending drop when an account of the final one is not in it; anyone may.
    /// @param before the account's leaf in the final drop
    /// @param gap leaves side by side in the pending one, between which the account would stand
    function refuteAbsent(PoolKey calldata key, bytes calldata before, Gap calldata gap) external;

    /// @notice Ends the pending drop when two leaves side by side do not ascend; anyone may.
    /// @dev With this rule a gap does prove absence: a tree without such leaves is in order everywhere.
    function refuteUnordered(PoolKey calldata key, Gap calldata gap) external;

    /// @notice Ends the pending drop when its root adds up to another total than was posted; anyone may.
    function refuteTotal(PoolKey calldata key, bytes calldata pending) external;

    /// @notice Pays an account its cumulative amount in the final drop less what it got; anyone may send it.
    function claim(PoolKey calldata key, bytes calldata leaf) external returns (uint256 amountWei);

    /// @notice As `claim` for many accounts and pools; a row that cannot be paid is skipped and changes
    /// nothing else. A payment has 200 000 gas, one in coins 50 000: who needs more claims alone.
    function claimMany(PoolClaims[] calldata claims) external;

    /// @notice keccak256(abi.encode(operator, auditor, token)).
    function poolId(address operator, bytes32 auditor, address token) external pure returns (bytes32);

    /// @notice The pool as it stands now.
    function pool(bytes32 id) external view returns (Pool memory);

    /// @notice What `account` got from the pool in all.
    function claimedOf(bytes32 id, address account) external view returns (uint256 amountWei);
}
