import type {
  AnySelectMenuInteraction,
  AutocompleteInteraction,
  ButtonInteraction,
  ChatInputCommandInteraction,
  MessageContextMenuCommandInteraction,
  ModalSubmitInteraction,
  RESTPostAPIApplicationCommandsJSONBody
} from 'discord.js'
import type { PeerApi } from '../../peer/api/peer-api.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { BotStore } from '../store/store.ts'

/** What commands are made of: the peer, what the bot keeps, and this process's surroundings. */
export interface BotParts {
  readonly api: PeerApi
  readonly store: BotStore
  readonly clock: Clock
  readonly log: Log
  /** What Datanets and models are looked for by when the peer knows none. */
  readonly topics: readonly string[]
}

/** A command with its controls and modals, which are named by the action in their custom ids. */
export interface BotCommand {
  readonly definition: RESTPostAPIApplicationCommandsJSONBody
  run?(interaction: ChatInputCommandInteraction): Promise<void>
  /** For a command of a message's menu. */
  onMessage?(interaction: MessageContextMenuCommandInteraction): Promise<void>
  /** What is offered for the option that is being typed; within a second. */
  complete?(interaction: AutocompleteInteraction): Promise<void>
  readonly buttons?: Actions<ButtonInteraction>
  readonly selects?: Actions<AnySelectMenuInteraction>
  readonly modals?: Actions<ModalSubmitInteraction>
  /** Ends what runs: its messages say that the bot restarts. */
  stop?(): void
}

export type Actions<I> = Readonly<
  Record<string, (interaction: I, subject: string) => Promise<void>>
>
