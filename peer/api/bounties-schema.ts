import { z } from 'zod'
import { idSchema, methodOf, weiSchema } from './method.ts'

const named = z.strictObject({ datanet: idSchema, bounty: idSchema })

const draft = z.strictObject({
  datanet: idSchema,
  account: idSchema,
  question: z.string().min(1).max(4_096),
  language: z.exactOptional(z.string().max(64)),
  schemas: z.exactOptional(z.array(z.string().max(256)).min(1).max(32).readonly()),
  budgetWei: z.exactOptional(weiSchema),
  lifeMs: z.exactOptional(z.int().positive()),
  abstained: z.exactOptional(idSchema),
  allowPersonalData: z.exactOptional(z.boolean()),
  anyway: z.exactOptional(z.boolean())
})

const answer = z.object({
  contribution: z.string(),
  status: z.enum(['pending', 'accepted', 'rejected'])
})

const bounty = z.object({
  datanet: z.string(),
  bounty: z.string(),
  question: z.string(),
  language: z.string(),
  schemas: z.array(z.string()).readonly(),
  requester: z.string(),
  state: z.enum(['open', 'answered', 'filled', 'expired']),
  isListed: z.boolean(),
  createdAtMs: z.int(),
  expiresAtMs: z.int(),
  budgetWei: z.exactOptional(weiSchema),
  lockedWei: weiSchema,
  givenWei: weiSchema,
  abstained: z.exactOptional(z.string()),
  answers: z.array(answer).readonly(),
  approvals: z
    .array(
      z.object({
        contribution: z.string(),
        account: z.string(),
        curators: z.array(z.string()).readonly()
      })
    )
    .readonly(),
  needed: z.int(),
  filled: z.exactOptional(
    z.object({ contribution: z.string(), account: z.string(), amountWei: weiSchema })
  )
})

const payment = z.strictObject({ ...named.shape, amountWei: weiSchema })
const approval = z.strictObject({
  ...named.shape,
  contribution: z.exactOptional(idSchema),
  account: z.exactOptional(idSchema),
  instead: z.exactOptional(z.boolean())
})
const claim = z.object({ account: z.string(), claimedWei: weiSchema, txHash: z.string() })
const refund = z.object({
  datanet: z.string(),
  bounty: z.string(),
  refundedWei: weiSchema,
  txHash: z.string()
})

/** The bounties of `datanets` in the PeerApi on the wire. */
export const bountiesSchema = {
  bounties: methodOf('call', 'id', idSchema, z.array(bounty).readonly()),
  bounty: methodOf('call', 'named', named, bounty),
  openBounty: methodOf('call', 'draft', draft, bounty),
  fundBounty: methodOf('call', 'payment', payment, bounty),
  approveBounty: methodOf('call', 'approval', approval, bounty),
  claimBounties: methodOf('call', 'account', idSchema, claim),
  refundBounty: methodOf('call', 'named', named, refund)
}
