import { type Command, InvalidArgumentError, Option } from 'commander'
import { formatAmount } from '../../api/amounts.ts'
import { refusal } from '../../api/problem.ts'
import { fields, table } from './layout.ts'

/** What `datanet chain deploy` was told. */
export interface ChainDeployOptions {
  readonly rpcUrl: string
  readonly keyFile?: string
  readonly token?: string
  readonly playToken?: boolean
  readonly coins?: boolean
  readonly dropDelay: number
  readonly out: string
  readonly dataDir?: string
  readonly json?: boolean
}

/** One contract as it was deployed. */
export interface DeployedLine {
  readonly contract: string
  readonly address: string
  readonly gasUsed: bigint
}

const DAY_S = 86_400

/** `deploy` below the noun `chain`, without what it does. */
export function chainDeploy(chain: Command): Command {
  return chain
    .description('the contracts, on a chain of your choice')
    .helpCommand(false)
    .command('deploy')
    .description('put the contracts on a chain and write the file that peers join by')
    .requiredOption('--rpc-url <url>', 'JSON-RPC of the chain')
    .addOption(
      new Option('--token <address>', 'the ERC-20 that channels are paid in').argParser(address)
    )
    .addOption(
      new Option('--play-token', 'deploy a token of play money that anybody can draw').conflicts(
        'token'
      )
    )
    .addOption(
      new Option('--coins', "channels are paid in the chain's own coin").conflicts([
        'token',
        'playToken'
      ])
    )
    .addOption(
      new Option('--drop-delay <seconds>', 'how long curators can veto a drop of rewards')
        .argParser(seconds)
        .default(DAY_S)
    )
    .option('--out <file>', 'the network file to write', 'network.json')
    .option('--key-file <file>', "who pays: a hex key, mode 600; else the peer's own account")
    .option('--data-dir <dir>', 'whose own account pays')
    .option('--json', 'for programs: one object')
}

/** Refuses a deployment that does not say which token (INPUT_INVALID). */
export function demandToken({ token, playToken, coins }: ChainDeployOptions): void {
  if (token !== undefined || playToken === true || coins === true) return
  const hint =
    "say what is paid with: --token <address> of an ERC-20, --coins for the chain's own coin, " +
    'or --play-token to try it out'
  throw refusal('INPUT_INVALID', { option: 'token' }, { hint })
}

/** What a person is told when the contracts stand. */
export function tellDeployed(
  done: {
    readonly networkFile: string
    readonly contracts: { readonly pool: string; readonly token: string }
    readonly deployed: readonly DeployedLine[]
    readonly gasUsed: bigint
    readonly spentWei: bigint
  },
  dropDelayS: number,
  width: number
): string {
  const rows = done.deployed.map(({ contract, address: at, gasUsed }) => [
    contract,
    at,
    `${gasUsed}`
  ])
  const hasToken = done.deployed.some(({ contract }) => contract === 'DevnetToken')
  const file = done.networkFile.includes(' ') ? `'${done.networkFile}'` : done.networkFile
  return [
    table(
      [{ head: 'CONTRACT' }, { head: 'ADDRESS', isWhole: true }, { head: 'GAS', isRight: true }],
      [
        ...rows,
        ['RewardPool', done.contracts.pool, 'with the escrow'],
        ...(hasToken ? [] : [['token', done.contracts.token, 'was there']])
      ],
      { width, empty: '' }
    ),
    '',
    fields(
      [
        ['gas', `${done.gasUsed} in all`],
        ['paid', `${formatAmount(done.spentWei)} coins of the chain`],
        ['veto', `a drop of rewards can be vetoed for ${dropDelayS} seconds`],
        ['written', done.networkFile]
      ],
      width
    ),
    '',
    'A peer joins it with:',
    '',
    `  npx datanet peer start --network ${file}`,
    '',
    'Nobody has power over the contracts. The file holds no secret but what the URL holds.'
  ].join('\n')
}

function address(text: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw new InvalidArgumentError('an address, 0x…')
  return text.toLowerCase()
}

function seconds(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('at least 1')
  return value
}
