import { sha256 } from '../base/codec.ts'

/** What whoever asks agrees to; the record repeats its digest. specs/04-datanet.md §Bounty */
export const BOUNTY_CONSENT =
  'I agree that this question is published as it stands here, in the name of this account, for anyone to answer.'

/** The digest of the words that every bounty's requester agrees to. */
export function bountyConsentDigest(): Uint8Array {
  return sha256(new TextEncoder().encode(BOUNTY_CONSENT))
}
