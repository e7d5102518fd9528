// One paid call from its request to the claim of a reward: 07, 08 and 09 in the same bytes.
import { Interface } from 'ethers'
import { channelId, DOMAIN, domain, signedVoucher, termsRecord, ZERO_HASH } from './channel.mjs'
import { contributionRecord } from './contribution.mjs'
import { poolId, poolParts, sumTree } from './drop.mjs'
import { stream } from './exchanges.mjs'
import { datanetId, foundingManifest } from './manifest.mjs'
import { BUILDER, cardRecord, offerRecord, RECEIPT_SIGNER } from './model.mjs'
import { mountainsRoot, signedReceipt } from './receipt.mjs'
import {
  bytes,
  cidOf,
  encode,
  fill,
  hex,
  json,
  NOW_MS,
  peer,
  seal,
  sha256,
  text,
  utf8,
  wei
} from './tools.mjs'

const CHUNKS = ['The bow is', ' the front of a boat.']
/** By o200k_base: of the question, of the first chunk, of the whole answer. */
const TOKENS = { input: 5, first: 3, whole: 9 }
const OUTPUT_WEI = 10n ** 14n
/** Two accounts share the royalty: the contributor and the builder. */
const POLICY = {
  royaltyPpm: 300_000,
  contributorsPpm: 900_000,
  builderPpm: 100_000,
  curatorsPpm: 0,
  treasuryPpm: 0
}

const costWei = (tokens) =>
  10n ** 15n + 10n ** 12n * BigInt(TOKENS.input) + OUTPUT_WEI * BigInt(tokens)
const royaltyOf = (amount) => (amount * BigInt(POLICY.royaltyPpm)) / 1_000_000n

async function story() {
  const provider = await peer(1)
  const offer = {
    ...(await offerRecord()),
    price: {
      callWei: wei(10n ** 15n),
      inputTokenWei: wei(10n ** 12n),
      outputTokenWei: wei(OUTPUT_WEI)
    },
    openWei: wei(10n ** 15n + 16n * 10n ** 12n),
    maxChunkWei: wei(6n * OUTPUT_WEI),
    policy: POLICY
  }
  const request = {
    version: 1,
    callId: bytes('000102030405060708090a0b0c0d0e0f'),
    attempt: 0,
    model: offer.model,
    offer: cidOf(encode(offer)),
    messages: [{ role: 'user', content: 'What is a bow?' }],
    maxWei: wei(3n * 10n ** 15n),
    requestSalt: fill(16, 0xa1),
    answerSalt: fill(16, 0xa2)
  }
  const priceWei = costWei(TOKENS.whole)
  const contribution = cidOf(encode(contributionRecord))
  const evidence = encode({
    version: 1,
    compared: 1,
    passages: [{ contribution }],
    spans: [],
    sentences: [{ words: 8, supports: [{ passage: 0, simPpm: 1_000_000 }] }]
  })
  const receipt = signedReceipt({
    version: 1,
    callId: request.callId,
    attempt: 0,
    channelId: hex(channelId),
    seq: 0,
    provider: provider.id,
    model: request.model,
    offer: request.offer,
    request: sha256(request.requestSalt, encode(request)),
    answer: sha256(request.answerSalt, utf8(CHUNKS.join(''))),
    usage: { inputTokens: TOKENS.input, outputTokens: TOKENS.whole },
    priceWei: wei(priceWei),
    royaltyWei: wei(royaltyOf(priceWei)),
    outcome: 'answered',
    method: 'span-coverage/1',
    evidence: sha256(request.answerSalt, evidence),
    credits: [
      { contribution, account: contributionRecord.contributor, basis: 'retrieved', ppm: 1_000_000 }
    ],
    builder: hex(BUILDER.address),
    startedAtMs: NOW_MS,
    finishedAtMs: NOW_MS + 40
  })
  const voucher = (coveredWei, receipts, receiptsRoot) =>
    signedVoucher({
      channelId,
      cumulativeWei: coveredWei,
      royaltyWei: royaltyOf(coveredWei),
      receipts,
      receiptsRoot
    }).data
  const upFrontWei = offer.openWei.amount + offer.maxChunkWei.amount
  return {
    provider,
    offer,
    request,
    receipt,
    evidence,
    contribution,
    priceWei,
    upFrontWei,
    opening: voucher(upFrontWei, 0, ZERO_HASH),
    further: voucher(priceWei, 0, ZERO_HASH),
    commit: voucher(priceWei, 1, mountainsRoot([receipt.leaf]))
  }
}

