import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseAmount } from '../peer/api/amounts.ts'
import { refusal } from '../peer/api/problem.ts'

/** What the bot runs with, besides what its own peer is configured by. */
export interface BotConfig {
  /** Absent when nobody has made a bot at Discord yet. */
  readonly discordToken?: string
  /** Where Discord's API is; its own address unless given. */
  readonly discordApi?: string
  /** A running peer; without it the bot starts one of its own. */
  readonly peer?: { readonly url: string; readonly token: string }
  /** Where the bot keeps what it must not forget; beside its peer's things unless given. */
  readonly dataDir?: string
  /** What Datanets and models are looked for by, beside those that the peer knows. */
  readonly topics: readonly string[]
  /** The most that members' questions may cost together in one UTC day, in the smallest unit. */
  readonly dailyWei: bigint
}

const DAILY = '10'

/**
 * The bot's configuration from the environment: DISCORD_TOKEN, DISCORD_API, DATANET_PEER_URL with
 * DATANET_PEER_TOKEN, DISCORD_DATA_DIR, DISCORD_TOPICS (separated by commas),
 * DISCORD_DAILY (in whole tokens). Refuses
 * half a peer and what is no amount (CONFIG_INVALID, INPUT_INVALID).
 */
export function readBotConfig(
  env: Readonly<Record<string, string | undefined>> = process.env
): BotConfig {
  const given = (name: string) => {
    const value = env[name]?.trim()
    return value === '' ? undefined : value
  }
  const discordToken = given('DISCORD_TOKEN')
  const discordApi = given('DISCORD_API')
  const url = given('DATANET_PEER_URL')
  const token = given('DATANET_PEER_TOKEN')
  // With a peer of its own it lies beside that one's things, wherever those are.
  const dataDir =
    given('DISCORD_DATA_DIR') ??
    (url === undefined ? undefined : join(homedir(), '.datanet', 'discord'))
  if ((url === undefined) !== (token === undefined)) {
    const key = url === undefined ? 'DATANET_PEER_URL' : 'DATANET_PEER_TOKEN'
    const hint = `${key} is missing: a remote peer needs both, its URL and a token for it`
    throw refusal('CONFIG_INVALID', { key }, { hint })
  }
  return {
    ...(discordToken === undefined ? {} : { discordToken }),
    ...(discordApi === undefined ? {} : { discordApi }),
    ...(url === undefined || token === undefined ? {} : { peer: { url, token } }),
    ...(dataDir === undefined ? {} : { dataDir }),
    topics: (given('DISCORD_TOPICS') ?? '')
      .split(',')
      .map((topic) => topic.trim())
      .filter((topic) => topic !== ''),
    dailyWei: parseAmount(given('DISCORD_DAILY') ?? DAILY)
  }
}
