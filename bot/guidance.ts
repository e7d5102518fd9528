/** What someone is told who starts the bot without a token: how to get one. */
export const GUIDANCE = `The Discord bot needs a token: DISCORD_TOKEN is not set.
1. Create an application at https://discord.com/developers/applications, name it, open “Bot”.
2. “Reset Token”, copy it. It is a password: keep it out of files that you share. No intent is needed.
3. Invite it: https://discord.com/oauth2/authorize?client_id=<application id>&scope=bot+applications.commands&permissions=274878024704
4. Run again: DISCORD_TOKEN=<token> npm run bot
   It starts a peer of its own, or takes a running one: DATANET_PEER_URL and DATANET_PEER_TOKEN.
Without any of this: npm run bot:try, a Discord on this machine and a terminal to try the bot in.
`

/** What someone is told whose token or setup Discord does not accept. */
export const REFUSED = `Discord does not accept DISCORD_TOKEN.
Open your application at https://discord.com/developers/applications, “Bot”, “Reset Token”, copy it
whole, and run again: DISCORD_TOKEN=<token> npm run bot
`

/** What someone is told whose peer runs already: a bot speaks to it, or has one of its own. */
export const ANOTHER_RUNS = `The bot can speak to that peer: DATANET_PEER_URL and DATANET_PEER_TOKEN, one of its “tokens”.
Or it has a peer of its own, in a folder of its own: DATANET_DATA_DIR=my-bot npm run bot
`