export async function call() {
  const { provider, offer, request, receipt, evidence, contribution, priceWei, ...vouchers } =
    await story()
  const { callId } = request
  const terms = encode(termsRecord)
  const { content, sourceUrl } = contributionRecord
  const { title } = content
  return {
    protocol: '/datanet/invoke/1',
    domain,
    provider: provider.id,
    manifest: json(foundingManifest),
    card: text(await seal('datanet/card/1', encode(await cardRecord()), provider)),
    offer: text(await seal('datanet/offer/1', encode(offer), provider)),
    nowMs: NOW_MS,
    channelId,
    depositWei: { $wei: `${10n ** 18n}` },
    request: json(request),
    receiptSigner: RECEIPT_SIGNER.address,
    receiptBody: text(receipt.body),
    leaf: text(receipt.leaf),
    frames: stream([
      ['ask', 1, { request: encode(request), terms, voucher: vouchers.opening }],
      ['part', 1, { chunk: CHUNKS[0], costWei: wei(costWei(TOKENS.first)) }],
      ['part', 1, { needWei: wei(priceWei) }],
      ['more', 1, { voucher: vouchers.further, callId, coveredWei: wei(priceWei) }],
      ['part', 1, { chunk: CHUNKS[1], costWei: wei(priceWei) }],
      [
        'end',
        1,
        {
          receipt: receipt.data,
          evidence,
          citations: [{ contribution: contribution.toString(), title, sourceUrl }]
        }
      ],
      ['ask', 2, { terms, commit: vouchers.commit }],
      ['end', 2]
    ])
  }
}

/** The same call asked for again, its receipt by channel, and what is refused. */
export async function replay() {
  const { offer, request, receipt, evidence, contribution, priceWei } = await story()
  const terms = encode(termsRecord)
  const { content, sourceUrl } = contributionRecord
  const { title } = content
  const citations = [{ contribution: contribution.toString(), title, sourceUrl }]
  const bytesOf = encode(request)
  const other = encode({ ...request, messages: [{ role: 'user', content: 'What is a stern?' }] })
  const never = encode({ ...request, callId: fill(16, 0xee) })
  const refused = (id, code, text, requirement, error) => [
    'error',
    id,
    { code, text, details: {} },
    { requirement, error }
  ]
  return {
    protocol: '/datanet/invoke/1',
    offer: json(offer),
    channelId,
    receiptBody: text(receipt.body),
    frames: stream([
      ['ask', 1, { request: bytesOf, terms, from: 1 }],
      ['part', 1, { chunk: CHUNKS[1], costWei: wei(priceWei) }],
      ['end', 1, { receipt: receipt.data, evidence, citations }],
      ['ask', 2, { request: bytesOf, terms, from: 0 }],
      ['end', 2, { receipt: receipt.data, citations: [], isForgotten: true }],
      ['ask', 3, { receipts: { channelId: bytes(channelId.slice(2)), from: 0 } }],
      ['part', 3, { receipts: [receipt.data] }],
      ['end', 3],
      ['ask', 4, { request: other, terms, from: 0 }],
      refused(4, 71, 'this call id was used for another request', 'REPLAY-R1', 'CALL_CONFLICT'),
      ['ask', 5, { request: never, terms, from: 2 }],
      refused(5, 74, 'nothing was delivered under this call id', 'REPLAY-R2', 'CALL_UNKNOWN'),
      ['ask', 6, { receipts: { channelId: fill(32, 0xee), from: 0 } }],
      refused(6, 62, 'no such channel is known here', 'RECEIPTS-R1', 'CHANNEL_UNKNOWN')
    ])
  }
}

