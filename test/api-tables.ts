import type { z } from 'zod'
import { idSchema, type Method, topicSchema, weiSchema } from '../peer/api/method.ts'
import { PEER_API } from '../peer/api/schema.ts'
import { ACCESS } from '../peer/api/token-scope.ts'

/** What specs/10-api.md must say, as its tables' cells without backquotes, computed from the code. */

const api = PEER_API
const itemOf = (schema: z.ZodType) => inside(schema).element

/** Values that have a section of their own on the page, by the heading there. */
const SHAPES = {
  DatanetDraft: api.datanets.create.argument,
  Datanet: api.datanets.show.result,
  ContributionDraft: api.datanets.contribute.argument,
  Finding: itemOf(api.datanets.check.result),
  Submission: api.datanets.contribute.result,
  OwnContribution: itemOf(api.datanets.submissions.result),
  OwnContributionDetails: api.datanets.submission.result,
  Inclusion: api.datanets.inclusion.result,
  RowsQuery: api.datanets.rows.argument,
  Standing: itemOf(api.datanets.standing.result),
  WithdrawalDraft: api.datanets.withdraw.argument,
  Withdrawal: api.datanets.withdraw.result,
  Pending: itemOf(api.datanets.pending.result),
  ReviewWork: api.datanets.reviewNext.argument,
  ReviewItem: api.datanets.reviewShow.result,
  Verdict: api.datanets.review.argument,
  Reviewed: api.datanets.review.result,
  ReviewStats: api.datanets.reviewStats.result,
  CuratorStats: itemOf(inside(api.datanets.reviewStats.result).shape.curators as z.ZodType),
  AppealDraft: api.datanets.appeal.argument,
  ChangeDraft: api.datanets.change.argument,
  ManifestChange: inside(api.datanets.change.argument).shape.change as z.ZodType,
  FieldChange: itemOf(inside(api.datanets.proposal.result).shape.changes as z.ZodType),
  Proposal: api.datanets.approve.result,
  ProposalDetails: api.datanets.proposal.result,
  Manifest: itemOf(api.datanets.manifests.result),
  Fork: itemOf(api.datanets.forks.result),
  RevisionDiff: api.datanets.diff.result,
  DiffRow: itemOf(inside(api.datanets.diff.result).shape.added as z.ZodType),
  BountyDraft: api.datanets.openBounty.argument,
  Bounty: api.datanets.bounty.result,
  BountyAnswer: itemOf(inside(api.datanets.bounty.result).shape.answers as z.ZodType),
  BountyPayment: api.datanets.fundBounty.argument,
  BountyApproval: api.datanets.approveBounty.argument,
  Revision: api.datanets.head.result,
  Fetched: api.datanets.fetch.result,
  Recipe: api.models.build.argument,
  Model: api.models.adopt.result,
  ServeTerms: api.models.serve.argument,
  Offer: api.models.serve.result,
  Question: api.models.ask.argument,
  AskEvent: api.models.ask.result,
  ChannelDraft: api.channels.open.argument,
  Channel: api.channels.open.result,
  Closing: api.channels.close.result,
  Budget: api.channels.budget.result,
  Claimed: api.channels.claim.result,
  Receipt: api.receipts.show.result,
  VerifiedReceipt: api.receipts.verify.result,
  Explanation: api.receipts.explain.result,
  Evidence: itemOf(api.receipts.evidence.result),
  ReceiptReport: api.receipts.report.result,
  Bond: api.receipts.bond.result,
  UnstakeDraft: api.receipts.unstake.argument,
  BondWithdrawal: api.receipts.unstake.result,
  Drop: itemOf(api.rewards.post.result),
  DropCheck: itemOf(api.rewards.check.result),
  RefutedDrop: api.rewards.refute.result,
  DropVoteDraft: api.rewards.veto.argument,
  DropVote: api.rewards.veto.result,
  SilentPool: itemOf(api.rewards.silent.result),
  SilentVoteDraft: api.rewards.postSilent.argument,
  Reward: itemOf(api.rewards.show.result),
  RewardClaim: api.rewards.claim.result,
  Account: api.accounts.find.result,
  AccountDetails: api.accounts.show.result,
  HandOverDraft: api.accounts.handOver.argument,
  HandOver: api.accounts.handOver.result,
  Holdings: api.accounts.holdings.result,
  DepositTarget: api.accounts.deposit.result,
  Vault: api.accounts.vault.result,
  VaultDraft: api.accounts.vaultWithdraw.argument,
  VaultWithdrawal: api.accounts.vaultWithdraw.result,
  Transfer: api.accounts.send.argument,
  Sent: api.accounts.send.result,
  KeyImport: api.accounts.import.argument,
  KeyExport: api.accounts.export.argument,
  ExportedKey: api.accounts.export.result,
  Status: api.peer.status.result
} as const

