// Chapters 04 and 05: a revision's blocks from a peer, its UnixFS directory, and its rows.
import { CID } from 'multiformats/cid'
import { checkedCid, cidOf, digestOf, hex, LIMITS, refuse, same, sha2, utf8 } from './codec.mjs'
import { contribution } from './contribution.mjs'
import { askOnce } from './exchange.mjs'
import { demandKnown, ownersOf, readHandOverLine } from './handover.mjs'
import { demandSigner, digest, RECORDS, unwrap } from './signing.mjs'
import { contributionsRoot } from './trees.mjs'

const HAND_OVERS = 'data/hand-overs.jsonl'
const BLOCKS = '/datanet/blocks/1'
const [RAW, DAG_PB] = [0x55, 0x70]

/** Fetches the blocks under a root; each must hash, and be linked to by one before. */
async function fetchBlocks(node, peer, root) {
  const { parts } = await askOnce(node, peer, BLOCKS, { root: CID.parse(root), have: [] })
  const blocks = new Map()
  const wanted = new Set([root])
  let size = 0
  for (const { cid, bytes } of parts.flatMap((part) => part.blocks)) {
    const name = cid.toString()
    if (!wanted.has(name)) refuse('CID_MISMATCH', `nothing links to ${name}`)
    size += bytes.length
    const isLarge = bytes.length > LIMITS.blockBytes || size > LIMITS.contentBytes
    if (isLarge || blocks.size >= LIMITS.contentBlocks) refuse('RECORD_TOO_LARGE', name)
    blocks.set(name, checkedCid(bytes, name, cid.code))
    if (cid.code === DAG_PB) for (const link of readNode(bytes).links) wanted.add(link.cid)
  }
  return blocks
}

/** The fields of a protobuf message: number and value, in order. */
function* fields(bytes) {
  let at = 0
  const varint = () => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      if (at >= bytes.length || factor > 2 ** 49) refuse('CID_MISMATCH', 'no UnixFS node')
      const byte = bytes[at++]
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const key = varint()
    if (key % 8 === 0) yield [key >>> 3, varint()]
    else {
      const end = varint() + at
      if (key % 8 !== 2 || end > bytes.length) refuse('CID_MISMATCH', 'no UnixFS node')
      yield [key >>> 3, bytes.subarray(at, end)]
      at = end
    }
  }
}

/** A dag-pb node of UnixFS: its links, and the bytes that it holds itself. */
function readNode(bytes) {
  const links = []
  let data = new Uint8Array(0)
  for (const [field, value] of fields(bytes)) {
    if (field === 2) {
      const link = Object.fromEntries(fields(value))
      links.push({ cid: CID.decode(link[1]).toString(), name: new TextDecoder().decode(link[2]) })
    } else if (field === 1) {
      data = Object.fromEntries(fields(value))[2] ?? data
    }
  }
  return { links, data }
}

/** A reader of the files under a root. */
function directory(blocks, root) {
  const block = (cid) => blocks.get(cid) ?? refuse('CONTENT_UNAVAILABLE', cid)
  const bytesOf = (cid) => {
    if (CID.parse(cid).code === RAW) return [block(cid)]
    const { links, data } = readNode(block(cid))
    return [data, ...links.flatMap((link) => bytesOf(link.cid))]
  }
  return {
    has: (path) => {
      const step = (cid, name) =>
        cid && readNode(block(cid)).links.find((link) => link.name === name)?.cid
      return path.split('/').reduce(step, root) !== undefined
    },
    read: (path) => {
      const step = (cid, name) => {
        const found = readNode(block(cid)).links.find((link) => link.name === name)
        return found?.cid ?? refuse('CONTENT_UNAVAILABLE', path)
      }
      return Buffer.concat(bytesOf(path.split('/').reduce(step, root)))
    }
  }
}

/** A wrapped contribution, with the signature of its contributor. */
export function readContribution(bytes) {
  const { body, signatures } = unwrap(bytes, 'signature')
  const value = contribution.decode(body)
  const cid = cidOf(body)
  const said = digest(RECORDS, 'Contribution', {
    datanet: digestOf(value.datanet),
    contribution: digestOf(cid),
    licence: value.licence,
    origin: value.origin
  })
  demandSigner(said, signatures[0], value.contributor)
  return { value, cid }
}

/** A host's rules for taking a contribution in. */
export function admit({ value }, datanet, manifest, nowMs) {
  const isOurs = value.datanet === datanet && manifest.schemas.includes(value.schema)
  const isAgreed = same(value.consent.digest, sha2(utf8(manifest.consent)))
  const isPast = value.createdAtMs <= nowMs + LIMITS.clockSkewMs
  if (!isOurs || !isAgreed || !isPast) refuse('CONTRIBUTION_INVALID', value.schema)
  const { languages, files } = manifest
  const tag = value.language.toLowerCase()
  const isWithin = (one) => tag === one.toLowerCase() || tag.startsWith(`${one.toLowerCase()}-`)
  if (languages && !languages.some(isWithin)) refuse('LANGUAGE_REFUSED', value.language)
  if (value.schema === 'file/1') {
    const { mime, bytes } = value.content
    if (!files?.mimes.includes(mime) || bytes > files.maxBytes) refuse('FILE_REFUSED', mime)
  }
  if (!manifest.licences.includes(value.licence)) refuse('LICENCE_REFUSED', value.licence)
}

