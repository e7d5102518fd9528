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
  /** Whether a devnet's faucet gave gas and tokens. */
  readonly isGiven: boolean
  readonly pid: number
}

/** What a person is told when their peer has started: who it is, and what to try. */
export function tellStart(started: Started, width: number): string {
  const { peerId, account, dataDir, url, gateway, isGiven } = started
  const chain = isGiven
    ? 'a devnet: its faucet gave this account gas and play money'
    : 'connected; no faucet: the account must be given gas and tokens before it can pay'
  return [
    'Your peer is up.',
    '',
    fields(
      [
        ['peer', peerId],
        ['account', account],
        ['chain', chain],
        ['data', dataDir],
        ['API', url],
        ['gateway', gateway === undefined ? '' : gateway.url],
        ['token', gateway === undefined ? '' : gateway.token]
      ],
      width
    ),
    '',
    'Now, in another terminal:',
    '',
    '  npx datanet search "software security"',
    '  npx datanet ask "What is SQL injection?"',
    '',
    'Ctrl-C stops it.'
  ].join('\n')
}
