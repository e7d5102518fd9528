// Chapter 04, submission: a signed contribution handed to the host of a Datanet.
import { randomBytes } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { cidOf, digestOf, encode, refuse, sha2, utf8 } from './codec.mjs'
import { contribution, readSubmissionReceipt, signQuery } from './contribution.mjs'
import { askOnce } from './exchange.mjs'
import { seek } from './network.mjs'
import { digest, RECORDS, sign } from './signing.mjs'

const CONTRIBUTE = '/datanet/contribute/1'

function newContribution({ datanet, account, secretKey, title, text }) {
  const manifest = datanet.value
  const nowMs = Date.now()
  const value = {
    version: 1,
    datanet: datanet.cid,
    schema: 'text/1',
    content: { title, text },
    language: 'en',
    licence: manifest.licences[0],
    origin: 'direct',
    contributor: account,
    consent: { digest: sha2(utf8(manifest.consent)), atMs: nowMs },
    salt: Uint8Array.from(randomBytes(16)),
    createdAtMs: nowMs
  }
  const body = contribution.encode(value)
  const cid = cidOf(body)
  const said = digest(RECORDS, 'Contribution', {
    datanet: digestOf(datanet.cid),
    contribution: digestOf(cid),
    licence: value.licence,
    origin: value.origin
  })
  return { cid, bytes: encode({ body, signature: sign(secretKey, said) }) }
}

/** Where an account's only contribution stands, as its host tells the account alone. */
async function standing(node, host, { datanet, account, wallet }) {
  const asked = { version: 1, datanet, account, after: 0, askedAtMs: Date.now() }
  const query = signQuery(asked, wallet.privateKey)
  const { end } = await askOnce(node, host.multiaddrs, CONTRIBUTE, {
    datanet: CID.parse(datanet),
    query
  })
  return end.submissions[0].status
}

/** Signs a text and hands it in, twice: the second time the host only says where it stands. */
export async function contribute({ node, datanet, wallet, title, text }) {
  const account = wallet.address.toLowerCase()
  const peers = await seek(node, 'datanet', datanet.cid)
  const host = peers.find(({ id }) => id.toString() === datanet.value.intakeHost)
  if (host === undefined) refuse('PEER_UNREACHABLE', datanet.value.intakeHost)
  const own = newContribution({ datanet, account, secretKey: wallet.privateKey, title, text })
  const ask = { datanet: CID.parse(datanet.cid), contribution: own.bytes }
  const statuses = []
  for (let times = 0; times < 2; times++) {
    const { end } = await askOnce(node, host.multiaddrs, CONTRIBUTE, ask)
    if (end.contribution.toString() !== own.cid) refuse('CID_MISMATCH', 'another contribution')
    const { value, host: by } = await readSubmissionReceipt(end.receipt)
    if (value.contribution !== own.cid || by !== datanet.value.intakeHost) {
      refuse('CID_MISMATCH', 'a receipt of another contribution')
    }
    statuses.push(end.status)
  }
  statuses.push(await standing(node, host, { datanet: datanet.cid, account, wallet }))
  return { contribution: own.cid, host: host.id.toString(), statuses }
}
