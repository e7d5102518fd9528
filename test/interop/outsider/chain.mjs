// The payer's side of the chain: play money from a devnet's faucet, and a funded channel.
import { randomBytes } from 'node:crypto'
import { Contract, JsonRpcProvider, NonceManager, Wallet } from 'ethers'
import { hex, refuse } from './codec.mjs'

const TERMS =
  '(address payer,address signer,address operator,address receiptSigner,' +
  'bytes32 auditor,address token,uint32 withdrawDelayS,bytes32 salt)'
const ESCROW = [`function fund(${TERMS} terms, uint256 amount)`]
const TOKEN = [
  'function approve(address spender, uint256 amount) returns (bool)',
  'function balanceOf(address owner) view returns (uint256)'
]

/** Connects to the chain that the offer names, and refuses another. */
export async function connectChain(rpcUrl, chainId) {
  const provider = new JsonRpcProvider(rpcUrl, undefined, { pollingInterval: 50, cacheTimeout: -1 })
  const { chainId: served } = await provider.getNetwork()
  if (served !== BigInt(chainId)) refuse('CHAIN_WRONG', `${served} instead of ${chainId}`)
  return provider
}

/** A new account with gas and play money. */
export async function fundedWallet(provider, token, wallet = Wallet.createRandom()) {
  await provider.send('datanet_faucet', [wallet.address])
  const holds = await new Contract(token, TOKEN, provider).balanceOf(wallet.address)
  if (holds === 0n) refuse('FUNDS_INSUFFICIENT', 'the faucet gave nothing')
  return { wallet: wallet.connect(provider), holds }
}

/** Terms with the offer's operator, in which the payer itself signs vouchers. */
export const newTerms = (account, payment) => ({
  payer: account,
  signer: account,
  operator: payment.operator,
  receiptSigner: payment.receiptSigner,
  auditor: payment.auditor,
  token: payment.token,
  withdrawDelayS: payment.withdrawDelayS,
  salt: `0x${hex(randomBytes(32))}`
})

/** Approves the token and locks the deposit in the escrow. */
export async function openChannel({ wallet, terms, payment, depositWei }) {
  const sender = new NonceManager(wallet)
  const token = new Contract(payment.token, TOKEN, sender)
  const escrow = new Contract(payment.escrow, ESCROW, sender)
  await (await token.approve(payment.escrow, depositWei)).wait()
  const mined = await (await escrow.fund(terms, depositWei)).wait()
  return mined.hash
}
