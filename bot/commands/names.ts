import type { CreditLine } from '../../peer/api/money-api.ts'
import type { PeerApi } from '../../peer/api/peer-api.ts'
import type { BotStore } from '../store/store.ts'

/** What an account kept for a member of Discord is called. */
export const LABEL = 'discord/'
/** More contributors than that are not named one by one. */
const MAX = 10

/** The label of the account that is kept for a member. */
export function labelOf(user: string): string {
  return `${LABEL}${user}`
}

/** The names that members chose to be shown by, of those who are credited, by their accounts. */
export async function namesOf(
  api: PeerApi,
  { members }: Pick<BotStore, 'members'>,
  credits: readonly CreditLine[]
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  const accounts = new Set(credits.flatMap(({ account }) => account ?? []))
  for (const address of [...accounts].slice(0, MAX)) {
    // Accounts that this peer does not keep are strangers, and so is who chose no name.
    const account = await (async () => api.accounts.find(address))().catch(() => undefined)
    if (account === undefined || !account.label.startsWith(LABEL)) continue
    const { publicName } = members.settings(account.label.slice(LABEL.length))
    if (publicName !== undefined) names.set(address, publicName)
  }
  return names
}
