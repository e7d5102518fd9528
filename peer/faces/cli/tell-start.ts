import { fields } from './layout.ts'

/** A peer that was just started, as `datanet peer start --json` says it. */
export interface Started {
  readonly peerId: string
  readonly account: string
  readonly addresses: readonly string[]
  readonly dataDir: string
  /** Of the API that the other commands speak. */
  readonly url: string
  readonly gateway: { readonly url: string; readonly token: string } | undefined
  /** True when it was told of no other peer to join by. */
  readonly isAlone: boolean
  /** Undefined without a chain. */
  readonly chainId: number | undefined
  /** What others join by, when the chain is one of its own. */
  readonly networkFile: string | undefined
  /** Whether a devnet's faucet gave gas and tokens. */
  readonly isGiven: boolean
  /** How the keys stand on the disk. */
  readonly keystore: 'plain' | 'encrypted'
  readonly pid: number
}

/** What the devnet's sample is about, of which something can be asked at once. */
const DEVNET_TOPIC = 'software security'

/** Of a peer without a passphrase, in one line. */
export const PLAIN_KEYS = 'not encrypted on the disk (datanet account encrypt)'

/** What a person is told when their keys were encrypted. */
export function tellEncrypted(done: {
  readonly accounts: number
  readonly wasEncrypted: boolean
}): string {
  const keys = `the peer's own key and those of ${done.accounts} accounts`
  return [
    done.wasEncrypted
      ? `Encrypted anew, under the new passphrase: ${keys}.`
      : `Encrypted, and nothing of them left in the database: ${keys}.`,
    '',
    'From now on the peer starts with this passphrase only: typed, or as',
    'DATANET_KEY_PASSPHRASE, or in a file of mode 600 named by keyPassphraseFile.',
    'Nobody can recover it. Backups that were made earlier still hold the keys as they were.'
  ].join('\n')
}

/** What a person is told when their peer has started: who it is, and what to try. */
export function tellStart(
  started: Started,
  width: number,
  next: { readonly whose?: string; readonly topic?: string | undefined } = {}
): string {
  const { peerId, account, dataDir, url, gateway } = started
  return [
    'Your peer is up.',
    '',
    fields(
      [
        ['peer', peerId],
        ['account', account],
        ['chain', chainOf(started)],
        ['data', dataDir],
        ['keys', started.keystore === 'plain' ? PLAIN_KEYS : 'encrypted under your passphrase'],
        ['API', url],
        ['gateway', gateway === undefined ? '' : gateway.url],
        ['token', gateway === undefined ? '' : gateway.token]
      ],
      width
    ),
    '',
    ...whatNext(started, next.whose ?? '', next.topic),
    '',
    'Ctrl-C stops it.'
  ].join('\n')
}

function chainOf({ chainId, networkFile, isGiven }: Started): string {
  if (chainId === undefined) return 'none, which is the default: it asks free models only'
  if (networkFile !== undefined) return `its own, ${chainId}, with play money for everybody`
  return isGiven
    ? 'a devnet: its faucet gave this account gas and play money'
    : `${chainId}; no faucet: the account must be given gas and tokens before it can pay`
}

function whatNext(
  { chainId, networkFile, isAlone }: Started,
  whose: string,
  topic: string | undefined
): readonly string[] {
  const file = networkFile?.includes(' ') ? `'${networkFile}'` : networkFile
  if (chainId === undefined) {
    return [
      ...(isAlone
        ? ['It knows no other peer yet: --bootstrap <address> names one to join by.', '']
        : []),
      'To pay, found Datanets and serve models it needs a chain. Start it again with:',
      '',
      '  --network <file>   a network that runs, by the file that somebody gave you, or',
      '                     that npm start -- --keep world wrote: world/network.json',
      '  --chain embedded   a chain of its own, on this machine, with play money',
      '',
      'or with rpcUrl and contracts for a public chain, on which datanet chain deploy',
      'puts them.'
    ]
  }
  return [
    'Now, in another terminal:',
    '',
    ...(networkFile === undefined
      ? [
          `  npx datanet search "${topic ?? '<topic>'}"${whose}`,
          `  npx datanet ask "${topic === DEVNET_TOPIC ? 'What is SQL injection?' : '…'}"${whose}`
        ]
      : [
          `  npx datanet datanet create --name "Our notes" --topic "our notes"${whose}`,
          `  npx datanet contribute ./notes --datanet "our notes"${whose}`,
          '',
          'Other peers of this machine join with:',
          '',
          `  npx datanet peer start --network ${file} --data-dir friend`
        ])
  ]
}
