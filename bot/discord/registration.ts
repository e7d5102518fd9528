import { createHash } from 'node:crypto'
import {
  type RESTPostAPIApplicationCommandsJSONBody as Definition,
  type REST,
  Routes
} from 'discord.js'

type Loose = Readonly<Record<string, unknown>>

/**
 * Registers the commands when they differ from those that Discord has; true when it did. Compared by
 * the hash of what both say, so that nothing has to be remembered here between two starts.
 */
export async function registerCommands(
  rest: REST,
  application: string,
  definitions: readonly Definition[]
): Promise<boolean> {
  const route = Routes.applicationCommands(application)
  const registered = (await rest.get(route)) as readonly Loose[]
  if (hashOf(registered) === hashOf(definitions as unknown as readonly Loose[])) return false
  await rest.put(route, { body: definitions })
  return true
}

function hashOf(commands: readonly Loose[]): string {
  const plain = commands.map(commandOf).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(plain)).digest('hex')
}

const keyOf = ({ type, name }: { type: unknown; name: string }) => `${type} ${name}`

/** What we say about a command, in one order, with what Discord fills in when it is left out. */
function commandOf(command: Loose) {
  return {
    type: command.type ?? 1,
    name: String(command.name),
    description: command.description ?? '',
    names: sorted(command.name_localizations),
    descriptions: sorted(command.description_localizations),
    permissions: command.default_member_permissions ?? null,
    contexts: command.contexts ?? null,
    integrations: command.integration_types ?? [0],
    options: optionsOf(command)
  }
}

function optionsOf(of: Loose): unknown[] {
  return ((of.options ?? []) as readonly Loose[]).map((option) => ({
    type: option.type,
    name: option.name,
    description: option.description,
    names: sorted(option.name_localizations),
    descriptions: sorted(option.description_localizations),
    required: option.required ?? false,
    autocomplete: option.autocomplete ?? false,
    length: [option.min_length ?? null, option.max_length ?? null],
    size: [option.min_value ?? null, option.max_value ?? null],
    choices: ((option.choices ?? []) as readonly Loose[]).map(({ name, value }) => [name, value]),
    channels: option.channel_types ?? [],
    options: optionsOf(option)
  }))
}

function sorted(texts: unknown): unknown[] {
  return Object.entries((texts ?? {}) as Loose).sort(([a], [b]) => (a < b ? -1 : 1))
}
