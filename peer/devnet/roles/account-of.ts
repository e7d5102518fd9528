import type { Peer } from '../../peer.ts'

/** The address of the peer's account called `label`, made the first time. */
export async function accountOf(peer: Peer, label: string): Promise<string> {
  const known = (await peer.api.accounts.list()).find((account) => account.label === label)
  return (known ?? (await peer.api.accounts.create(label))).address
}
