import { Argument, Command, type CommanderError, Help, Option } from 'commander'
import type { PeerApi } from '../../api/peer-api.ts'
import { accountCommands } from './account.ts'
import { askCommands } from './ask.ts'
import { bondCommands } from './bond.ts'
import { bountyCommands } from './bounty.ts'
import { channelCommands } from './channel.ts'
import { type AskPassphrase, type CliCommand, leafOf } from './command.ts'
import { completionOf, SHELLS } from './completion.ts'
import { contributeCommands } from './contribute.ts'
import { contributionCommands } from './contribution.ts'
import { datanetCommands } from './datanet.ts'
import { decidingCommands } from './deciding.ts'
import { EXIT, EXIT_TEXT } from './exit-codes.ts'
import { exportCommands } from './export.ts'
import { hostingCommands } from './hosting.ts'
import { importCommands } from './import.ts'
import { modelCommands } from './model.ts'
import { peerCommands } from './peer.ts'
import type { Print } from './print.ts'
import { receiptCommands } from './receipt.ts'
import { reviewCommands } from './review.ts'
import { reviewVerdictCommands } from './review-verdicts.ts'
import { revisionDiffCommand } from './revision-diff.ts'
import { rewardCommands } from './reward.ts'
import { searchCommands } from './search.ts'
import { walletCommands } from './wallet.ts'
import { whoseOf } from './whose.ts'
import { withdrawCommands } from './withdraw.ts'

/** What every command over PeerApi takes beside its own options. */
export interface CommonOptions {
  readonly json?: boolean
  readonly dataDir?: string
}

/** The world around the commands, which a test replaces. */
export interface CliEnvironment {
  /** `pays` is true for a command that spends the peer's money. */
  connect(
    options: CommonOptions,
    pays: boolean
  ): Promise<{ readonly api: PeerApi; readonly dataDir?: string }>
  print(isJson: boolean): Print
  readonly passphrase: AskPassphrase
  readonly signal: AbortSignal
}

/** Where no terminal says how wide it is, and at most. */
const HELP_WIDTHS = { usual: 80, most: 100 }
/** A noun with more verbs than this leaves its summary no room on 80 columns. */
const TERM_WIDTH = 30
/** Commands that are named, and not explained, where all are listed. */
const RARE = [
  ...['bond', 'bounty', 'chain', 'completion', 'config', 'import', 'join', 'proposal', 'tower']
]

const NOUNS: Readonly<Record<string, string>> = {
  peer: 'run a peer of your own',
  datanet: 'found, host, publish and export Datanets',
  contribution: 'what you handed in, and what became of it',
  bounty: 'what a Datanet is asked, some of it for money',
  proposal: 'what a Datanet’s curators decide together',
  model: 'build models on Datanets and serve them',
  channel: 'what payers and providers pay through',
  receipt: 'what was asked, answered, credited and paid',
  bond: 'what providers stake on their receipts',
  reward: 'what was earned, and having it paid',
  account: 'whom the peer acts for, and what they did',
  wallet: 'this peer’s keys and money'
}

const COMMANDS: readonly CliCommand[] = [
  ...peerCommands,
  ...datanetCommands,
  ...hostingCommands,
  ...decidingCommands,
  revisionDiffCommand,
  ...exportCommands,
  ...contributeCommands,
  ...importCommands,
  ...contributionCommands,
  ...withdrawCommands,
  ...reviewCommands,
  ...reviewVerdictCommands,
  ...bountyCommands,
  ...modelCommands,
  ...searchCommands,
  ...askCommands,
  ...channelCommands,
  ...receiptCommands,
  ...bondCommands,
  ...rewardCommands,
  ...accountCommands,
  ...walletCommands
]

