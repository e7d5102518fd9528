// An interoperating client, written from the specification pages alone.
//   node client.mjs
//     reads the vectors, and tries what it must refuse
//   node client.mjs <network.json> [--topic …] [--announce …] [--question …] [--keep …] [--stay]
//     joins, announces a Datanet, finds a model, pays for answers and verifies their receipts
// It tells each step as one line of JSON, and exits with 0, or with 1 and a reason.
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import { parseArgs } from 'node:util'
import { hex, refuse } from './codec.mjs'
import { join, startNode } from './network.mjs'
import { selfTest } from './refusals.mjs'
import { verifyVectors } from './vectors.mjs'
import { visit } from './visit.mjs'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    topic: { type: 'string' },
    announce: { type: 'string', default: 'notes by an outsider' },
    question: { type: 'string', multiple: true, default: [] },
    keep: { type: 'string' },
    stay: { type: 'boolean', default: false }
  }
})

function tell(step, said = {}) {
  const plain = (_, value) => {
    if (typeof value === 'bigint') return value.toString()
    return value instanceof Uint8Array ? hex(value) : value
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

async function goTo(file) {
  const network = JSON.parse(readFileSync(file, 'utf8'))
  const node = await startNode()
  try {
    await join(node, network.bootstrap)
    tell('joined', { peer: node.peerId.toString(), addresses: node.getMultiaddrs().map(String) })
    const keep = options.keep ?? mkdtempSync(path(tmpdir(), 'outsider-'))
    const topic = options.topic ?? network.topic
    const wishes = { topic, announce: options.announce, questions: options.question, keep }
    await visit({ node, network, wishes, tell })
    if (options.stay) {
      tell('staying')
      await new Promise((resolve) => process.stdin.resume().once('end', resolve))
    }
  } finally {
    await node.stop()
  }
}

try {
  const [file] = positionals
  await (file === undefined ? readSpecification() : goTo(file))
  tell('done')
  process.exit(0)
} catch (error) {
  tell('refused', { code: error.code ?? 'INTERNAL', reason: error.message, at: error.stack })
  process.exit(1)
}
