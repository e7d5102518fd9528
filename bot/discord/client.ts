import { Client, GatewayIntentBits, Options } from 'discord.js'

/**
 * A Discord client that is told of guilds and interactions alone: no message content, no members, no
 * presences. Nothing it sends pings anybody.
 */
export function createClient(api?: string): Client {
  return new Client({
    intents: [GatewayIntentBits.Guilds],
    allowedMentions: { parse: [] },
    makeCache: Options.cacheWithLimits({
      ...Options.DefaultMakeCacheSettings,
      MessageManager: 0,
      GuildMemberManager: 0,
      UserManager: 200
    }),
    ...(api === undefined ? {} : { rest: { api } })
  })
}