const plain = (record) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, value.text ?? value]))

const TERMS_TUPLE =
  'tuple(address payer,address signer,address operator,address receiptSigner,bytes32 auditor,address token,uint32 withdrawDelayS,bytes32 salt)'

/** What is sent to the escrow with the last voucher of the call. */
export async function escrowClaim() {
  const { commit, priceWei } = await story()
  const escrow = new Interface([
    `function claim(tuple(${TERMS_TUPLE} terms,tuple(uint128 cumulativeWei,uint128 royaltyWei,uint64 receipts,bytes32 receiptsRoot,bytes32 r,bytes32 vs) voucher)[] rows)`
  ])
  const part = (from, to) => commit.slice(from, to)
  const row = [
    Object.values(plain(termsRecord)),
    [priceWei, royaltyOf(priceWei), 1, part(72, 104), part(104, 136), part(136, 168)]
  ]
  return {
    to: DOMAIN.verifyingContract,
    terms: text(encode(termsRecord)),
    voucher: text(commit),
    calldata: escrow.encodeFunctionData('claim', [[row]]).slice(2)
  }
}

/** The drop that pays this one call out, and the contributor's claim on it. */
export async function rewardClaim() {
  const { commit, receipt, priceWei } = await story()
  const royaltyWei = royaltyOf(priceWei)
  const share = (ppm) => wei((royaltyWei * BigInt(ppm)) / 1_000_000n)
  const leaves = [
    { account: contributionRecord.contributor, cumulativeWei: share(POLICY.contributorsPpm) },
    { account: hex(BUILDER.address), cumulativeWei: share(POLICY.builderPpm) }
  ].sort((a, b) => (a.account.text < b.account.text ? -1 : 1))
  const drop = {
    version: 1,
    pool: poolParts,
    leaves,
    totalWei: wei(royaltyWei),
    channels: [
      { channelId: hex(channelId), voucher: commit, capturedWei: wei(royaltyWei), isClosed: false }
    ],
    createdAtMs: NOW_MS
  }
  const data = encode(drop)
  const { root, proofs } = sumTree(leaves)
  const at = leaves.findIndex(({ account }) => account === contributionRecord.contributor)
  const pool = new Interface([
    'function postDrop(bytes32 auditor,address token,bytes32 root,uint256 totalWei,bytes32 drop)',
    'function claim(tuple(address operator,bytes32 auditor,address token) key,bytes leaf)'
  ])
  const { operator, auditor, token, contract } = plain(poolParts)
  // Account, amount and sides in 36 bytes, then each sibling in 36: its sum, and 24 bytes of its hash.
  const inBytes = (value, size) =>
    BigInt(value)
      .toString(16)
      .padStart(2 * size, '0')
  const lefts = proofs[at].reduce(
    (bits, { isLeft }, i) => bits | (isLeft ? 1n << BigInt(i) : 0n),
    0n
  )
  const siblings = proofs[at].map(
    ({ hash, sumWei }) => inBytes(sumWei.$wei, 12) + hash.slice(2, 50)
  )
  const { account, cumulativeWei } = leaves[at]
  const own = account.text.slice(2) + inBytes(cumulativeWei.amount, 12) + inBytes(lefts, 4)
  return {
    receipt: text(receipt.data),
    policy: POLICY,
    pool: { parts: json(poolParts), id: poolId() },
    drop: { input: json(drop), bytes: text(data), cid: cidOf(data).toString() },
    root: `0x${text(root)}`,
    post: {
      to: contract,
      calldata: pool
        .encodeFunctionData('postDrop', [auditor, token, root, royaltyWei, sha256(data)])
        .slice(2)
    },
    leaf: json(leaves[at]),
    proof: proofs[at],
    claim: {
      to: contract,
      calldata: pool
        .encodeFunctionData('claim', [[operator, auditor, token], `0x${own}${siblings.join('')}`])
        .slice(2)
    },
    datanet: datanetId.toString()
  }
}
