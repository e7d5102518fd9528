import { randomBytes } from 'node:crypto'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { DatanetError } from '../../protocol/base/errors.ts'
import { type AccountSigner, keySigner } from '../../protocol/base/typed-data.ts'
import type { Database } from '../store/database.ts'

/** The keys of one peer: its network identity and the accounts it signs as. */
export interface Wallet {
  /** The peer's own account: it sends transactions, pays and is paid as operator. */
  readonly own: WalletAccount
  readonly peerKey: PrivateKey
  /** Refuses a label that is taken (INPUT_INVALID). */
  create(label: string): WalletAccount
  list(): readonly WalletAccount[]
  /** The account with this address or label, if its key is here. */
  find(named: string): WalletAccount | undefined
  /** The account with this address. Refuses accounts whose key is not here (SIGNER_UNEXPECTED). */
  account(address: string): WalletAccount
}

export interface WalletAccount {
  readonly address: string
  readonly label: string
  readonly signer: AccountSigner
  /** 32 bytes; leaves the wallet only for the hot path of vouchers and receipts and for the chain. */
  readonly secretKey: Uint8Array
}

const OWN = 'own'

/** The wallet kept in `db`; creates the peer's key and its own account the first time. */
export async function openWallet(db: Database): Promise<Wallet> {
  db.migrate('wallet', [
    `CREATE TABLE peer_key (only INTEGER PRIMARY KEY CHECK (only = 1), key BLOB NOT NULL) STRICT;
     CREATE TABLE account (
       address TEXT PRIMARY KEY, label TEXT NOT NULL UNIQUE, secret BLOB NOT NULL) STRICT`
  ])
  const kept = db.get('SELECT key FROM peer_key')?.key
  const peerKey =
    kept === undefined
      ? await generateKeyPair('Ed25519')
      : privateKeyFromProtobuf(kept as Uint8Array)
  if (kept === undefined) {
    db.run('INSERT INTO peer_key VALUES (1, ?)', privateKeyToProtobuf(peerKey))
  }
  const accounts = new Map<string, WalletAccount>()
  const byLabel = new Map<string, WalletAccount>()
  for (const row of db.all('SELECT address, label, secret FROM account ORDER BY rowid')) {
    remember(String(row.address), String(row.label), () => row.secret as Uint8Array)
  }

  /** Keys are read when they are first used: a thousand accounts cost as much as one. */
  function remember(address: string, label: string, open: () => Uint8Array): WalletAccount {
    let secret: Uint8Array | undefined
    let signer: AccountSigner | undefined
    const account: WalletAccount = {
      address,
      label,
      get secretKey() {
        secret ??= open()
        return secret
      },
      get signer() {
        signer ??= keySigner(account.secretKey)
        return signer
      }
    }
    accounts.set(address, account)
    byLabel.set(label, account)
    return account
  }

  function create(label: string): WalletAccount {
    if (byLabel.has(label)) {
      throw new DatanetError('INPUT_INVALID', { label }, { hint: `an account is called ${label}` })
    }
    const secretKey = new Uint8Array(randomBytes(32))
    const { address } = keySigner(secretKey)
    db.run('INSERT INTO account VALUES (?, ?, ?)', address, label, secretKey)
    return remember(address, label, () => secretKey)
  }

  return {
    own: byLabel.get(OWN) ?? create(OWN),
    peerKey,
    create,
    list: () => [...accounts.values()],
    find: (named) => accounts.get(named.toLowerCase()) ?? byLabel.get(named),
    account(address) {
      const account = accounts.get(address.toLowerCase())
      if (account === undefined) throw new DatanetError('SIGNER_UNEXPECTED', { account: address })
      return account
    }
  }
}
