import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { type Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { connectPeer } from '../../api/client.ts'
import type { PeerApi } from '../../api/peer-api.ts'
import { refusal } from '../../api/problem.ts'
import { describeConfig, loadConfig } from '../../config.ts'
import { VERSION } from '../../version.ts'
import { type ChainDeployOptions, chainDeploy, demandToken, tellDeployed } from './chain.ts'
import { type AskPassphrase, read } from './command.ts'
import { type FindingLine, tellDiagnosis, tellFinding } from './doctor.ts'
import { EXIT } from './exit-codes.ts'
import { type InitOptions, initCommand, runInit } from './init.ts'
import { lastPeer } from './last-peer.ts'
import { fields } from './layout.ts'
import { createPrint, failed, type Print } from './print.ts'
import { type CommonOptions, createProgram, usageCode } from './program.ts'
import { askSecret } from './secret-prompt.ts'
import { type StartingWorld, startPeer, stopPeer, unlocked } from './starting.ts'
import { tellEncrypted } from './tell-start.ts'
import { findPeer, findPeerToStop, type Places } from './which-peer.ts'

// What runs a peer is loaded by the commands that run one: the others answer at once.

/** The flags that say what a peer runs with; config.ts knows their meaning. */
const CONFIG_FLAGS = [
  new Option('--network <file>', 'the file of the network to join'),
  new Option('--data-dir <dir>', 'where keys, records and blocks are kept'),
  new Option('--chain <kind>', 'embedded: a chain of its own here, with play money'),
  new Option('--chain-port <port>', 'of that chain, for the other peers of this machine'),
  new Option('--roles <roles>', 'of host, provider, consumer, tower; the first three unless given'),
  new Option('--bootstrap <address>', 'a peer to join by; may be repeated').argParser(read.many),
  new Option('--listen <address>', 'where other peers reach it; may be repeated').argParser(
    read.many
  ),
  new Option('--api-port <port>', 'of the API for the other commands'),
  new Option('--gateway', 'open an OpenAI-compatible endpoint as well'),
  new Option('--gateway-port <port>', 'of that endpoint'),
  new Option('--log-level <level>', 'silent, error, warn, info or debug')
]

const stopping = new AbortController()
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read the output has seen enough.
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const program = createProgram({
  connect,
  print: printOf,
  passphrase: askPassphrase,
  signal: stopping.signal
})
program.version(VERSION, '-V, --version', 'which version this is')
const world: StartingWorld = { print: printOf, signal: stopping.signal, stopOnSignals }

initCommand(program.command('init')).action(setUp)

withFlags(nounOf('peer').command('start'))
  .description('start a peer here, for the other commands and other peers')
  .option('--background', 'return when it answers, and leave it running')
  .addOption(new Option('--behind', 'the peer that --background starts: says little').hideHelp())
  .action((flags) => startPeer(flags, world))

withFlags(program.command('tower', { hidden: true }))
  .summary("keep providers' vouchers and claim for them")
  .description(
    "keep providers' vouchers, without their keys, and claim them when a payer withdraws and its " +
      'provider is away; providers name it by towers in their config.json'
  )
  .action(async (flags) => startPeer({ ...flags, roles: flags.roles ?? 'tower' }, world))

nounOf('peer')
  .command('stop')
  .description('stop the running peer and wait until it is gone')
  .option('--data-dir <dir>', 'whose peer')
  .option('--json', 'for programs: one object')
  .action((options) => stopPeer(options, findPeerToStop(placesOf(options)), world))

nounOf('account')
  .command('encrypt')
  .description('encrypt the keys of a stopped peer, or change their passphrase')
  .option('--new-passphrase-file <file>', 'with the passphrase that holds from now on')
  .option('--data-dir <dir>', 'whose keys')
  .option('--json', 'for programs: one object')
  .action(encryptAccounts)

withFlags(program.command('config', { hidden: true }))
  .description('what a peer would run with, secrets hidden')
  .action(showConfig)

withFlags(program.command('doctor'))
  .summary('what is wrong here, and what to do')
  .description('what is in the way of a peer here, and what to do about it')
  .action(runDoctor)

chainDeploy(program.command('chain', { hidden: true })).action(deployChain)

program
  .command('devnet')
  .summary('run the whole loop on this machine')
  .description('run the whole loop on this machine: contribute, organise, build, use, reward')
  .option('--once', 'stop when the loop has run')
  .option('--json', 'one JSON object a step, the last one the summary')
  .option('--seed <number>', 'which texts and questions are drawn', seed, 1)
  .option('--question <text>', 'ask this as well; may be repeated', read.many, [])
  .option('--keep <dir>', 'keep the world there, and start it again where it was')
  .action(async (options) => (await import('../../devnet/command.ts')).runDevnet(options))

program
  .command('join', { hidden: true })
  .summary('join a running devnet and ask it something')
  .description('join a running devnet as another agent and ask it something')
  .argument('<network-file>', 'the file that the devnet names at its end')
  .option('--question <text>', 'what to ask', 'What is SQL injection?')
  .option('--json', 'one JSON object with the answer and its receipt')
  .action(async (file, options) => (await import('../../devnet/join.ts')).runJoin(file, options))

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode =
    error instanceof CommanderError
      ? usageCode(error)
      : failed(error, process.argv.includes('--json'))
}

/** The PeerApi of the running peer; of several that may be meant, who pays is told which one it is. */
async function connect(
  options: CommonOptions,
  pays: boolean
): Promise<{ api: PeerApi; dataDir: string }> {
  stopOnSignals()
  const { daemon, dataDir, other } = findPeer(placesOf(options))
  if (pays && other !== undefined) {
    const also = `Another runs on ${other}; --data-dir chooses.`
    process.stderr.write(`Acting for the peer on ${dataDir}. ${also}\n`)
  }
  return { api: connectPeer(daemon), dataDir }
}

