// An interoperating client, written from the specification pages alone.
//   node client.mjs <network.json> [--topic …] [--announce …] [--question …] [--stay]
// It tells each step as one line of JSON, and exits with 0, or 1 and a reason.
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import { parseArgs } from 'node:util'
import { payerBooks, payForAnswer, settle } from './call.mjs'
import { connectChain, fundedWallet, newTerms, openChannel } from './chain.mjs'
import { hex, refuse } from './codec.mjs'
import { findModel } from './model.mjs'
import { join, startNode } from './network.mjs'
import { selfTest } from './refusals.mjs'
import { found as foundDatanet, publish } from './serve.mjs'
import { verifyVectors } from './vectors.mjs'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    topic: { type: 'string' },
    announce: { type: 'string', default: 'notes by an outsider' },
    question: { type: 'string', multiple: true, default: ['What is SQL injection?'] },
    stay: { type: 'boolean', default: false }
  }
})

function tell(step, said = {}) {
  const plain = (_, value) => {
    if (typeof value === 'bigint') return value.toString()
    return value?.type === 'Buffer' || value instanceof Uint8Array ? hex(value) : value
  }
  process.stdout.write(`${JSON.stringify({ step, ...said }, plain)}\n`)
}

async function readSpecification() {
  const report = await verifyVectors()
  const failed = Object.values(report).flatMap((one) => one.failed)
  const checked = Object.values(report).reduce((sum, one) => sum + one.checked, 0)
  tell('vectors', { files: Object.keys(report).length, checked, failed })
  const { refused, missed } = await selfTest()
  tell('refusals', { refused, missed })
  if (failed.length > 0) refuse('RECORD_MALFORMED', `vectors that do not hold: ${failed[0]}`)
  if (missed.length > 0) refuse('INTERNAL', `not refused: ${missed[0]}`)
}

async function main() {
  const [file] = positionals
  await readSpecification()
  if (file === undefined) return tell('done', { why: 'no network file was given' })
  const network = JSON.parse(readFileSync(file, 'utf8'))
  const node = await startNode()
  try {
    await join(node, network.bootstrap)
    tell('joined', { peer: node.peerId.toString(), addresses: node.getMultiaddrs().map(String) })
    await visit(node, network)
    if (options.stay) await new Promise((resolve) => process.stdin.resume().once('end', resolve))
  } finally {
    await node.stop()
  }
  tell('done')
}

async function visit(node, network) {
  const topic = options.topic ?? network.topic
  const found = await findModel({ node, topic, tell })
  const { payment } = found.offer.value
  tell('model', {
    card: found.card.cid,
    name: found.card.value.name,
    offer: found.offer.cid,
    provider: found.offer.value.provider,
    datanets: found.datanets.map(({ manifest }) => manifest.value.name)
  })
  for (const [name, value] of Object.entries(network.contracts)) {
    const named = payment[name]
    if (named !== undefined && named !== value) refuse('CHAIN_MISMATCH', `another ${name}`)
  }

  const chain = await connectChain(network.rpcUrl, payment.chainId)
  try {
    const { wallet, holds } = await fundedWallet(chain, payment.token)
    const account = wallet.address.toLowerCase()
    tell('account', { account, holds })
    await publishOwn(node, account, wallet.privateKey)
    await ask({ node, found, wallet, account, payment })
  } finally {
    chain.destroy()
  }
}

async function publishOwn(node, account, secretKey) {
  const peer = node.peerId.toString()
  const own = foundDatanet({ account, secretKey, peer, topic: options.announce })
  const keys = await publish(node, own)
  tell('announced', { topic: own.topic, datanet: own.id, keys })
}

async function ask({ node, found, wallet, account, payment }) {
  const terms = newTerms(account, payment)
  const { offer } = found
  const { openWei, maxChunkWei, price, maxOutputTokens } = offer.value
  const maxWei = openWei + maxChunkWei + price.outputTokenWei * BigInt(maxOutputTokens)
  const depositWei = 2n * maxWei * BigInt(options.question.length)
  const transaction = await openChannel({ wallet, terms, payment, depositWei })
  const journal = path(mkdtempSync(path(tmpdir(), 'outsider-')), 'vouchers.txt')
  const books = payerBooks({ terms, payment, secretKey: wallet.privateKey, journal })
  tell('channel', { channelId: books.channelId, depositWei, transaction, journal })
  for (const question of options.question) {
    const call = await payForAnswer({ node, found, books, question, maxWei, tell })
    tell('answer', { question, answer: call.answer })
    await settle({ found, books, terms, call, tell })
  }
}

try {
  await main()
  process.exitCode = 0
} catch (error) {
  tell('refused', { code: error.code ?? 'INTERNAL', reason: error.message, at: error.stack })
  process.exitCode = 1
}
