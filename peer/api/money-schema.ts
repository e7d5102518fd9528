import { z } from 'zod'
import { typedDataSchema } from './accounts-schema.ts'
import { idSchema, method, methodOf, weiSchema } from './method.ts'

const credit = z.object({
  contribution: z.exactOptional(z.string()),
  account: z.exactOptional(z.string()),
  basis: z.string(),
  ppm: z.int()
})

/** A receipt as methods return it. */
export const receiptSchema = z.object({
  callId: z.string(),
  channelId: z.string(),
  seq: z.int(),
  model: z.string(),
  provider: z.string(),
  outcome: z.enum(['answered', 'abstained', 'cancelled', 'interrupted']),
  inputTokens: z.int(),
  outputTokens: z.int(),
  priceWei: weiSchema,
  royaltyWei: weiSchema,
  method: z.string(),
  credits: z.array(credit).readonly(),
  finishedAtMs: z.int()
})

const channel = z.object({
  channelId: z.string(),
  side: z.enum(['payer', 'provider']),
  peer: z.string(),
  depositWei: weiSchema,
  authorisedWei: weiSchema,
  royaltyWei: weiSchema,
  spentWei: weiSchema,
  receipts: z.int(),
  claimedWei: weiSchema,
  state: z.enum(['open', 'retired', 'withdrawing', 'closed']),
  withdrawableWei: weiSchema,
  readyAtMs: z.exactOptional(z.int()),
  paidBy: z.exactOptional(
    z.enum(['vault', 'coins', 'allowance', 'authorization', 'permit', 'approval'])
  )
})

const closing = z.object({
  channelId: z.string(),
  state: z.enum(['withdrawing', 'closing', 'closed']),
  pendingWei: weiSchema,
  returnedWei: weiSchema,
  readyAtMs: z.exactOptional(z.int()),
  agreement: z.exactOptional(z.enum(['sent', 'sent by the provider'])),
  refusedBy: z.exactOptional(z.string()),
  txHash: z.exactOptional(z.string())
})

const budget = z.object({
  maxCallWei: weiSchema,
  spentWei: weiSchema,
  reservedWei: weiSchema,
  day: z.exactOptional(
    z.object({
      limitWei: weiSchema,
      spentWei: weiSchema,
      reservedWei: weiSchema,
      leftWei: weiSchema
    })
  ),
  maxProviderDayWei: z.exactOptional(weiSchema),
  providers: z
    .array(
      z.object({
        provider: z.string(),
        spentWei: weiSchema,
        reservedWei: weiSchema,
        leftWei: z.exactOptional(weiSchema)
      })
    )
    .readonly(),
  freesAtMs: z.int()
})

const txHashes = z.array(z.string()).readonly()

const claimed = z.object({
  channels: z.int(),
  claimedWei: weiSchema,
  operatorWei: weiSchema,
  royaltyWei: weiSchema,
  txHashes
})

const drop = z.object({
  pool: z.string(),
  drop: z.string(),
  totalWei: weiSchema,
  accounts: z.int(),
  unassignedWei: weiSchema,
  claimableAtMs: z.int()
})

const reward = z.object({
  pool: z.string(),
  drop: z.string(),
  cumulativeWei: weiSchema,
  claimedWei: weiSchema,
  claimableWei: weiSchema
})

const refutable = z.enum(['total', 'unordered', 'shrunk', 'absent'])
const dropCheck = z.object({
  pool: z.string(),
  operator: z.string(),
  datanet: z.string(),
  dropSeq: z.int(),
  root: z.string(),
  totalWei: weiSchema,
  readyAtMs: z.int(),
  verdict: z.enum(['holds', 'wrong', 'unknown']),
  code: z.exactOptional(z.string()),
  reason: z.exactOptional(z.string()),
  refutableBy: z.exactOptional(refutable),
  isCurated: z.boolean()
})
const refuted = z.object({
  pool: z.string(),
  dropSeq: z.int(),
  shown: refutable,
  txHash: z.string()
})
const voteDraft = z.strictObject({
  pool: idSchema,
  approvals: z.exactOptional(z.array(idSchema).max(64).readonly())
})
const vote = z.object({
  pool: z.string(),
  dropSeq: z.int(),
  root: z.string(),
  signed: z.array(z.string()).readonly(),
  approvals: z.array(z.string()).readonly(),
  needed: z.int(),
  typedData: typedDataSchema,
  txHash: z.exactOptional(z.string()),
  document: z.exactOptional(z.string()),
  claimableAtMs: z.exactOptional(z.int())
})
const silentPool = z.object({
  pool: z.string(),
  operator: z.string(),
  datanet: z.string(),
  creditedWei: weiSchema,
  givenWei: weiSchema,
  silentAtMs: z.int(),
  isSilent: z.boolean()
})
const silentVoteDraft = z.strictObject({
  ...voteDraft.shape,
  document: z.exactOptional(z.string().max(1_000_000))
})