/** The command line without what starts processes; a wrong word is answered with the nearest right one. */
export function createProgram(environment: CliEnvironment): Command {
  const program = new Command('datanet')
    .description('Communities turn what they know into data and models that agents pay for.')
    .exitOverride()
    // What stands behind a verb is the verb's, also where its noun takes the same.
    .enablePositionalOptions()
    .usage('<command>   (with --help: what it takes)')
    .helpOption('-h, --help', 'this, or what a command takes')
    .addHelpText('after', `\nAlso ${RARE.join(', ')}.\n${EXIT_TEXT}`)
    .configureHelp({
      subcommandTerm: termOf,
      visibleOptions: optionsOf,
      visibleCommands: commandsOf,
      formatHelp: helpOf
    })
    .configureOutput({
      outputError: (text, write) => write(text + suggestionFor(text)),
      getOutHelpWidth: helpWidth
    })
    .helpCommand(false)
  for (const one of COMMANDS) add(program, one, environment)
  program
    .command('completion', { hidden: true })
    .summary('for the shell to complete commands')
    .description('completion for a shell, as in: source <(datanet completion bash)')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: (typeof SHELLS)[number]) => {
      environment.print(false).write(completionOf(program, shell))
    })
  return program
}

/** The exit code of what commander itself ended with: help, or wrong usage. */
export function usageCode(error: CommanderError): number {
  return error.exitCode === 0 ? EXIT.done : EXIT.usage
}

/** A noun with its verbs, a verb with what it is about. */
function termOf(one: Command): string {
  const verbs = one.commands.map((verb) => verb.name()).join('|')
  const args = one.registeredArguments.map((argument) => {
    const name = argument.variadic ? `${argument.name()}...` : argument.name()
    return argument.required ? `<${name}>` : `[${name}]`
  })
  const term = [one.name(), verbs, ...args].filter((part) => part !== '').join(' ')
  if (term.length <= TERM_WIDTH) return term
  return `${term.slice(0, term.lastIndexOf('|', TERM_WIDTH - 1) + 1)}…`
}

function helpWidth(): number {
  return Math.min(process.stdout.columns || HELP_WIDTHS.usual, HELP_WIDTHS.most)
}

/** As commander writes it; of the program itself in fewer lines, so that it fits a screen. */
function helpOf(one: Command, helper: Help): string {
  const text = new Help().formatHelp.call(helper, one, helper)
  return one.parent === null ? text.replace('\n\n', '\n') : text
}

/** All that a noun can do, and of the nouns those that most people need. */
function commandsOf(one: Command): Command[] {
  const all = new Help().visibleCommands(one)
  return one.parent === null ? all.filter((noun) => !RARE.includes(noun.name())) : all
}

/** The whole fits a screen without the option that is being used. */
function optionsOf(one: Command): Option[] {
  return one.parent === null ? [] : new Help().visibleOptions(one)
}

/** The noun of a verb that was typed alone, where commander has nothing to suggest. */
function suggestionFor(text: string): string {
  const verb = /unknown command '([\w-]+)'/.exec(text)?.[1]
  if (verb === undefined || text.includes('Did you mean')) return ''
  const full = COMMANDS.filter(({ name }) => name.endsWith(` ${verb}`)).map(({ name }) => name)
  // What is not listed is not suggested by commander either.
  full.push(...RARE.filter((name) => name.startsWith(verb.slice(0, 2))))
  if (full.length === 0) return '(datanet --help lists the commands)\n'
  return `(Did you mean ${full.map((name) => `datanet ${name}`).join(', ')}?)\n`
}

/** What a command without a peer has: nothing of it may be used. */
const NO_PEER = {} as PeerApi

function add(program: Command, one: CliCommand, environment: CliEnvironment): void {
  const leaf = leafOf(program, one.name, NOUNS).description(one.summary)
  if (one.args !== undefined) leaf.arguments(one.args)
  for (const option of one.options ?? []) leaf.addOption(option)
  leaf.addOption(new Option('--json', 'for programs: one object, or one a line'))
  if (one.isOffline !== true) leaf.addOption(new Option('--data-dir <dir>', 'whose peer is asked'))
  leaf.action(async () => {
    const options = leaf.opts<CommonOptions>()
    const print = environment.print(options.json === true)
    const peer =
      one.isOffline === true
        ? { api: NO_PEER }
        : await environment.connect(options, one.pays === true)
    const whose = whoseOf(options.dataDir)
    const args = leaf.args
    const { passphrase, signal } = environment
    await one.run({ ...peer, args, options, print, whose, passphrase, signal })
  })
}
