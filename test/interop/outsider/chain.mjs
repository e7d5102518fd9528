// The payer's side of the chain: play money from a devnet's faucet, and a funded channel.
import { randomBytes } from 'node:crypto'
import { Contract, JsonRpcProvider, NonceManager, Wallet } from 'ethers'
import { digestOf, hex, refuse } from './codec.mjs'

const TERMS =
  '(address payer,address signer,address operator,address receiptSigner,' +
  'bytes32 auditor,address token,uint32 withdrawDelayS,bytes32 salt)'
const ESCROW = [
  `function fund(${TERMS} terms, uint256 amountWei) returns (bytes32 id)`,
  'function channel(bytes32 id) view returns (uint256 depositWei, uint256 claimedWei, uint256 royaltyWei)'
]
const REGISTRY = [
  'function head(bytes32 datanet) view returns (uint64 ordinal, bytes32 revision)',
  'function anchorOf(bytes32 datanet, uint64 ordinal) view returns (bytes32 revision)',
  'function contributionsRootOf(bytes32 datanet, bytes32 revision) view returns (bytes32 root)'
]
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

/** Terms of a new channel to the operator of this payment. */
export const newTerms = ({ payer, signer, payment }) => ({
  payer,
  signer,
  operator: payment.operator,
  receiptSigner: payment.receiptSigner,
  auditor: payment.auditor,
  token: payment.token,
  withdrawDelayS: payment.withdrawDelayS,
  salt: `0x${hex(randomBytes(32))}`
})

/** Approves the token and locks the deposit in the escrow. */
export async function openChannel({ wallet, terms, payment, channelId, depositWei }) {
  const sender = new NonceManager(wallet)
  const token = new Contract(payment.token, TOKEN, sender)
  const escrow = new Contract(payment.escrow, ESCROW, sender)
  await (await token.approve(payment.escrow, depositWei)).wait()
  const mined = await (await escrow.fund(terms, depositWei)).wait()
  const { depositWei: held } = await escrow.channel(channelId)
  if (held !== depositWei) refuse('DEPOSIT_INSUFFICIENT', `${held} under our channel id`)
  return mined.hash
}

/** Takes a revision for the Datanet's only when the registry holds it as the head. */
export async function demandAnchor(provider, registry, { key, revision }) {
  const contract = new Contract(registry, REGISTRY, provider)
  const digest = digestOf(revision.cid)
  const { ordinal, contributionsRoot } = revision.value
  const anchored = await contract.anchorOf(key, ordinal)
  if (anchored !== digest) refuse('ANCHOR_MISSING', revision.cid)
  const head = await contract.head(key)
  if (head.ordinal > BigInt(ordinal)) refuse('RECORD_SUPERSEDED', `the head is ${head.ordinal}`)
  const root = await contract.contributionsRootOf(key, digest)
  if (root !== `0x${hex(contributionsRoot)}`) refuse('REVISION_INVALID', 'another root on chain')
  return Number(head.ordinal)
}
