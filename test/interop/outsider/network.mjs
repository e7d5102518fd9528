// Chapter 05: a libp2p node, the DHT's rendezvous keys, and exchanges on kept streams.

import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { concat, frame, isMap, LIMITS, Refusal, refuse, unframe } from './codec.mjs'
import { bucketsOf, rendezvousKey, rendezvousKeys } from './trees.mjs'

const NAMES = {
  20: 'DATANET_UNKNOWN',
  40: 'MODEL_UNKNOWN',
  41: 'OFFER_UNKNOWN',
  42: 'OFFER_EXPIRED',
  45: 'REQUEST_TOO_LARGE',
  46: 'PROVIDER_BUSY',
  60: 'CHAIN_MISMATCH',
  61: 'TERMS_MISMATCH',
  62: 'CHANNEL_UNKNOWN',
  63: 'DEPOSIT_INSUFFICIENT',
  64: 'VOUCHER_MALFORMED',
  65: 'VOUCHER_STALE',
  66: 'VOUCHER_OVERFLOWS',
  67: 'VOUCHER_INSUFFICIENT',
  68: 'VOUCHER_ROYALTY_LOW',
  69: 'VOUCHER_TIMEOUT',
  71: 'CALL_CONFLICT',
  81: 'RECEIPT_UNKNOWN',
  82: 'RECEIPTS_BEHIND',
  106: 'DOCUMENT_UNKNOWN'
}

export async function startNode() {
  return await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: '/datanet/kad/1.0.0',
        clientMode: false,
        peerInfoMapper: passthroughMapper
      })
    }
  })
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export async function join(node, addresses) {
  for (const address of addresses) await node.dial(multiaddr(address))
  const until = Date.now() + 10_000
  while (node.services.dht.routingTable?.size === 0 && Date.now() < until) await pause(50)
}

/** Says in the DHT: ask me about this. */
export async function announce(node, kind, value) {
  const keys = bucketsOf(kind, node.peerId.toString()).map((b) => rendezvousKey(kind, value, b))
  for (const key of keys) {
    for await (const event of node.services.dht.provide(CID.parse(key))) void event
  }
  return keys
}

/** Peers that said so, without ourselves: peer id → addresses. */
export async function seek(node, kind, value) {
  const found = new Map()
  const look = async (key) => {
    const signal = AbortSignal.timeout(5_000)
    const events = node.services.dht.findProviders(CID.parse(key), { signal })
    for await (const event of events) {
      for (const peer of event.name === 'PROVIDER' ? event.providers : []) {
        if (!peer.id.equals(node.peerId)) found.set(peer.id.toString(), peer)
      }
    }
  }
  await Promise.all(rendezvousKeys(kind, value).map((key) => look(key).catch(() => undefined)))
  return [...found.values()]
}

/** A stream of one protocol, kept for one exchange after the other. */
export async function connect(node, peer, protocol) {
  const stream = await node.dialProtocol(peer, protocol)
  const frames = reader(stream)
  let asks = 0
  return {
    ask: (value) => exchange(stream, frames, asks++, value),
    close: () => stream.close()
  }
}

function reader(stream) {
  let buffer = new Uint8Array(0)
  const chunks = stream[Symbol.asyncIterator]()
  return async () => {
    for (;;) {
      const found = unframe(buffer)
      if (found !== undefined) {
        buffer = found.rest
        return found.value
      }
      const next = await inTime(chunks.next())
      if (next.done) refuse('PEER_GONE', 'the stream ended')
      buffer = concat(buffer, next.value.subarray())
    }
  }
}

async function inTime(promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Refusal('PEER_SILENT')), LIMITS.exchangeMs)
  })
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function exchange(stream, frames, id, value) {
  const send = (t, v) => stream.send(frame(v === undefined ? { t, id } : { t, id, v }))
  send('ask', value)
  return {
    more: (v) => send('more', v),
    stop: () => send('stop'),
    /** The next `part`, or the `end`; an `error` is thrown. */
    next: async () => {
      const { t, id: of, v } = check(await frames())
      if (of !== id) refuse('FRAME_MALFORMED', 'of another exchange')
      if (t === 'error') throw new Refusal(NAMES[v.code] ?? `code ${v.code}`, String(v.text))
      return { isEnd: t === 'end', value: v }
    }
  }
}

function check(said) {
  const isFrame = isMap(said) && ['part', 'end', 'error'].includes(said.t)
  if (!isFrame || !Number.isSafeInteger(said.id) || said.id < 0) refuse('FRAME_MALFORMED')
  return said
}

/** Asks once and takes the parts and the end. */
export async function askOnce(node, peer, protocol, value) {
  const line = await connect(node, peer, protocol)
  try {
    const answer = line.ask(value)
    const parts = []
    for (;;) {
      const step = await answer.next()
      if (step.isEnd) return { parts, end: step.value }
      parts.push(step.value)
    }
  } finally {
    await line.close().catch(() => undefined)
  }
}
