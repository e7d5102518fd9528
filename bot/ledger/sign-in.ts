import type { LinkRequest } from './links.ts'

/** The domain that a text names when the bot has no page of its own. */
const DOMAIN = 'datanet.invalid'
const URI = `https://${DOMAIN}`

/**
 * The text that links a wallet, as EIP-4361 has it: what is signed, for whom, until when. It moves no
 * funds, and is good for one request of one member.
 */
export function signInText(
  { id, code, nonce, issuedAtMs, expiresAtMs }: LinkRequest,
  { address, chainId }: { readonly address: string; readonly chainId: number }
): string {
  return [
    `${DOMAIN} wants you to sign in with your Ethereum account:`,
    address,
    '',
    `Link this wallet to my account at the Discord bot, with the code ${code}. This moves no funds.`,
    '',
    `URI: ${URI}`,
    'Version: 1',
    `Chain ID: ${chainId}`,
    `Nonce: ${nonce}`,
    `Issued At: ${new Date(issuedAtMs).toISOString()}`,
    `Expiration Time: ${new Date(expiresAtMs).toISOString()}`,
    `Request ID: ${id}`
  ].join('\n')
}