const COLUMNS = {
  'text/1': ['title', 'text'],
  'qa/1': ['question', 'answer'],
  'dialogue/1': ['title', 'turns'],
  'label/1': ['text', 'label', 'labels'],
  'correction/1': ['of', 'question', 'wrong', 'right'],
  'preference/1': ['question', 'answers', 'better', 'answer', 'rating', 'reason'],
  'file/1': ['file', 'mime', 'name', 'bytes', 'caption']
}

function column(name, value) {
  if (name === 'turns') return value.map(({ role, text }) => ({ role, text }))
  if (name === 'of' && value.receipt) return { receipt: hex(value.receipt) }
  return value
}

/** The line of `contributions.jsonl` of a wrapped contribution, with its host's word on it. */
export function lineOf(bytes, word, { value, cid } = readContribution(bytes)) {
  const { schema, content, language, licence, author, sourceUrl, tags } = value
  const { contributor, origin, createdAtMs } = value
  const said = COLUMNS[schema].map((name) => [name, column(name, content[name])])
  const { order, cluster, embedding } = word
  const signed = Buffer.from(bytes).toString('base64')
  const work = {
    id: cid,
    schema,
    ...Object.fromEntries(said),
    language,
    licence,
    author,
    sourceUrl
  }
  const rest = { tags, contributor, origin, createdAtMs, order, cluster, embedding, signed }
  return `${JSON.stringify({ ...work, ...rest })}\n`
}

const isCid = (one) => {
  try {
    return CID.parse(one).toString() === one
  } catch {
    return false
  }
}

/** One line of the file, line feed included; it must be what its record and its word make. */
export function readLine(line) {
  let columns
  try {
    columns = JSON.parse(line)
    columns.bytes = Uint8Array.from(Buffer.from(columns.signed, 'base64'))
  } catch (error) {
    refuse('REVISION_INVALID', error.message)
  }
  const read = readContribution(columns.bytes)
  const { order, cluster, embedding } = columns
  const isWord =
    Number.isSafeInteger(order) &&
    order > 0 &&
    (cluster === undefined || isCid(cluster)) &&
    (embedding === undefined || Buffer.from(embedding, 'base64').toString('base64') === embedding)
  if (!isWord) refuse('REVISION_INVALID', 'no word of a host')
  if (read.value.origin === 'message') refuse('REVISION_INVALID', 'the text of a message')
  const word = { order, cluster, embedding }
  if (lineOf(columns.bytes, word, read) !== line) {
    refuse('REVISION_INVALID', 'not what its record makes')
  }
  return { ...read, ...word }
}

/** No order twice, and no copy before its first. */
export function checkOrders(rows) {
  const orders = new Map(rows.map(({ cid, order }) => [cid, order]))
  const isOnce = new Set(rows.map(({ order }) => order)).size === rows.length
  const isFirst = ({ cluster, order }) => !orders.has(cluster) || orders.get(cluster) < order
  if (!isOnce || !rows.every(isFirst)) refuse('REVISION_INVALID', 'orders that cannot be')
}

const lines = (bytes) => bytes.toString('utf8').split(/(?<=\n)/)
const toHandOver = (line) => readHandOverLine(line, Date.now())

export function checkRows(revision, cids) {
  const isWhole = cids.length === revision.rows && new Set(cids).size === cids.length
  const root = contributionsRoot(cids)
  if (!isWhole || hex(root) !== hex(revision.contributionsRoot)) {
    refuse('REVISION_INVALID', 'other rows than the root names')
  }
}

/** Reads and verifies every row of a revision, and says who owns each account in it. */
export async function readRevision({ node, peer, manifest, revision }) {
  const files = directory(await fetchBlocks(node, peer, revision.content), revision.content)
  const contributions = lines(files.read('data/contributions.jsonl')).map((line) => {
    const read = readLine(line)
    admit(read, revision.datanet, manifest, Date.now())
    return read
  })
  checkRows(
    revision,
    contributions.map(({ cid }) => cid)
  )
  checkOrders(contributions)
  const handOvers = files.has(HAND_OVERS) ? lines(files.read(HAND_OVERS)).map(toHandOver) : []
  demandKnown(
    handOvers,
    contributions.map(({ value }) => value.contributor)
  )
  return { contributions, ownerOf: ownersOf(handOvers) }
}
