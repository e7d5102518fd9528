// The records of chapters 04, 06, 07 and 08, each with the checks of its page.
import { AbiCoder, keccak256 } from 'ethers'
import { cidOf, digestOf, LIMITS, refuse } from './codec.mjs'
import {
  address,
  atMs,
  bytes,
  cid,
  count,
  hash,
  int,
  is,
  label,
  list,
  map,
  matching,
  optional,
  ppm,
  record,
  someone,
  text,
  wei
} from './fields.mjs'
import { digest, escrowDomain, open, RECORDS, signer, unwrap } from './signing.mjs'

const policy = map(
  { royaltyPpm: ppm, contributorsPpm: ppm, builderPpm: ppm, curatorsPpm: ppm, treasuryPpm: ppm },
  (p) => p.contributorsPpm + p.builderPpm + p.curatorsPpm + p.treasuryPpm === 1_000_000
)

const ascends = (values) => values.every((value, at) => at === 0 || values[at - 1] < value)

export const manifest = record(
  {
    version: is(1),
    name: label,
    purpose: text(4096),
    topics: list(label, 1, LIMITS.labels),
    schemas: list(label, 1, LIMITS.labels),
    languages: optional(list(label, 1, LIMITS.labels)),
    licences: list(label, 1, LIMITS.labels),
    files: optional(
      map({ mimes: list(label, 1, LIMITS.labels), maxBytes: int(1, LIMITS.contentBytes) })
    ),
    consent: text(8192),
    curators: list(address, 1, LIMITS.curators),
    threshold: int(1, 32),
    intakeHost: label,
    hosts: list(label, 0, LIMITS.hosts),
    intake: map({
      pendingPerAccount: int(1, LIMITS.revisionRows),
      perDayPerAccount: int(1, LIMITS.revisionRows)
    }),
    review: map({
      approvals: int(1, 32),
      sharePpm: ppm,
      leaseMs: int(LIMITS.leaseMsMin, LIMITS.leaseMsMax),
      earns: optional(is('reviews'))
    }),
    royalty: policy,
    treasury: address,
    seq: count,
    prev: optional(cid),
    createdAtMs: atMs,
    effectiveAtMs: atMs,
    changeDelayMs: int(0, LIMITS.changeDelayMs)
  },
  (m) => {
    const isFounding = m.seq === 0
    return (
      ascends(m.curators) &&
      ascends(m.hosts) &&
      !m.hosts.includes(m.intakeHost) &&
      m.schemas.includes('file/1') === (m.files !== undefined) &&
      m.effectiveAtMs >= m.createdAtMs &&
      (!isFounding || m.effectiveAtMs === m.createdAtMs) &&
      m.threshold <= m.curators.length &&
      m.review.approvals <= m.curators.length &&
      isFounding === (m.prev === undefined)
    )
  }
)

function isShared(curation) {
  if (curation === undefined) return true
  const sum = curation.reduce((all, { ppm: part }) => all + part, 0)
  return sum === 1_000_000 && ascends(curation.map(({ account }) => account))
}

export const revision = record(
  {
    version: is(1),
    datanet: cid,
    manifest: cid,
    ordinal: int(1),
    parent: optional(cid),
    contributionsRoot: bytes(32),
    rows: int(1, 1_000_000),
    content: cid,
    curation: optional(list(map({ account: address, ppm: int(1, 1_000_000) }), 1, 256)),
    createdAtMs: atMs
  },
  (r) => (r.ordinal === 1) === (r.parent === undefined) && isShared(r.curation)
)

