import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { connectPeer } from '../../api/client.ts'
import { type DaemonFile, readDaemonFile } from '../../api/daemon-file.ts'
import { refusal } from '../../api/problem.ts'
import { PEER_LOG, startInBackground } from './background.ts'
import { read } from './command.ts'
import { draftOf, type Founding } from './founding.ts'
import { fields } from './layout.ts'
import type { Print } from './print.ts'
import { isAlive, stopDaemon } from './stop.ts'
import { whoseOf } from './whose.ts'

/** What `datanet init` is told. */
export interface InitOptions {
  readonly name?: string
  readonly topic?: readonly string[]
  readonly purpose?: string
  readonly licence?: readonly string[]
  readonly consent?: string
  readonly network?: string
  readonly dataDir?: string
  readonly yes?: boolean
  readonly json?: boolean
}

const CONFIG_FILE = 'config.json'
/** Holds the set-up's pid from its first step to its last: one that was killed has left it. */
const UNFINISHED_FILE = 'init.unfinished'
const NAME = 'My notes'

/** `datanet init` with its options. */
export function initCommand(command: Command): Command {
  return command
    .summary('a peer and a Datanet of your own, in one go')
    .description('set up a peer here, start it in the background, and found a Datanet on it')
    .option('--name <text>', 'what the Datanet is called')
    .addOption(
      new Option('--topic <text>', 'what it is found by; may be repeated (its name)').argParser(
        read.many
      )
    )
    .option('--purpose <text>', 'what it is for (its name)')
    .addOption(
      new Option('--licence <id>', 'a licence it accepts; may be repeated (CC0-1.0)').argParser(
        read.many
      )
    )
    .option('--consent <text>', 'what a contributor agrees to')
    .option('--network <file>', 'join this network; else a chain of its own with play money')
    .option('--data-dir <dir>', 'where keys, records and blocks are kept (~/.datanet)')
    .option('--yes', 'ask nothing: what is not said has its default')
    .option('--json', 'for programs: one object')
}

/**
 * Sets `dataDir` up, starts its peer in the background and founds a Datanet on it. What fails on the
 * way is undone but for keys and log, so that it can be tried again, and so is what an earlier set-up
 * left that was killed. Refuses a directory that is set up already (ALREADY_SET_UP), or just now, or
 * whose peer runs (CONFIG_INVALID), and what starting and founding refuse.
 */
export async function runInit(
  options: InitOptions,
  place: { readonly dataDir: string; readonly print: Print; readonly signal: AbortSignal }
): Promise<void> {
  const { print, signal } = place
  const dataDir = resolve(place.dataDir)
  await refuseSetUp(dataDir, signal)
  const founding = await foundingOf(options, print)
  const unfinished = join(dataDir, UNFINISHED_FILE)
  const file = writeConfig(dataDir, options.network)
  let daemon: DaemonFile | undefined
  try {
    print.write(`Starting a peer on ${dataDir}…\n`)
    daemon = await startInBackground(dataDir, { signal })
    const api = connectPeer(daemon)
    print.write(`Founding “${founding.name}” on its chain…\n\n`)
    const { peerId, account } = await api.status({ signal })
    // A set-up that was killed may have come as far as this.
    const founded = (await api.datanets.list({ signal })).find(
      ({ intakeHost, name }) => intakeHost === peerId && name === founding.name
    )
    const datanet = founded ?? (await api.datanets.create(await draftOf(api, founding), { signal }))
    rmSync(unfinished, { force: true })
    const { pid } = daemon
    const log = join(dataDir, PEER_LOG)
    const whose = whoseOf(options.dataDir === undefined ? undefined : dataDir)
    await print.show({ dataDir, pid, log, peerId, account, datanet }, () =>
      [
        fields(
          [
            ['peer', `process ${pid}, in the background; its log is ${log}`],
            ['account', account],
            ['chain', options.network === undefined ? 'its own, with play money' : options.network],
            ['Datanet', `“${datanet.name}”, found under ${datanet.topics.join(', ')}`],
            ['licence', datanet.licences.join(', ')],
            ['curator', `${datanet.curators.join(', ')}, kept here`]
          ],
          print.columns
        ),
        '',
        'Now hand in a folder of text or markdown files, and ask:',
        '',
        `  npx datanet contribute ./folder${whose}`,
        `  npx datanet ask "…"${whose}`,
        '',
        'It is stopped and started again by:',
        '',
        `  npx datanet peer stop${whose}`,
        `  npx datanet peer start --background${whose}`
      ].join('\n')
    )
  } catch (error) {
    rmSync(file, { force: true })
    rmSync(unfinished, { force: true })
    if (daemon !== undefined) {
      await stopDaemon(daemon, { signal: new AbortController().signal }).catch(() => {})
    }
    throw error
  }
}