const evidence = z.object({
  channelId: z.string(),
  seq: z.int(),
  provider: z.string(),
  receiptSigner: z.string(),
  callIds: z.array(z.string()).readonly(),
  foundAtMs: z.int(),
  reportedWei: z.exactOptional(weiSchema)
})

const verification = z.object({
  ...receiptSchema.shape,
  checks: z
    .array(
      z.object({
        what: z.enum(['signature', 'answer', 'credits', 'texts']),
        holds: z.boolean(),
        reason: z.exactOptional(
          z.enum([
            'ANSWER_NOT_KEPT',
            'NOTHING_MEASURED',
            'METHOD_UNKNOWN',
            'MODEL_UNKNOWN',
            'TEXTS_NOT_HERE',
            'TEXTS_WITHDRAWN'
          ])
        )
      })
    )
    .readonly(),
  datanet: z.exactOptional(z.string()),
  revision: z.exactOptional(z.string())
})

const explanation = z.object({
  receipt: receiptSchema,
  question: z.string(),
  answer: z.string(),
  sentences: z
    .array(
      z.object({
        text: z.string(),
        parts: z
          .array(
            z.object({
              contribution: z.exactOptional(z.string()),
              account: z.exactOptional(z.string()),
              title: z.exactOptional(z.string()),
              basis: z.string(),
              ppm: z.int()
            })
          )
          .readonly()
      })
    )
    .readonly()
})

const report = z.object({
  channelId: z.string(),
  provider: z.string(),
  takenWei: weiSchema,
  rewardWei: weiSchema,
  txHashes
})

const bond = z.object({
  receiptSigner: z.string(),
  isConvicted: z.boolean(),
  stakeWei: weiSchema,
  bonds: z
    .array(
      z.object({
        owner: z.string(),
        stakeWei: weiSchema,
        withdrawingWei: weiSchema,
        readyAtMs: z.exactOptional(z.int())
      })
    )
    .readonly()
})
const unstakeDraft = z.strictObject({ amountWei: z.exactOptional(weiSchema) })
const bondWithdrawal = z.object({ ...bond.shape, returnedWei: weiSchema })

/** `channels` of the PeerApi on the wire. */
export const channelsSchema = {
  list: method('call', z.array(channel).readonly()),
  open: methodOf(
    'call',
    'target',
    z.strictObject({ offer: idSchema, depositWei: weiSchema }),
    channel
  ),
  close: methodOf('call', 'channelId', idSchema, closing),
  budget: method('call', budget),
  claim: method('progress', claimed)
}

/** `receipts` of the PeerApi on the wire. */
export const receiptsSchema = {
  list: method('call', z.array(receiptSchema).readonly()),
  show: methodOf('call', 'callId', idSchema, receiptSchema),
  verify: methodOf('call', 'callId', idSchema, verification),
  explain: methodOf('call', 'callId', idSchema, explanation),
  evidence: method('call', z.array(evidence).readonly()),
  report: methodOf('call', 'channelId', idSchema, report),
  bond: methodOf('call', 'named', idSchema, bond),
  stake: methodOf('call', 'amountWei', weiSchema, bond),
  unstake: methodOf('call', 'draft', unstakeDraft, bondWithdrawal)
}

/** `rewards` of the PeerApi on the wire. */
export const rewardsSchema = {
  post: method('progress', z.array(drop).readonly()),
  show: methodOf('call', 'account', idSchema, z.array(reward).readonly()),
  claim: methodOf(
    'call',
    'account',
    idSchema,
    z.object({ account: z.string(), claimedWei: weiSchema, txHashes })
  ),
  check: method('progress', z.array(dropCheck).readonly()),
  refute: methodOf('call', 'pool', idSchema, refuted),
  veto: methodOf('call', 'draft', voteDraft, vote),
  silent: method('call', z.array(silentPool).readonly()),
  postSilent: methodOf('call', 'draft', silentVoteDraft, vote)
}
