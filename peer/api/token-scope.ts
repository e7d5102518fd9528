import { isDatanetError } from '../../protocol/base/errors.ts'
import type { AccountSummary, HandOverDraft } from './accounts-api.ts'
import type { Question } from './models-api.ts'
import type { PeerApi } from './peer-api.ts'
import { refusal } from './problem.ts'
import type { MethodPath } from './schema.ts'

/** What a token permits. Without `admin` it acts for its accounts only, and pays up to `spendWei`. */
export interface TokenScope {
  readonly accounts?: readonly string[]
  /**
   * The beginning of labels, such as `discord/`: it makes accounts called so, and acts for them
   * beside `accounts`. For who keeps an account for each of many people.
   */
  readonly accountsUnder?: string
  /** The most that its questions may cost together in one UTC day; without it, nothing. */
  readonly spendWei?: bigint
  readonly admin?: boolean
}

/** Who may call a method: any token, an administrator's, or one for the account that is named. */
export type Access = 'any' | 'admin' | { readonly accountIn: string } | 'the account' | 'the label'

/**
 * Who may call what. What commits this peer's own money, keys, disk or name is the administrator's.
 * specs/10-api.md §Methods
 */
export const ACCESS: Readonly<Record<MethodPath, Access>> = {
  'datanets/create': 'admin',
  'datanets/list': 'any',
  'datanets/show': 'any',
  'datanets/find': 'any',
  'datanets/check': { accountIn: 'account' },
  'datanets/contribute': { accountIn: 'account' },
  'datanets/submissions': { accountIn: 'account' },
  'datanets/submission': { accountIn: 'account' },
  'datanets/standing': { accountIn: 'account' },
  'datanets/inclusion': 'any',
  'datanets/rows': 'any',
  // It may wait for its curators still, and costs the disk.
  'datanets/file': 'admin',
  'datanets/withdraw': { accountIn: 'account' },
  // It tells who gave what, which curators are not to know.
  'datanets/pending': 'admin',
  'datanets/reviewNext': { accountIn: 'account' },
  'datanets/reviewGive': { accountIn: 'account' },
  'datanets/reviewShow': { accountIn: 'account' },
  'datanets/reviewHeld': { accountIn: 'account' },
  'datanets/review': { accountIn: 'account' },
  'datanets/reviewStats': { accountIn: 'account' },
  'datanets/appeal': { accountIn: 'account' },
  'datanets/publish': 'admin',
  'datanets/head': 'any',
  'datanets/fetch': 'admin',
  'datanets/host': 'admin',
  'datanets/replicas': 'any',
  'datanets/name': 'any',
  'datanets/clean': 'admin',
  'datanets/change': 'admin',
  'datanets/propose': 'admin',
  'datanets/proposals': 'any',
  'datanets/proposal': 'any',
  'datanets/approve': 'admin',
  'datanets/carry': 'admin',
  'datanets/forks': 'any',
  'datanets/diff': 'any',
  'datanets/manifests': 'any',
  'datanets/bounties': 'any',
  'datanets/bounty': 'any',
  'datanets/openBounty': { accountIn: 'account' },
  'datanets/fundBounty': 'admin',
  'datanets/approveBounty': 'admin',
  'datanets/claimBounties': 'the account',
  'datanets/refundBounty': 'admin',
  'models/build': 'admin',
  'models/adopt': 'admin',
  'models/built': 'any',
  'models/serve': 'admin',
  'models/retire': 'admin',
  'models/list': 'any',
  'models/search': 'any',
  // Bounded by the spending limit instead; what it may publish, by its account.
  'models/ask': 'any',
  'channels/list': 'admin',
  'channels/open': 'admin',
  'channels/close': 'admin',
  'channels/budget': 'admin',
  'channels/claim': 'admin',
  'receipts/list': 'admin',
  // Their ids are 128 random bits, known to who asked.
  'receipts/show': 'any',
  'receipts/verify': 'any',
  'receipts/explain': 'admin',
  'receipts/evidence': 'admin',
  'receipts/report': 'admin',
  'receipts/bond': 'any',
  'receipts/stake': 'admin',
  'receipts/unstake': 'admin',
  'rewards/post': 'admin',
  'rewards/show': 'the account',
  'rewards/claim': 'the account',
  'rewards/check': 'admin',
  'rewards/refute': 'admin',
  'rewards/veto': 'admin',
  'rewards/silent': 'any',
  'rewards/postSilent': 'admin',
  'accounts/create': 'the label',
  'accounts/ensure': 'the label',
  'accounts/find': 'the account',
  'accounts/list': 'any',
  'accounts/show': 'the account',
  'accounts/handOver': { accountIn: 'account' },
  'accounts/balance': 'any',
  'accounts/holdings': 'the account',
  'accounts/deposit': 'the account',
  'accounts/send': { accountIn: 'account' },
  'accounts/signedText': 'any',
  'accounts/vault': 'admin',
  'accounts/vaultDeposit': 'admin',
  'accounts/vaultWithdraw': 'admin',
  'accounts/import': 'admin',
  'accounts/export': 'admin',
  'peer/status': 'any'
}

