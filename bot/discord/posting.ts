import { type Client, DiscordAPIError, MessageFlags } from 'discord.js'
import type { Clock } from '../clock.ts'
import { codeOf, type Log } from '../log.ts'
import { type Card, card } from '../render/card.ts'
import type { Outbox, Outgoing } from '../store/outbox.ts'

const EVERY_MS = 1_000
const AT_ONCE = 5

/** Sends what is in the outbox, each once, until it is stopped. */
export function startPosting(
  client: Client,
  { outbox, clock, log }: { readonly outbox: Outbox; readonly clock: Clock; readonly log: Log }
): { stop(): Promise<void> } {
  let isStopped = false
  let forget = () => {}
  let running: Promise<void> = Promise.resolve()

  async function send({ id, nonce, to, card: shown }: Outgoing): Promise<void> {
    try {
      const { attachments: _, ...content } = card(shown as Card)
      // Discord gives the first message of a nonce back instead of posting a second.
      const message = { ...content, nonce, enforceNonce: true, flags: MessageFlags.IsComponentsV2 }
      if ('user' in to) await client.users.send(to.user, message as never)
      else {
        const channel = await client.channels.fetch(to.channel)
        if (channel?.isSendable() !== true) throw new TypeError('no channel to write in')
        await channel.send(message as never)
      }
      outbox.done(id)
    } catch (error) {
      log('outbox', { id, code: codeOf(error) })
      const isRefused = error instanceof DiscordAPIError && error.status < 500
      if (isRefused || error instanceof TypeError) outbox.done(id)
      else outbox.failed(id)
    }
  }

  function tick(): void {
    forget = clock.after(EVERY_MS, () => {
      running = (async () => {
        for (const one of outbox.due(AT_ONCE)) await send(one)
      })().catch((error) => log('outbox', { code: codeOf(error) }))
      running.finally(() => {
        if (!isStopped) tick()
      })
    })
  }

  tick()
  return {
    async stop() {
      isStopped = true
      forget()
      await running
    }
  }
}
