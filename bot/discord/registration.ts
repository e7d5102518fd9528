import { createHash } from 'node:crypto'
import {
  type RESTPostAPIChatInputApplicationCommandsJSONBody as Definition,
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
  const plain = commands.map(commandOf).sort((a, b) => (a.name < b.name ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(plain)).digest('hex')
}

/** What we say about a command, in one order, with what Discord fills in when it is left out. */
function commandOf(command: Loose) {
  return {
    name: String(command.name),
    description: command.description,
    permissions: command.default_member_permissions ?? null,
    contexts: command.contexts ?? null,
    integrations: command.integration_types ?? [0],
    options: ((command.options ?? []) as readonly Loose[]).map((option) => ({
      type: option.type,
      name: option.name,
      description: option.description,
      required: option.required ?? false,
      autocomplete: option.autocomplete ?? false,
      length: [option.min_length ?? null, option.max_length ?? null],
      choices: option.choices ?? []
    }))
  }
}