/** Refuses what `scope` does not permit (FORBIDDEN), before anything was done. */
export async function authorise(
  api: PeerApi,
  scope: TokenScope,
  path: MethodPath,
  argument: unknown
): Promise<void> {
  if (scope.admin === true) return
  const access = ACCESS[path]
  if (path === 'models/ask') {
    const { publishAs } = argument as Question
    if (publishAs === undefined || (await holds(api, scope, publishAs))) return
    throw refusal('FORBIDDEN', { method: path, account: publishAs })
  }
  if (access === 'any') return
  if (access === 'admin') throw refusal('FORBIDDEN', { method: path, needs: 'admin' })
  if (access === 'the label') {
    if (isUnder(scope, String(argument))) return
    throw refusal('FORBIDDEN', { method: path, label: argument })
  }
  const account =
    access === 'the account'
      ? argument
      : (argument as Readonly<Record<string, unknown>>)[access.accountIn]
  if (typeof account !== 'string' || !(await holds(api, scope, account))) {
    throw refusal('FORBIDDEN', { method: path, account })
  }
  if (path !== 'accounts/handOver') return
  // Where this peer keeps the other key as well, it signs as both.
  const { to } = argument as HandOverDraft
  const other = await findAccount(api, to)
  if (other !== undefined && !isOf(scope, other)) {
    throw refusal('FORBIDDEN', { method: path, account: to })
  }
}

/** What of a result `scope` may see: of the accounts, its own. */
export function visible(scope: TokenScope, path: MethodPath, result: unknown): unknown {
  if (scope.admin === true || path !== 'accounts/list') return result
  return (result as readonly AccountSummary[]).filter((account) => isOf(scope, account))
}

/** Whether `scope` acts for `named`, an address or a label; labels are asked of the wallet's index. */
async function holds(api: PeerApi, scope: TokenScope, named: string): Promise<boolean> {
  if (isListed(scope, named) || isUnder(scope, named)) return true
  if (scope.accountsUnder === undefined && scope.accounts === undefined) return false
  const account = await findAccount(api, named)
  return account !== undefined && isOf(scope, account)
}

/** The account of this peer with that address or label, if there is one. */
async function findAccount(api: PeerApi, named: string): Promise<AccountSummary | undefined> {
  try {
    return await api.accounts.find(named)
  } catch (error) {
    if (isDatanetError(error) && error.code === 'ACCOUNT_UNKNOWN') return undefined
    throw error
  }
}

function isOf(scope: TokenScope, { address, label }: AccountSummary): boolean {
  return isListed(scope, address) || isUnder(scope, label)
}

function isListed({ accounts }: TokenScope, address: string): boolean {
  return accounts?.some((own) => own.toLowerCase() === address.toLowerCase()) ?? false
}

function isUnder({ accountsUnder }: TokenScope, label: string): boolean {
  // An empty beginning would be everybody's.
  if (accountsUnder === undefined || accountsUnder === '') return false
  return label.length > accountsUnder.length && label.startsWith(accountsUnder)
}
