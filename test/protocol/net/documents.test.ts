import { describe, expect, onTestFinished, test } from 'vitest'
import { cidOf, decodeCanonical, encodeCanonical } from '../../../protocol/base/codec.ts'
import { DatanetError } from '../../../protocol/base/errors.ts'
import { LIMITS } from '../../../protocol/base/limits.ts'
import { serveDocuments } from '../../../protocol/net/document-server.ts'
import { type CatalogueEntry, createDocuments } from '../../../protocol/net/documents.ts'
import { serveExchange } from '../../../protocol/net/exchange.ts'
import { createExchangePool } from '../../../protocol/net/exchange-pool.ts'
import { PROTOCOLS } from '../../../protocol/net/ids.ts'
import { testNode } from '../../fixtures/network.ts'

const NAME = { issuer: 'issuer', kind: 'card', id: 'one' }
const card = (seq: number, text = '') => encodeCanonical({ seq, text })

/** Stands for a signature check: what it does not refuse is taken as genuine. */
function verify(bytes: Uint8Array): { seq: number; text: string } {
  const document = decodeCanonical(bytes) as { seq: number; text: string }
  if (document.text === 'forged') throw new DatanetError('SIGNATURE_INVALID')
  return document
}

async function host() {
  const [server, reader] = await Promise.all([testNode('host'), testNode('reader')])
  const state = { newest: card(1), all: [] as Uint8Array[], entries: [] as CatalogueEntry[] }
  await serveDocuments(server, {
    byCid: (cid) => state.all.find((bytes) => cidOf(bytes).equals(cid)),
    newest: ({ id }) => (id === 'one' ? state.newest : undefined),
    catalogue: () => state.entries
  })
  const pool = createExchangePool(reader)
  onTestFinished(() => pool.close())
  await reader.dial(server.getMultiaddrs())
  return { server, reader, state, pool, peer: server.peerId, documents: createDocuments(pool) }
}

describe('a document', () => {
  // DOCUMENT-W1
  test('is read by its CID as the bytes that were signed', async () => {
    const { state, peer, documents } = await host()
    state.all.push(card(1), card(2))
    expect(await documents.byCid(peer, cidOf(card(2)))).toEqual(card(2))
  })

  test('is DOCUMENT_UNKNOWN where it is not held', async () => {
    const { peer, documents } = await host()
    const unknown = { code: 'DOCUMENT_UNKNOWN', details: { remote: true } }
    await expect(documents.byCid(peer, cidOf(card(9)))).rejects.toMatchObject(unknown)
    const other = documents.newest(peer, { ...NAME, id: 'two' }, verify)
    await expect(other).rejects.toMatchObject(unknown)
  })

  // DOCUMENT-R1
  test('is refused when its bytes do not hash to the CID', async () => {
    const { reader, pool, documents } = await host()
    const liar = await testNode('liar')
    // biome-ignore lint/correctness/useYield: it answers with the end value alone
    await serveExchange(liar, PROTOCOLS.document, async function* () {
      return { bytes: card(7) }
    })
    await reader.dial(liar.getMultiaddrs())
    const wrong = documents.byCid(liar.peerId, cidOf(card(1)))
    await expect(wrong).rejects.toMatchObject({ code: 'CID_MISMATCH' })
    const ask = pool.request(liar.peerId, PROTOCOLS.document, { anything: true })
    expect(await ask).toEqual({ bytes: card(7) })
  })

  // DOCUMENT-R2
  test('is read by name, newest first, and never goes back', async () => {
    const { state, peer, documents } = await host()
    state.newest = card(5)
    expect((await documents.newest(peer, NAME, verify)).document.seq).toBe(5)
    state.newest = card(4)
    const old = documents.newest(peer, NAME, verify)
    await expect(old).rejects.toMatchObject({ code: 'RECORD_SUPERSEDED', details: { known: 5 } })
    state.newest = card(6)
    expect((await documents.newest(peer, NAME, verify)).document.seq).toBe(6)
  })

  test('does not count before it is verified', async () => {
    const { state, peer, documents } = await host()
    state.newest = card(1_000, 'forged')
    const forged = documents.newest(peer, NAME, verify)
    await expect(forged).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' })
    state.newest = card(1)
    expect((await documents.newest(peer, NAME, verify)).document.seq).toBe(1)
  })

  // DOCUMENT-R3
  test('is refused with both versions as evidence when its number was used twice', async () => {
    const { state, peer, documents } = await host()
    state.newest = card(3, 'one story')
    await documents.newest(peer, NAME, verify)
    const twice = { code: 'RECORD_EQUIVOCATES' }
    state.newest = card(3, 'another')
    await expect(documents.newest(peer, NAME, verify)).rejects.toMatchObject(twice)
    state.newest = card(3, 'one story')
    await expect(documents.newest(peer, NAME, verify)).rejects.toMatchObject(twice)
    expect(documents.evidence).toEqual([
      { ...NAME, seq: 3, documents: [card(3, 'one story'), card(3, 'another')] }
    ])
    state.newest = card(4)
    expect((await documents.newest(peer, NAME, verify)).document.seq).toBe(4)
  })
})