function placesOf({ dataDir: named }: CommonOptions): Places {
  const { dataDir } = loadConfig({ flags: { dataDir: named } })
  const isNamed = named !== undefined || dataDir !== join(homedir(), '.datanet')
  return { dataDir, isNamed, last: lastPeer() }
}

async function setUp(options: InitOptions): Promise<void> {
  stopOnSignals()
  const { dataDir, network, json } = options
  // Also tells whether such a configuration is possible, before anything is written.
  const config = loadConfig({ flags: { dataDir, ...(network ? { network } : {}) } })
  const print = printOf(json === true)
  await runInit(options, { dataDir: config.dataDir, print, signal: stopping.signal })
}

async function encryptAccounts(options: Record<string, string | undefined>): Promise<void> {
  stopOnSignals()
  const { encryptKeys } = await import('../../encrypt-keys.ts')
  const print = printOf(options.json !== undefined)
  const config = loadConfig({ flags: { dataDir: options.dataDir } })
  const { newPassphraseFile } = options
  const done = await encryptKeys({
    ...config,
    ...(newPassphraseFile === undefined ? {} : { newPassphraseFile }),
    ask: (question) => askSecret(question, { signal: stopping.signal })
  })
  await print.show(done, tellEncrypted)
}

async function runDoctor({ json, ...flags }: Record<string, unknown>): Promise<void> {
  const { diagnose } = await import('../../doctor.ts')
  const print = printOf(json === true)
  const findings: FindingLine[] = []
  for await (const finding of diagnose({ flags })) {
    findings.push(finding)
    print.write(`${tellFinding(finding, print.columns)}\n`)
  }
  const isWell = findings.every(({ mark }) => mark !== 'wrong')
  await print.show({ isWell, findings }, () => `\n${tellDiagnosis(findings)}`)
  if (!isWell) process.exitCode = EXIT.failed
}

async function deployChain(options: ChainDeployOptions): Promise<void> {
  demandToken(options)
  stopOnSignals()
  const { deployNetwork } = await import('../../deploy-network.ts')
  const print = printOf(options.json === true)
  const { dropDelay: dropDelayS, dataDir, playToken: _, json: __, ...order } = options
  let done = 0
  const deployed = await unlocked(loadConfig({ flags: { dataDir } }), stopping.signal, (config) =>
    deployNetwork(
      config,
      { ...order, dropDelayS },
      {
        signal: stopping.signal,
        onStart: ({ chainId, deployer }) =>
          print.write(`Deploying on chain ${chainId}, paid by ${deployer}\n\n`),
        onDeployed: ({ contract }) =>
          print.progress({ text: `${contract} is there`, done: ++done, total: 0 })
      }
    )
  )
  await print.show(deployed, (all) => tellDeployed(all, dropDelayS, print.columns))
}

async function showConfig({ json, ...flags }: Record<string, unknown>): Promise<void> {
  const print = printOf(json === true)
  const inWords = (value: unknown) => {
    if (value === null || (Array.isArray(value) && value.length === 0)) return 'none'
    return typeof value === 'string' ? value : JSON.stringify(value)
  }
  await print.show(describeConfig(loadConfig({ flags })), (config) =>
    fields(
      Object.entries(config).map(([key, value]) => [key, inWords(value) ?? '']),
      print.columns
    )
  )
}

/** Of a key file that goes out or comes in: from a file of its owner's alone, or typed unseen. */
async function askPassphrase({ file, question, isNew }: Parameters<AskPassphrase>[0]) {
  if (file !== undefined) {
    const { passphraseOf } = await import('../../wallet/passphrase.ts')
    const words = passphraseOf({ keyPassphraseFile: file })
    if (words !== undefined) return words
  }
  const ask = async (words: string) => {
    const answer = await askSecret(words, { signal: stopping.signal })
    if (answer !== undefined) return answer
    const hint = 'nobody to ask: --passphrase-file <file> names one of mode 600'
    throw refusal('INPUT_INVALID', { param: 'passphraseFile' }, { hint })
  }
  const chosen = await ask(question)
  if (isNew !== true || chosen === (await ask('Once more: '))) return chosen
  throw refusal('INPUT_INVALID', {}, { hint: 'the two differ' })
}

function printOf(isJson: boolean): Print {
  const isWatched = process.stdin.isTTY === true && process.stdout.isTTY === true
  const prompt = async (question: string) => {
    const lines = createInterface({ input: process.stdin, output: process.stdout })
    // A terminal that is read line by line gives its Ctrl-C to the reader.
    lines.once('SIGINT', () => stopping.abort())
    // Ctrl-D: nobody answers any more.
    lines.once('close', () => stopping.abort())
    try {
      return await lines.question(question, { signal: stopping.signal })
    } finally {
      lines.removeAllListeners('close')
      lines.close()
    }
  }
  const sinks = { out: process.stdout, err: process.stderr }
  return createPrint({ isJson, ...sinks, ...(isWatched ? { prompt } : {}) })
}

/** The first signal ends what runs in its own way, one well after it at once. */
function stopOnSignals(): void {
  let firstMs = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      // A terminal and npx may both deliver one Ctrl-C.
      if (stopping.signal.aborted && performance.now() - firstMs > 1_500) process.exit(130)
      if (stopping.signal.aborted) return
      firstMs = performance.now()
      stopping.abort()
    })
  }
}

function withFlags(command: Command): Command {
  for (const flag of CONFIG_FLAGS) command.addOption(flag)
  return command.option('--json', 'for programs: one object')
}

function nounOf(name: string): Command {
  return program.commands.find((one) => one.name() === name) ?? program.command(name)
}

function seed(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('a whole number from 0 on')
  }
  return value
}