export const card = record({
  version: is(1),
  name: matching(/^(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*$/),
  description: text(4096),
  engine: label,
  base: optional(label),
  adapter: optional(
    map({
      cid,
      rank: int(1, LIMITS.adapterRank),
      canary: optional(map({ prompt: text(1024), answer: bytes(32) }))
    })
  ),
  artefact: cid,
  revisions: list(map({ datanet: cid, revision: cid }), 1, LIMITS.cardRevisions),
  topics: list(label, 1, LIMITS.labels),
  languages: list(label, 1, LIMITS.labels),
  builder: address,
  issuer: label,
  tokenizer: is('o200k_base'),
  evaluation: map({ method: label, questions: count, answered: count, falseAnswers: count }),
  seq: atMs
})

const DELAY = int(1, 2_592_000)

export const offer = record(
  {
    version: is(1),
    model: cid,
    provider: label,
    payment: map({
      chainId: int(1),
      escrow: address,
      pool: address,
      registry: address,
      token: address,
      operator: address,
      receiptSigner: address,
      auditor: hash,
      withdrawDelayS: DELAY
    }),
    price: map({ callWei: wei, inputTokenWei: wei, outputTokenWei: wei }),
    openWei: wei,
    maxChunkWei: wei,
    policy,
    maxInputBytes: int(1, LIMITS.frameBytes),
    maxOutputTokens: int(1),
    adapters: optional(
      map({ maxRank: int(1, LIMITS.adapterRank), warm: list(cid, 0, LIMITS.warmAdapters) })
    ),
    seq: atMs,
    expiresAtMs: atMs
  },
  (o) => o.expiresAtMs - o.seq <= LIMITS.offerLifeMs
)

export const terms = record({
  payer: someone,
  signer: someone,
  operator: someone,
  receiptSigner: someone,
  auditor: hash,
  token: address,
  withdrawDelayS: DELAY,
  salt: hash
})

export const request = record({
  version: is(1),
  callId: bytes(16),
  attempt: int(0, 255),
  model: cid,
  offer: cid,
  messages: list(
    map({
      role: is('system', 'user', 'assistant', 'tool'),
      content: text(LIMITS.recordBytes, 0),
      toolCallId: optional(label)
    }),
    1,
    256
  ),
  maxOutputTokens: optional(int(1)),
  form: optional(text(65_536, 2)),
  maxWei: wei,
  requestSalt: bytes(16),
  answerSalt: bytes(16)
})

const NAMED = ['retrieved', 'span', 'trained']
const creditLine = map(
  {
    contribution: optional(cid),
    account: optional(someone),
    basis: is(...NAMED, 'revision', 'unattributed'),
    ppm: int(1, 1_000_000)
  },
  (line) => {
    const named = [line.contribution, line.account].filter((part) => part !== undefined).length
    if (NAMED.includes(line.basis)) return named === 2
    return line.basis !== 'unattributed' || named === 0
  }
)

function isWhole(credits) {
  const keys = credits.map((c) => [c.contribution, c.account, c.basis].join(' '))
  const sum = credits.reduce((total, line) => total + line.ppm, 0)
  return sum === 1_000_000 && new Set(keys).size === keys.length
}

const creditsType = list(creditLine, 1, LIMITS.credits)

export const receipt = record(
  {
    version: is(1),
    callId: bytes(16),
    attempt: count,
    channelId: hash,
    seq: count,
    provider: label,
    model: cid,
    offer: cid,
    request: bytes(32),
    answer: bytes(32),
    usage: map({ inputTokens: count, outputTokens: count }),
    priceWei: wei,
    royaltyWei: wei,
    outcome: is('answered', 'abstained', 'cancelled', 'interrupted'),
    method: label,
    evidence: optional(bytes(32)),
    credits: creditsType,
    builder: someone,
    startedAtMs: atMs,
    finishedAtMs: atMs
  },
  (r) => {
    const isFree = /^0x0*$/.test(r.channelId)
    if (isFree && (r.priceWei !== 0n || r.seq !== 0)) return false
    return r.royaltyWei <= r.priceWei && r.finishedAtMs >= r.startedAtMs && isWhole(r.credits)
  }
)

/** Credits on their own, as lines in memory. */
export function checkCredits(lines) {
  try {
    if (isWhole(creditsType.read(creditsType.write(lines)))) return
  } catch {}
  refuse('ATTRIBUTION_INVALID', 'credits that are no whole')
}

async function openRecord(sealed, domain, shape, issuer) {
  const { payload, signer: sealer } = await open(sealed, domain)
  const value = shape.decode(payload)
  if (value[issuer] !== sealer) refuse('SIGNER_UNEXPECTED', `sealed by ${sealer}`)
  return { value, cid: cidOf(payload) }
}

function demandPast(seq, nowMs) {
  if (seq > nowMs + LIMITS.clockSkewMs) refuse('RECORD_FROM_FUTURE', `issued at ${seq}`)
}

export async function readCard(sealed, nowMs = Date.now()) {
  const found = await openRecord(sealed, 'datanet/card/1', card, 'issuer')
  demandPast(found.value.seq, nowMs)
  if (found.value.seq + LIMITS.cardLifeMs < nowMs) refuse('RECORD_EXPIRED', 'an old card')
  return found
}

export async function readOffer(sealed, nowMs = Date.now()) {
  const found = await openRecord(sealed, 'datanet/offer/1', offer, 'provider')
  demandPast(found.value.seq, nowMs)
  if (nowMs > found.value.expiresAtMs) refuse('OFFER_EXPIRED')
  return found
}

/** A manifest with its approvals; `previous` is the manifest before, read the same way. */
export function readManifest(bytesOfIt, previous) {
  const { body, signatures } = unwrap(bytesOfIt, 'approvals')
  const value = manifest.decode(body)
  const own = cidOf(body)
  const follows = previous
    ? value.seq === previous.value.seq + 1 && value.prev === previous.cid
    : value.seq === 0
  if (!follows) refuse('RECORD_SUPERSEDED', 'not the next manifest')
  const earliestAtMs = value.createdAtMs + (previous?.value.changeDelayMs ?? 0)
  if (value.effectiveAtMs < earliestAtMs) refuse('CHANGE_TOO_SOON', `${earliestAtMs}`)
  const approval = digest(RECORDS, 'ManifestApproval', { manifest: digestOf(own), seq: value.seq })
  const law = previous?.value ?? value
  const signers = new Set(signatures.map((one) => signer(approval, one)))
  const approvals = law.curators.filter((curator) => signers.has(curator)).length
  if (approvals < law.threshold) refuse('APPROVALS_MISSING', `${approvals} of ${law.threshold}`)
  return { value, cid: own }
}

/** The 32 bytes that stand for a Datanet on chain. */
export function chainKey(founding) {
  const types = ['bytes32', 'address[]', 'uint8']
  const parts = [digestOf(founding.cid), founding.value.curators, founding.value.threshold]
  return keccak256(AbiCoder.defaultAbiCoder().encode(types, parts))
}

export function demandRoyalty(paid, asked) {
  const isLow = paid.royaltyPpm < asked.royaltyPpm || paid.contributorsPpm < asked.contributorsPpm
  if (isLow) refuse('ROYALTY_TOO_LOW', 'below what the Datanet asks for')
}

export const channelId = (value, payment) =>
  digest(escrowDomain(payment.chainId, payment.escrow), 'Terms', value)

export { wei as weiType }