describe('a large document', () => {
  const DROP = { ...NAME, kind: 'drop' }
  const large = (bytes: number) => new Uint8Array(bytes).map((_, i) => i % 251)
  const any = (bytes: Uint8Array) => ({ seq: bytes.byteLength })

  // DOCUMENT-W2, DOCUMENT-R7
  test('that may be one comes whole, in pieces where no frame holds it', async () => {
    const { state, peer, pool, documents } = await host()
    state.newest = large(LIMITS.blockBytes)
    const alone = await pool.request(peer, PROTOCOLS.document, { name: DROP })
    expect(alone).toEqual({ bytes: state.newest })
    for (const bytes of [300_000, LIMITS.blockBytes + 1, LIMITS.dropBytes]) {
      state.newest = large(bytes)
      const { bytes: read } = await documents.newest(peer, DROP, any)
      expect(Buffer.compare(read, state.newest)).toBe(0)
    }
  })

  // DOCUMENT-R6
  test('is refused beyond what its kind may have, and by its CID beyond one record', async () => {
    const { state, peer, documents } = await host()
    const refused = { code: 'RECORD_TOO_LARGE' }
    state.newest = large(LIMITS.recordBytes + 1)
    await expect(documents.newest(peer, NAME, any)).rejects.toMatchObject(refused)
    state.all.push(state.newest)
    await expect(documents.byCid(peer, cidOf(state.newest))).rejects.toMatchObject(refused)
    state.newest = large(LIMITS.dropBytes + 1)
    await expect(documents.newest(peer, DROP, any)).rejects.toMatchObject(refused)
  })

  // DOCUMENT-R6
  test('that comes at a drip is given up', async () => {
    const { reader, documents } = await host()
    const liar = await testNode('liar')
    let sent = 0
    await serveExchange(liar, PROTOCOLS.document, async function* () {
      while (yield { bytes: card(1) }) sent += 1
      return undefined
    })
    await reader.dial(liar.getMultiaddrs())
    const drip = documents.newest(liar.peerId, DROP, any)
    await expect(drip).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' })
    expect(sent).toBeLessThan(10_000)
  })
})

describe('a catalogue', () => {
  test('comes whole, in many parts', async () => {
    const { state, peer, documents } = await host()
    state.entries = Array.from({ length: 350 }, (_, i) => ({
      ...NAME,
      id: `${i}`,
      cid: cidOf(card(i)),
      labels: ['health', 'triage']
    }))
    expect(await documents.catalogue(peer)).toEqual(state.entries)
  })

  test('is FRAME_MALFORMED when an entry has another form', async () => {
    const { reader, documents } = await host()
    const liar = await testNode('liar')
    await serveExchange(liar, PROTOCOLS.document, async function* () {
      yield { entries: [{ ...NAME, cid: 'not a cid', labels: [] }] }
      return undefined
    })
    await reader.dial(liar.getMultiaddrs())
    const bad = documents.catalogue(liar.peerId)
    await expect(bad).rejects.toMatchObject({ code: 'FRAME_MALFORMED' })
  })
})

test('a document server answers an ask of another form with FRAME_MALFORMED', async () => {
  const { peer, pool } = await host()
  const ask = pool.request(peer, PROTOCOLS.document, { name: { issuer: 'x' } })
  await expect(ask).rejects.toMatchObject({ code: 'FRAME_MALFORMED', details: { remote: true } })
})
