import type { AutocompleteInteraction, BaseInteraction } from 'discord.js'
import type { DatanetSummary } from '../../peer/api/datanets-api.ts'
import { refusal } from '../../peer/api/problem.ts'
import { knownDatanets } from '../discover.ts'
import type { BotParts } from './bot-command.ts'

/** A modal must open within three seconds and cannot be deferred: the peer has this long. */
const FORM_MS = 2_000
/** Discord's bound on what is offered, and on each of them. */
const CHOICES = 25
const CHARACTERS = 100

type Parts = Pick<BotParts, 'api' | 'clock' | 'store' | 'topics'>

/**
 * The Datanet that `wanted` means, an id or a name; without it the server's own, or the only one there
 * is. Refuses what is not there or could be several (DATANET_UNKNOWN), and a peer that does not say in
 * the time in which Discord lets a form be opened (PEER_SILENT).
 */
export async function chooseDatanet(
  { api, clock, store, topics }: Parts,
  wanted: string | undefined,
  { guildId }: Pick<BaseInteraction, 'guildId'>
): Promise<DatanetSummary> {
  const late = new AbortController()
  const forget = clock.after(FORM_MS, () => late.abort())
  try {
    const known = await knownDatanets(api, topics, { signal: late.signal })
    const own = guildId === null ? undefined : store.guilds.settings(guildId).datanet
    const named = wanted ?? own
    const found =
      named === undefined
        ? known[0]
        : known.find(({ id, name }) => id === named || name.toLowerCase() === named.toLowerCase())
    if (found === undefined || (named === undefined && known.length > 1)) {
      throw refusal('DATANET_UNKNOWN', {})
    }
    return found
  } catch (error) {
    throw late.signal.aborted ? refusal('PEER_SILENT', {}) : error
  } finally {
    forget()
  }
}

/** What is offered while a Datanet is typed: the server's own, then those one joined, then the rest. */
export async function choicesOf(
  { api, store }: Parts,
  interaction: AutocompleteInteraction,
  typed: string
): Promise<{ readonly name: string; readonly value: string }[]> {
  const part = typed.toLowerCase()
  const known = await api.datanets.list().catch(() => [])
  const own =
    interaction.guildId === null ? undefined : store.guilds.settings(interaction.guildId).datanet
  const joined = store.members.joined(interaction.user.id)
  const rank = (id: string) => (id === own ? 0 : joined.includes(id) ? 1 : 2)
  return known
    .filter(({ name, purpose }) => `${name} ${purpose}`.toLowerCase().includes(part))
    .toSorted((a, b) => rank(a.id) - rank(b.id))
    .slice(0, CHOICES)
    .map(({ name, purpose, id }) => ({
      name: `${name} — ${purpose}`.slice(0, CHARACTERS),
      value: id
    }))
}