/** Zod's own description of a schema, as far as it is read here. */
interface Shape {
  readonly def: { readonly type: string; readonly discriminator?: string }
  readonly innerType: z.ZodType
  readonly element: z.ZodType
  readonly shape: Record<string, z.ZodType>
  readonly options: readonly (z.ZodType | string)[]
  readonly values: ReadonlySet<unknown>
  readonly valueType: z.ZodType
  readonly maxLength: number | null
}

function inside(schema: z.ZodType): Shape {
  const { def } = schema as unknown as { def: { type: string; innerType?: z.ZodType } }
  const isWrapper = ['readonly', 'optional', 'nonoptional'].includes(def.type)
  return isWrapper && def.innerType !== undefined
    ? inside(def.innerType)
    : (schema as unknown as Shape)
}

/** A schema in the words of the page. */
function words(schema: z.ZodType): string {
  const one = inside(schema)
  if (one === (weiSchema as unknown)) return 'wei'
  if (one === (idSchema as unknown)) return 'id'
  if (one === (topicSchema as unknown)) return 'topic'
  const [name] = Object.entries(SHAPES).find(([, known]) => inside(known) === one) ?? []
  if (name !== undefined) return name
  switch (one.def.type) {
    case 'string':
      return one.maxLength === null ? 'text' : `text(${one.maxLength})`
    case 'number':
      return 'int'
    case 'boolean':
      return 'bool'
    case 'undefined':
      return '–'
    case 'literal':
      return [...one.values].map((value) => JSON.stringify(value)).join(' or ')
    case 'enum':
      return one.options.map((option) => JSON.stringify(option)).join(' or ')
    case 'array':
      return `list of ${words(one.element)}`
    case 'record':
      return `map of ${words(one.valueType)}`
    case 'unknown':
      return 'any'
    case 'union':
      return one.options.map((option) => words(option as z.ZodType)).join(' or ')
    case 'object':
      return `{${fields(one)
        .map(([field, type]) => `${field}: ${type}`)
        .join(', ')}}`
    default:
      throw new Error(`no word for ${one.def.type}`)
  }
}

function fields({ shape }: Shape): [string, string][] {
  return Object.entries(shape).map(([field, type]) => {
    const { def } = type as unknown as { def: { type: string } }
    return [def.type === 'optional' ? `${field}?` : field, words(type)]
  })
}

/** Method, kind, argument, result, and who may call it: one row a method. */
export function methodRows(): string[][] {
  return Object.entries(PEER_API).flatMap(([noun, methods]) =>
    Object.entries<Method>(methods).map(([name, { kind, name: key, argument, result }]) => {
      const access = ACCESS[`${noun}/${name}` as keyof typeof ACCESS]
      return [
        `${noun}/${name}`,
        kind,
        key === undefined ? '–' : `${key}: ${words(argument)}`,
        words(result),
        typeof access === 'string' ? access : `the account in ${access.accountIn}`
      ]
    })
  )
}

/** Field and type of every shape, by its heading; of a union one row for each case. */
export function shapeRows(): Record<string, string[][]> {
  return Object.fromEntries(
    Object.entries(SHAPES).map(([name, schema]) => {
      const one = inside(schema)
      if (one.def.type !== 'union') return [name, fields(one)]
      const key = one.def.discriminator ?? ''
      const cases = one.options.map((option) => {
        const { [key]: head, ...rest } = inside(option as z.ZodType).shape
        const inner = fields({ shape: rest } as Shape).map((f) => f.join(': '))
        return [words(head as z.ZodType).replaceAll('"', ''), `{${inner.join(', ')}}`]
      })
      return [name, cases]
    })
  )
}
