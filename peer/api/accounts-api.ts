import type { CallOptions } from './peer-api.ts'

/** The accounts this peer keeps keys for: it signs, pays and is paid as them. */
export interface AccountsApi {
  /** A new account with a fresh key; `label` is for people, and used once (INPUT_INVALID). */
  create(label: string, options?: CallOptions): Promise<AccountSummary>
  /** The account called `label`, made the first time: asking again, as after a crash, is harmless. */
  ensure(label: string, options?: CallOptions): Promise<AccountSummary>
  /** The account with this address or label (ACCOUNT_UNKNOWN when its key is not here). */
  find(account: string, options?: CallOptions): Promise<AccountSummary>
  list(options?: CallOptions): Promise<readonly AccountSummary[]>
  /** What is known here of an account, named by its address, or by its label when its key is here. */
  show(account: string, options?: CallOptions): Promise<AccountDetails>
  /**
   * Hands an account kept here over to another: what it contributed is credited to that one from the
   * next published revision on. Both keys sign; where the other is not here, its owner signs what
   * comes back, and the same call with the signature submits it. Refuses ACCOUNT_UNKNOWN,
   * SIGNATURE_INVALID, and HAND_OVER_REFUSED for an account handed over before.
   */
  handOver(draft: HandOverDraft, options?: CallOptions): Promise<HandOverState>
  /** What any account holds of the network's token, by the chain. */
  balance(address: string, options?: CallOptions): Promise<bigint>
  /** What an account holds of the token and of the coin that pays gas, named by address or label. */
  holdings(account: string, options?: CallOptions): Promise<Holdings>
  /**
   * Where an account of this peer is paid: on which chain, and in which token. A devnet's faucet gives
   * it gas and play money at once.
   */
  deposit(account: string, options?: CallOptions): Promise<DepositTarget>
  /**
   * Sends tokens, or coins of the chain, from an account kept here. Refuses ACCOUNT_UNKNOWN, an amount of nothing or an
   * address that nobody could spend from (INPUT_INVALID), and FUNDS_INSUFFICIENT (`details.asset`).
   */
  send(transfer: Transfer, options?: CallOptions): Promise<Sent>
  /** Whether an account signed a text the way wallets do it for people (EIP-191): nothing is stored. */
  signedText(signed: SignedText, options?: CallOptions): Promise<{ readonly isSigned: boolean }>
  /** What the peer's own account put aside for channels to come. */
  vault(options?: CallOptions): Promise<VaultSummary>
  /**
   * Moves tokens of the peer's own account into its vault, out of which channels to any provider are
   * funded. Refuses FUNDS_INSUFFICIENT.
   */
  vaultDeposit(amountWei: bigint, options?: CallOptions): Promise<VaultSummary>
  /**
   * Takes tokens out of the vault. Done twice: the first time it starts the withdrawal and says when it
   * can be finished, then it finishes it. Channels are not funded from what is on its way out.
   */
  vaultWithdraw(draft: VaultDraft, options?: CallOptions): Promise<VaultWithdrawal>
  /**
   * Takes in the key of an Ethereum V3 keystore under a new label. Refuses what is no such file, a
   * label or an account that is here already (INPUT_INVALID), and PASSPHRASE_WRONG.
   */
  import(key: KeyImport, options?: CallOptions): Promise<AccountSummary>
  /** The key of an account kept here as an Ethereum V3 keystore under `passphrase` (eight characters or more). */
  export(key: KeyExport, options?: CallOptions): Promise<ExportedKey>
}

export interface Holdings {
  readonly address: string
  /** Absent when its key is not here. */
  readonly label?: string
  readonly balanceWei: bigint
  /** In wei of the chain's own coin. */
  readonly gasWei: bigint
}

export interface VaultSummary {
  readonly account: string
  /** All that it holds, what is on its way out included. */
  readonly balanceWei: bigint
  readonly withdrawingWei: bigint
  /** When that can be finished, by the chain's clock; only while some is on its way. */
  readonly readyAtMs?: number
}

export interface VaultDraft {
  /** All it holds when left out. */
  readonly amountWei?: bigint
}

export interface VaultWithdrawal extends VaultSummary {
  /** What came back by this call. */
  readonly returnedWei: bigint
}

export interface DepositTarget {
  readonly address: string
  readonly chainId: number
  /** The token's contract. */
  readonly token: string
  /** Whether a devnet's faucet gave something just now. */
  readonly isGiven: boolean
}

export interface Transfer {
  /** Address or label of an account kept here. */
  readonly account: string
  /** Any address; with a checksum that fits when in mixed case. */
  readonly to: string
  /** All that the account holds when left out; of coins, what their sending does not cost. */
  readonly amountWei?: bigint
  /** The token of the network unless given; `coin` is what pays gas. */
  readonly asset?: 'token' | 'coin'
}

export interface SignedText {
  readonly address: string
  /** At most 4096 characters. */
  readonly text: string
  /** 0x, 65 bytes. */
  readonly signature: string
}

export interface Sent {
  readonly asset: 'token' | 'coin'
  readonly from: string
  readonly to: string
  readonly amountWei: bigint
  readonly txHash: string
}

export interface KeyImport {
  readonly label: string
  /** The text of the keystore file. */
  readonly keystore: string
  readonly passphrase: string
}

export interface KeyExport {
  readonly account: string
  readonly passphrase: string
}

export interface ExportedKey {
  readonly address: string
  readonly label: string
  /** The text of a keystore file. */
  readonly keystore: string
}

export interface AccountSummary {
  readonly address: string
  readonly label: string
}

export interface AccountDetails {
  readonly address: string
  /** Absent when its key is not here. */
  readonly label?: string
  /** Absent when no chain answers. */
  readonly balanceWei?: bigint
  /** What it contributed, as this peer knows it: as a host, or by the host's last word. */
  readonly contributions: readonly ContributionCount[]
  readonly handOvers: readonly HandOverSummary[]
}

export interface ContributionCount {
  readonly datanet: string
  readonly pending: number
  readonly accepted: number
  readonly rejected: number
}

/** A hand-over in which an account took part, by Datanet; without one while no host was met that has it. */
export interface HandOverSummary {
  readonly oldAccount: string
  readonly newAccount: string
  readonly datanet?: string
  /** The revision from which on it holds; 0 until one is published with it. */
  readonly ordinal: number
}

export interface HandOverDraft {
  /** Of the account to hand over: its address or label. */
  readonly account: string
  /** The address that takes it over. */
  readonly to: string
  /** Those it contributed to, as far as this peer knows, when left out. */
  readonly datanets?: readonly string[]
  /** Of `to` over the typed data that the same call without it gave: 0x, 64 or 65 bytes. */
  readonly signature?: string
}

export type HandOverState =
  | {
      readonly state: 'to sign'
      readonly oldAccount: string
      readonly newAccount: string
      /** For `eth_signTypedData_v4` of any wallet that holds the new account's key. */
      readonly typedData: TypedDataJson
    }
  | {
      readonly state: 'submitted'
      readonly oldAccount: string
      readonly newAccount: string
      readonly datanets: readonly HandOverSubmission[]
    }

/** What one Datanet's host said: the revision that holds it (0 as yet), or the code of its refusal. */
export interface HandOverSubmission {
  readonly datanet: string
  readonly ordinal?: number
  readonly code?: string
}

export interface TypedDataJson {
  readonly domain: Readonly<Record<string, string>>
  readonly types: Readonly<
    Record<string, readonly { readonly name: string; readonly type: string }[]>
  >
  readonly primaryType: string
  readonly message: Readonly<Record<string, string>>
}
