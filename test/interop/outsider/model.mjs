// Chapters 04 to 06: from a topic to a model's card, a fresh offer and the Datanets behind it.
import { checkedCid, refuse } from './codec.mjs'
import { askOnce } from './exchange.mjs'
import { seek } from './network.mjs'
import { chainKey, demandRoyalty, readCard, readManifest, readOffer, revision } from './records.mjs'
import { DOCUMENT } from './serve.mjs'

/** Documents of one peer, by name. */
export function library(node, peer) {
  const ask = (value) => askOnce(node, peer, DOCUMENT, value)
  return {
    catalogue: async () => {
      const { parts } = await ask({ catalogue: true })
      return parts.flatMap((part) => part.entries).slice(0, 10_000)
    },
    named: async (issuer, kind, id) => (await ask({ name: { issuer, kind, id } })).end.bytes
  }
}

/** The first model that a peer serves under this topic, everything verified. */
export async function findModel({ node, topic, tell }) {
  const peers = await seek(node, 'topic', topic)
  tell('providers', { topic, peers: peers.map(({ id }) => id.toString()) })
  for (const peer of peers) {
    const found = await modelAt(node, peer, topic).catch((error) => ({ reason: error.message }))
    if (found.card) return { ...found, peer: peer.multiaddrs }
    tell('passed over', { peer: peer.id.toString(), reason: found.reason })
  }
  return refuse('DISCOVERY_EMPTY', `nobody serves a model about ${topic}`)
}

async function modelAt(node, peer, topic) {
  const documents = library(node, peer.multiaddrs)
  const entries = await documents.catalogue()
  const entry = entries.find(({ kind, labels }) => kind === 'card' && labels.includes(topic))
  if (entry === undefined) return { reason: 'no card about this topic' }
  const card = await readCard(await documents.named(entry.issuer, 'card', entry.id))
  if (card.cid !== entry.id) refuse('CID_MISMATCH', 'another card')
  if (!card.value.topics.includes(topic)) refuse('RECORD_MALFORMED', 'a card of other topics')
  const provider = peer.id.toString()
  const offer = await readOffer(await documents.named(provider, 'offer', card.cid))
  if (offer.value.model !== card.cid) refuse('SIGNER_UNEXPECTED', 'an offer for another model')
  if (offer.value.provider !== provider) refuse('SIGNER_UNEXPECTED', 'another provider')
  const datanets = []
  for (const { datanet, revision: wanted } of card.value.revisions) {
    datanets.push(await datanetAt(documents, datanet, wanted))
  }
  for (const { manifest } of datanets) demandRoyalty(offer.value.policy, manifest.value.royalty)
  const keys = datanets.map(({ key }) => key)
  if (!keys.includes(offer.value.payment.auditor)) {
    refuse('TERMS_MISMATCH', 'an auditor that none of the Datanets is')
  }
  return { card, offer, datanets }
}

async function datanetAt(documents, datanet, wanted) {
  const bytes = await documents.named(datanet, 'manifest', datanet)
  const manifest = readManifest(bytes)
  if (manifest.cid !== datanet) refuse('CID_MISMATCH', 'another Datanet')
  const record = revision.decode(
    checkedCid(await documents.named(datanet, 'revision', datanet), wanted)
  )
  if (record.datanet !== datanet) refuse('REVISION_INVALID', 'of another Datanet')
  return { manifest, revision: { cid: wanted, value: record }, key: chainKey(manifest) }
}
