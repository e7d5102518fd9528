// Something of one's own on the network: a founding manifest, served by chapter 05's documents.
import { CID } from 'multiformats/cid'
import { cidOf, concat, digestOf, encode, frame, unframe } from './codec.mjs'
import { announce } from './network.mjs'
import { manifest } from './records.mjs'
import { digest, RECORDS, sign } from './signing.mjs'

export const DOCUMENT = '/datanet/document/1'
const UNKNOWN = 106

/** Founds a Datanet in one's own name: the wrapped manifest and its id. */
export function found({ account, secretKey, peer, topic }) {
  const nowMs = Date.now()
  const body = manifest.encode({
    version: 1,
    name: `Notes on ${topic}`,
    purpose: 'What a client written from the specification alone puts on the network.',
    topics: [topic],
    schemas: ['text/1'],
    licences: ['CC0-1.0'],
    consent: 'Use it for anything.',
    curators: [account],
    threshold: 1,
    intakeHost: peer,
    hosts: [],
    intake: { pendingPerAccount: 100, perDayPerAccount: 1_000 },
    review: { approvals: 1, sharePpm: 500_000, leaseMs: 600_000 },
    royalty: {
      royaltyPpm: 100_000,
      contributorsPpm: 1_000_000,
      builderPpm: 0,
      curatorsPpm: 0,
      treasuryPpm: 0
    },
    treasury: account,
    seq: 0,
    createdAtMs: nowMs,
    effectiveAtMs: nowMs,
    changeDelayMs: 0
  })
  const id = cidOf(body)
  const approval = digest(RECORDS, 'ManifestApproval', { manifest: digestOf(id), seq: 0 })
  const bytes = encode({ body, approvals: [sign(secretKey, approval)] })
  return { id, bytes, topic }
}

/** Answers for one document, by its bytes' CID, by name, and in the catalogue. */
export async function serve(node, { id, bytes, topic }) {
  const entry = {
    issuer: id,
    kind: 'manifest',
    id,
    cid: CID.parse(cidOf(bytes)),
    labels: [topic]
  }
  const isNamed = (name) => name?.issuer === id && name.kind === 'manifest' && name.id === id
  const isHere = (ask) => ask?.cid?.equals?.(entry.cid) || isNamed(ask?.name)

  await node.handle(DOCUMENT, async (stream) => {
    let buffer = new Uint8Array(0)
    for await (const chunk of stream) {
      buffer = concat(buffer, chunk.subarray())
      for (let next = unframe(buffer); next !== undefined; next = unframe(buffer)) {
        buffer = next.rest
        answer(stream, next.value)
      }
    }
    await stream.close()
  })

  function answer(stream, { t, id: of, v }) {
    const send = (kind, value) =>
      stream.send(frame({ t: kind, id: of, ...(value === undefined ? {} : { v: value }) }))
    if (t !== 'ask') return
    if (v?.catalogue === true) {
      send('part', { entries: [entry] })
      send('end')
    } else if (isHere(v)) {
      send('end', { bytes })
    } else {
      send('error', { code: UNKNOWN, text: 'it is not here', details: {} })
    }
  }
}

/** Puts it up for others: as a Datanet of that id, and under its topic. */
export async function publish(node, own) {
  await serve(node, own)
  const keys = await announce(node, 'topic', own.topic)
  return [...keys, ...(await announce(node, 'datanet', own.id))]
}
