import {
  ApplicationCommandType,
  type Client,
  Events,
  type Interaction,
  InteractionType,
  type RepliableInteraction
} from 'discord.js'
import type { Clock } from '../clock.ts'
import { codeOf, type Log } from '../log.ts'
import { said } from '../render/card.ts'
import type { Payload, Stolen } from '../store/claims.ts'
import type { BotStore } from '../store/store.ts'
import { answer } from './answering.ts'
import { isTooLate } from './discord-code.ts'

/** Takes interactions as they come, and those that another process left behind. */
export interface Intake {
  /** Takes nothing new; what runs goes on. */
  pause(): void
  /** What runs. */
  readonly active: ReadonlySet<Promise<void>>
  stop(): void
}

/** As often as the claims of this process are renewed and those of others looked at. */
const EVERY_MS = 500
/** More raw interactions than that are never between being told of and being looked at. */
const MAX_RAW = 1_000
/** A person does not click more often; what does is told to wait. */
const CLICKS = 5
const CLICKS_MS = 10_000
const MODAL: unknown = InteractionType.ModalSubmit
const MESSAGE_MENU: unknown = ApplicationCommandType.Message

const CUT_SHORT =
  'The bot was restarted while it worked on this. Nothing of it was stored; please do it again.'

const TOO_LATE =
  'Something you asked for took longer than Discord waits. Nothing more is done about it; please do it again.'

/**
 * Every interaction that `client` is told of, once for all processes: claimed on the disk before
 * anything is done, then given to `route`. What a process that is gone had taken is done again, or its
 * member told; what came too late for Discord stands in the member's inbox.
 */
export function startIntake(
  client: Client,
  route: (interaction: Interaction) => Promise<void>,
  parts: { readonly store: BotStore; readonly clock: Clock; readonly log: Log }
): Intake {
  const { store, clock, log } = parts
  const { claims, notices } = store
  const raw = new Map<string, Payload>()
  const active = new Set<Promise<void>>()
  const replayed = new Set<string>()
  const clicks = new Map<string, number[]>()
  let isPaused = false
  let isStopped = false
  let forget = () => {}

  client.on(Events.Raw, (packet: { readonly t?: string | null; readonly d?: unknown }) => {
    if (packet.t !== 'INTERACTION_CREATE') return
    const payload = packet.d as Payload
    raw.set(payload.id, payload)
    const [oldest] = raw.keys()
    if (raw.size > MAX_RAW) raw.delete(oldest as string)
  })
  client.on(Events.InteractionCreate, (interaction) => {
    const payload = raw.get(interaction.id)
    raw.delete(interaction.id)
    // Deleted, so that a second delivery is looked at as one.
    const isOurs = replayed.delete(interaction.id)
    if (isPaused && !isOurs) return
    if (interaction.isAutocomplete()) run(interaction.id, () => route(interaction))
    else if (isOurs || isTaken(interaction, payload)) work(interaction)
  })

  function isTaken(interaction: Interaction, payload: Payload | undefined): boolean {
    try {
      const kept = redacted(payload ?? { id: interaction.id })
      return claims.take(kept.payload, kept.isReplayable)
    } catch (error) {
      // Without the disk nothing is done: what was not claimed might be done twice.
      log('claim', { id: interaction.id, code: codeOf(error) })
      return false
    }
  }

  function work(interaction: Interaction): void {
    run(interaction.id, async () => {
      if (isTooFast(interaction)) {
        await answer(interaction as RepliableInteraction, said('Not so fast, please.')).catch(
          (error) => log('untold', { id: interaction.id, code: codeOf(error) })
        )
      } else await route(interaction)
      claims.finish(interaction.id)
    })
  }

  function run(id: string, task: () => Promise<void>): void {
    const running = task()
      .catch((error) => log('interaction', { id, code: codeOf(error) }))
      .finally(() => active.delete(running))
    active.add(running)
  }

  function isTooFast(interaction: Interaction): boolean {
    if (!interaction.isMessageComponent()) return false
    const now = clock.now()
    const recent = (clicks.get(interaction.user.id) ?? []).filter((at) => at > now - CLICKS_MS)
    clicks.delete(interaction.user.id)
    clicks.set(interaction.user.id, [...recent, now])
    const [oldest] = clicks.keys()
    if (clicks.size > MAX_RAW) clicks.delete(oldest as string)
    return recent.length >= CLICKS
  }

  /** One that another process took: as if Discord had told of it now. */
  function replay({ payload, isReplayable }: Stolen): void {
    log('stolen', { id: payload.id, isReplayable })
    const interaction = again(client, payload, () => replayed.add(payload.id), isReplayable)
    if (isReplayable || interaction === undefined) return
    run(payload.id, async () => {
      // Whether it was answered before is known to Discord alone.
      interaction.deferred = true
      await answer(interaction, said(CUT_SHORT)).catch(async () => {
        interaction.deferred = false
        await answer(interaction, said(CUT_SHORT)).catch((error) => {
          if (!isTooLate(error)) log('untold', { id: payload.id, code: codeOf(error) })
        })
      })
      claims.finish(payload.id)
    })
  }

  function sweep(): void {
    if (active.size > 0) claims.renew()
    if (isPaused) return
    for (const one of claims.steal()) replay(one)
    for (const { payload } of claims.expire()) {
      const user = userOf(payload)
      if (user !== undefined) {
        notices.put(user, `expired ${payload.id}`, TOO_LATE)
      }
    }
  }

  function tick(): void {
    forget = clock.after(EVERY_MS, () => {
      try {
        sweep()
      } catch (error) {
        log('sweep', { code: codeOf(error) })
      }
      if (!isStopped) tick()
    })
  }
  tick()

  return {
    pause() {
      isPaused = true
    },
    active,
    stop() {
      isStopped = true
      forget()
    }
  }
}

/**
 * What of an interaction may be kept until it is done. What somebody wrote is not: neither the message
 * of a menu, whose author agreed to nothing, nor a form, which its member has not confirmed. Of those
 * stays what it takes to tell the member, as of a command without a name.
 */
function redacted(payload: Payload): { payload: Payload; isReplayable: boolean } {
  const data = (payload.data ?? {}) as Readonly<Record<string, unknown>>
  const isSecret = payload.type === MODAL || data.type === MESSAGE_MENU
  if (!isSecret) return { payload, isReplayable: true }
  const { message: _, ...rest } = payload
  const nameless = { id: '0', type: ApplicationCommandType.ChatInput, name: 'cut-short' }
  return {
    payload: { ...rest, type: InteractionType.ApplicationCommand, data: nameless },
    isReplayable: false
  }
}

/** The interaction that `payload` tells of, also given to who listens when it is to be done again. */
function again(
  client: Client,
  payload: Payload,
  mark: () => void,
  isTold: boolean
): RepliableInteraction | undefined {
  let made: Interaction | undefined
  const keep = (interaction: Interaction) => {
    if (interaction.id === payload.id) made = interaction
  }
  // discord.js offers no other way to make an interaction of what the gateway told.
  const { actions } = client as unknown as {
    readonly actions: { readonly InteractionCreate: { handle(data: unknown): void } }
  }
  if (isTold) mark()
  client.prependListener(Events.InteractionCreate, keep)
  try {
    actions.InteractionCreate.handle(payload)
  } finally {
    client.off(Events.InteractionCreate, keep)
  }
  return made?.isRepliable() === true ? made : undefined
}

function userOf(payload: Payload): string | undefined {
  const { user, member } = payload as {
    readonly user?: { readonly id?: string }
    readonly member?: { readonly user?: { readonly id?: string } }
  }
  return member?.user?.id ?? user?.id
}
