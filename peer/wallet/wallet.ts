import { randomBytes } from 'node:crypto'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { DatanetError } from '../../protocol/base/errors.ts'
import { type AccountSigner, keySigner } from '../../protocol/base/typed-data.ts'
import type { Database } from '../store/database.ts'
import { type Keystore, openKeystore, replaceKeystore, type ScryptCost } from './keystore.ts'

/** The keys of one peer: its network identity and the accounts it signs as. */
export interface Wallet {
  /** The peer's own account: it sends transactions, pays and is paid as operator. */
  readonly own: WalletAccount
  readonly peerKey: PrivateKey
  /** Whether the keys stand encrypted on the disk. */
  readonly keystore: Keystore['kind']
  /** Refuses a label that is taken, looks like an address or holds what cannot be seen (INPUT_INVALID). */
  create(label: string): WalletAccount
  /** Keeps a key from elsewhere. Refuses such labels too, and a key that is here already (INPUT_INVALID). */
  add(label: string, secretKey: Uint8Array): WalletAccount
  /** Refuses a label that `create` would refuse. */
  refuseLabel(label: string): void
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

export interface WalletInit {
  /** Opens encrypted keys; encrypts them where they are not. */
  readonly passphrase?: string
  /** Encrypts them anew under this one. */
  readonly newPassphrase?: string
  /** Of keys that are encrypted from now on. */
  readonly cost?: ScryptCost
}

const OWN = 'own'
const PEER = 'peer'

/**
 * The wallet kept in `db`; creates the peer's key and its own account the first time. Refuses what
 * openKeystore and replaceKeystore refuse, before anything is changed.
 */
export async function openWallet(db: Database, init: WalletInit = {}): Promise<Wallet> {
  db.migrate('wallet', [
    `CREATE TABLE peer_key (only INTEGER PRIMARY KEY CHECK (only = 1), key BLOB NOT NULL) STRICT;
     CREATE TABLE account (
       address TEXT PRIMARY KEY, label TEXT NOT NULL UNIQUE, secret BLOB NOT NULL) STRICT`
  ])
  let keystore = await openKeystore(db, init.passphrase)
  const wanted = init.newPassphrase ?? (keystore.kind === 'plain' ? init.passphrase : undefined)
  if (wanted !== undefined) {
    const from = keystore
    keystore = await replaceKeystore(db, wanted, (to) => reseal(db, from, to), init.cost)
  }
  const kept = db.get('SELECT key FROM peer_key')?.key
  const peerKey =
    kept === undefined
      ? await generateKeyPair('Ed25519')
      : privateKeyFromProtobuf(keystore.open(PEER, kept as Uint8Array))
  if (kept === undefined) {
    const key = keystore.seal(PEER, privateKeyToProtobuf(peerKey))
    db.run('INSERT INTO peer_key VALUES (1, ?)', key)
  }
  const accounts = new Map<string, WalletAccount>()
  const byLabel = new Map<string, WalletAccount>()
  for (const row of db.all('SELECT address, label, secret FROM account ORDER BY rowid')) {
    const address = String(row.address)
    remember(address, String(row.label), () => keystore.open(address, row.secret as Uint8Array))
  }

  /** Keys are opened when they are first used: a thousand accounts cost as much as one. */
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

  function refuseLabel(label: string): void {
    // Two that look the same, or that the disk keeps as the same, must not be two accounts.
    if (/^\s|\p{C}|\s$/u.test(label) || label !== label.normalize('NFC')) {
      const hint = 'a label holds nothing that cannot be seen, and letters in one piece (NFC)'
      throw new DatanetError('INPUT_INVALID', { label }, { hint })
    }
    if (/^0x[0-9a-f]{40}$/i.test(label)) {
      const hint = 'a label must not look like an address'
      throw new DatanetError('INPUT_INVALID', { label }, { hint })
    }
    if (byLabel.has(label)) {
      throw new DatanetError('INPUT_INVALID', { label }, { hint: `an account is called ${label}` })
    }
  }

  function add(label: string, secretKey: Uint8Array): WalletAccount {
    refuseLabel(label)
    const { address } = keySigner(secretKey)
    const known = accounts.get(address)
    if (known !== undefined) {
      const hint = `this key is here already: ${known.label} is ${address}`
      throw new DatanetError('INPUT_INVALID', { label, address }, { hint })
    }
    db.run(
      'INSERT INTO account VALUES (?, ?, ?)',
      address,
      label,
      keystore.seal(address, secretKey)
    )
    return remember(address, label, () => secretKey)
  }

  const create = (label: string) => add(label, new Uint8Array(randomBytes(32)))

  return {
    own: byLabel.get(OWN) ?? create(OWN),
    peerKey,
    keystore: keystore.kind,
    create,
    add,
    refuseLabel,
    list: () => [...accounts.values()],
    find: (named) => accounts.get(named.toLowerCase()) ?? byLabel.get(named),
    account(address) {
      const account = accounts.get(address.toLowerCase())
      if (account === undefined) throw new DatanetError('SIGNER_UNEXPECTED', { account: address })
      return account
    }
  }
}

/** Every secret of `db` as it stood in `from`, now in `to`. */
function reseal(db: Database, from: Keystore, to: Keystore): void {
  const again = (name: string, kept: unknown) => to.seal(name, from.open(name, kept as Uint8Array))
  const key = db.get('SELECT key FROM peer_key')?.key
  if (key !== undefined) db.run('UPDATE peer_key SET key = ?', again(PEER, key))
  for (const { address, secret } of db.all('SELECT address, secret FROM account')) {
    const name = String(address)
    db.run('UPDATE account SET secret = ? WHERE address = ?', again(name, secret), name)
  }
}
