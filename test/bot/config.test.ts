import { expect, test } from 'vitest'
import { readBotConfig } from '../../bot/config.ts'

test('what is left out has its usual value, and an empty variable is left out', () => {
  expect(readBotConfig({ DISCORD_TOKEN: ' ' })).toEqual({ topics: [], dailyWei: 10n ** 19n })
})

test('everything can be set', () => {
  const config = readBotConfig({
    DISCORD_TOKEN: 'token',
    DISCORD_API: 'http://127.0.0.1:1/api',
    DISCORD_TOPICS: 'crafts, software security ,',
    DISCORD_DAILY: '0.5',
    DISCORD_DATA_DIR: '/srv/bot',
    DATANET_PEER_URL: 'http://127.0.0.1:2',
    DATANET_PEER_TOKEN: 'peer-token'
  })
  expect(config).toEqual({
    discordToken: 'token',
    discordApi: 'http://127.0.0.1:1/api',
    topics: ['crafts', 'software security'],
    dailyWei: 5n * 10n ** 17n,
    dataDir: '/srv/bot',
    peer: { url: 'http://127.0.0.1:2', token: 'peer-token' }
  })
})

test('half a peer and no amount are refused', () => {
  expect(() => readBotConfig({ DATANET_PEER_TOKEN: 'x' })).toThrow(/DATANET_PEER_URL is missing/)
  expect(() => readBotConfig({ DISCORD_DAILY: 'lots' })).toThrow(/amount/)
})
