// One visit to a network: find a model, check what stands behind it, announce, pay, verify.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join as path } from 'node:path'
import { Wallet } from 'ethers'
import { payerBooks, payForAnswer, settle } from './call.mjs'
import { connectChain, demandAnchor, fundedWallet, newTerms, openChannel } from './chain.mjs'
import { hex, refuse, same } from './codec.mjs'
import { readRevision } from './content.mjs'
import { contribute } from './contribute.mjs'
import { passageOf } from './contribution.mjs'
import { recompute } from './evidence.mjs'
import { findModel, library } from './model.mjs'
import { probe } from './probes.mjs'
import { terms as termsRecord } from './records.mjs'
import { found as foundDatanet, publish } from './serve.mjs'

export async function visit({ node, network, wishes, tell }) {
  const found = await findModel({ node, topic: wishes.topic, tell })
  const { payment } = found.offer.value
  tell('model', {
    card: found.card.cid,
    name: found.card.value.name,
    offer: found.offer.cid,
    provider: found.offer.value.provider,
    datanets: found.datanets.map(({ manifest }) => manifest.value.name)
  })
  // Bonds are looked up on chain; no offer names their contract.
  const { bond: _, ...named } = network.contracts
  for (const [name, ours] of Object.entries(named)) {
    const theirs = payment[name]
    // An offer names what a payment touches: not the bond.
    if (theirs !== undefined && theirs !== ours)
      refuse('CHAIN_MISMATCH', `${name}: ${theirs} instead of ${ours}`)
  }

  const chain = await connectChain(network.rpcUrl, payment.chainId)
  try {
    const rows = await checkGround({ node, chain, found, tell })
    const { wallet, holds } = await fundedWallet(chain, payment.token)
    tell('account', { account: wallet.address.toLowerCase(), holds })
    await contributeTo({ node, datanet: found.datanets[0].manifest, wallet, tell })
    await publishOwn({ node, wallet, topic: wishes.announce, tell })
    const channel = await open({ found, wallet, wishes, tell })
    const [first] = rows.values()
    const questions = [`What is ${first.title}?`, ...wishes.questions]
    const { openWei, maxChunkWei } = found.offer.value
    const calls = [
      ...questions.map((question) => ({ question, maxWei: channel.maxWei })),
      { question: questions[0], maxWei: channel.maxWei, stops: true },
      { question: questions[0], maxWei: openWei + maxChunkWei }
    ]
    for (const call of calls) {
      channel.last = await ask({ node, found, rows, channel, tell, ...call })
    }
    await probe({ node, found, channel, tell })
  } finally {
    chain.destroy()
  }
}

/** Every Datanet behind the card: anchored on chain, and every row of it signed and in its place. */
async function checkGround({ node, chain, found, tell }) {
  const rows = new Map()
  for (const datanet of found.datanets) {
    const ordinal = await demandAnchor(chain, found.offer.value.payment.registry, datanet)
    const manifest = datanet.manifest.value
    const revision = datanet.revision.value
    const given = { node, peer: found.peer, manifest, revision }
    const { contributions, ownerOf } = await readRevision(given)
    for (const { cid, value, order, cluster } of contributions) {
      const owner = ownerOf(value.contributor)
      rows.set(cid, { contribution: cid, ...passageOf(value), order, cluster, owner })
    }
    tell('revision', { revision: datanet.revision.cid, ordinal, rows: contributions.length })
  }
  return rows
}

async function contributeTo({ node, datanet, wallet, tell }) {
  const title = 'What an outsider knows'
  const text = `Pages that are enough to write a client from need no source beside them, says ${wallet.address}.`
  tell('contributed', await contribute({ node, datanet, wallet, title, text }))
}

async function publishOwn({ node, wallet, topic, tell }) {
  const account = wallet.address.toLowerCase()
  const peer = node.peerId.toString()
  const own = foundDatanet({ account, secretKey: wallet.privateKey, peer, topic })
  tell('announced', { topic, datanet: own.id, keys: await publish(node, own) })
}

/** Opens a channel in which a session key signs; its terms and vouchers are kept on disk. */
async function open({ found, wallet, wishes, tell }) {
  const { payment, openWei, maxChunkWei, price, maxOutputTokens } = found.offer.value
  const session = Wallet.createRandom()
  const [payer, signer] = [wallet, session].map(({ address }) => address.toLowerCase())
  const terms = newTerms({ payer, signer, payment })
  const maxWei = openWei + maxChunkWei + price.outputTokenWei * BigInt(maxOutputTokens)
  const depositWei = maxWei * BigInt(wishes.questions.length + 3)

  mkdirSync(wishes.keep, { recursive: true })
  const [termsFile, journal] = ['terms.cbor', 'vouchers.txt'].map((f) => path(wishes.keep, f))
  writeFileSync(termsFile, termsRecord.encode(terms), { mode: 0o600 })
  const books = payerBooks({ terms, payment, secretKey: session.privateKey, journal })
  const { channelId } = books
  const transaction = await openChannel({ wallet, terms, payment, channelId, depositWei })
  tell('channel', { channelId, depositWei, transaction })
  return { terms, books, maxWei, depositWei, secretKey: session.privateKey }
}

async function ask({ node, found, rows, channel, question, maxWei, stops = false, tell }) {
  const { terms, books } = channel
  const call = await payForAnswer({ node, found, books, question, maxWei, stops, tell })
  tell('answer', { question, answer: call.answer })
  const { receipt, bytes, last } = await settle({ found, books, terms, call, tell })

  tell('recomputed', recomputed({ rows, receipt, call }))
  const shown = await library(node, found.peer).named(
    receipt.provider,
    'receipt',
    hex(receipt.callId)
  )
  if (!same(shown, bytes)) refuse('RECORD_EQUIVOCATES', 'another receipt is shown to others')
  return last
}

/** The credits come out of the answer and the rows alone; what was measured on the way. */
function recomputed({ rows, receipt, call }) {
  const { answerSalt, answer, end } = call
  const passages = [...rows.values()].filter(({ text }) => text !== '')
  const given = { receipt, answerSalt, bytes: end.evidence, answer, rows: passages }
  const evidence = recompute(given)
  return { outcome: receipt.outcome, evidence }
}
