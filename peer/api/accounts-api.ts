import type { CallOptions } from './peer-api.ts'

/** The accounts this peer keeps keys for: it signs, pays and is paid as them. */
export interface AccountsApi {
  /** A new account with a fresh key; `label` is for people. */
  create(label: string, options?: CallOptions): Promise<AccountSummary>
  list(options?: CallOptions): Promise<readonly AccountSummary[]>
  /** What any account holds of the network's token, by the chain. */
  balance(address: string, options?: CallOptions): Promise<bigint>
}

export interface AccountSummary {
  readonly address: string
  readonly label: string
}
