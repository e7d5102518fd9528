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
  /** What any account holds of the network's token, by the chain. */
  balance(address: string, options?: CallOptions): Promise<bigint>
}

export interface AccountSummary {
  readonly address: string
  readonly label: string
}