async function refuseSetUp(dataDir: string, signal: AbortSignal): Promise<void> {
  const file = join(dataDir, CONFIG_FILE)
  if (existsSync(join(dataDir, UNFINISHED_FILE))) await undoUnfinished(dataDir, signal)
  if (existsSync(file)) throw isThere(file)
  let daemon: DaemonFile
  try {
    daemon = readDaemonFile(dataDir)
    await connectPeer(daemon).status({ signal })
  } catch {
    signal.throwIfAborted()
    return
  }
  const hint = `a peer runs on ${dataDir} already, as process ${daemon.pid}`
  throw refusal('CONFIG_INVALID', { dataDir, running: true }, { hint })
}

/** Undoes a set-up that was killed. Refuses where it still goes on (CONFIG_INVALID). */
async function undoUnfinished(dataDir: string, signal: AbortSignal): Promise<void> {
  const unfinished = join(dataDir, UNFINISHED_FILE)
  const pid = Number(readFileSync(unfinished, 'utf8'))
  if (pid > 0 && isAlive(pid)) {
    const hint = `process ${pid} sets ${dataDir} up; if it is another one, remove ${unfinished}`
    throw refusal('CONFIG_INVALID', { dataDir, pid }, { hint })
  }
  try {
    await stopDaemon(readDaemonFile(dataDir), { signal })
  } catch {
    signal.throwIfAborted()
  }
  rmSync(join(dataDir, CONFIG_FILE), { force: true })
  rmSync(unfinished)
}

/** What to found: by the options, then by who sits there, then by defaults. */
async function foundingOf(options: InitOptions, print: Print): Promise<Founding> {
  const { prompt } = options.yes === true ? {} : print
  const ask = async (question: string, standard: string) => {
    const said = (await prompt?.(`${question} [${standard}] `))?.trim() ?? ''
    return said === '' ? standard : said
  }
  const name = options.name ?? (await ask('What is your Datanet called?', NAME))
  const purpose = options.purpose ?? (await ask('What is it for?', name))
  const topics = options.topic ?? [await ask('By which topic is it found?', name.toLowerCase())]
  const licences = options.licence ?? [await ask('Under which licence is it given?', 'CC0-1.0')]
  if (prompt !== undefined) print.write('\n')
  const { consent } = options
  return { name, purpose, topics, licences, ...(consent === undefined ? {} : { consent }) }
}

/** Written whole or not at all; refuses to write over one (CONFIG_INVALID). */
function writeConfig(dataDir: string, network?: string): string {
  const unfinished = join(dataDir, UNFINISHED_FILE)
  const file = join(dataDir, CONFIG_FILE)
  const chain = network === undefined ? { chain: 'embedded' } : { network: resolve(network) }
  const config = { ...chain, autoPublish: true }
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    writeFileSync(unfinished, `${process.pid}`, { mode: 0o600, flag: 'wx' })
    writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    if (existsSync(file)) {
      rmSync(unfinished, { force: true })
      throw isThere(file)
    }
    throw refusal('CONFIG_INVALID', { file }, { cause, hint: `${file} cannot be written` })
  }
  return file
}

function isThere(file: string): Error {
  const hint =
    `${file} is there. npx datanet peer status asks this peer, npx datanet peer start ` +
    '--background starts it, and --data-dir sets another one up'
  return refusal('ALREADY_SET_UP', { file }, { hint })
}
