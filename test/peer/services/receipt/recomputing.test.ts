import { describe, expect, it } from 'vitest'
import type { ReceiptCheck } from '../../../../peer/api/money-api.ts'
import { ATTRIBUTION_METHOD, createGround } from '../../../../peer/engines/attribution/ground.ts'
import { readCorpus } from '../../../../peer/engines/retrieval/corpus.ts'
import { explain } from '../../../../peer/services/receipt/explaining.ts'
import type { KeptAnswer } from '../../../../peer/services/receipt/kept-answers.ts'
import { recompute } from '../../../../peer/services/receipt/recomputing.ts'
import { isDatanetError } from '../../../../protocol/base/errors.ts'
import { encodeRequest } from '../../../../protocol/net/invoke.ts'
import { coverageCredits, type Evidence } from '../../../../protocol/receipt/attribution.ts'
import { encodeEvidence } from '../../../../protocol/receipt/evidence.ts'
import { commitmentOf, type Receipt } from '../../../../protocol/receipt/receipt.ts'
import { address, cid, sampleReceipt } from '../../../protocol/receipt/sample-receipt.ts'

const HITCH =
  'A rolling hitch grips a taut line without slipping while sailors shift the heavy load slowly aft.'
const BEES = 'Honey bees form a cluster around their queen when the hive turns cold in late autumn.'
const TIDE = 'Spring tides come at full moon.'
const passages = [HITCH, BEES, TIDE].map((text, n) => ({
  contribution: cid(50 + n).toString(),
  contributor: address(50 + n),
  title: `Note ${n}`,
  text,
  order: n + 1
}))
const owners = new Map(passages.map((one) => [one.contribution, one.contributor]))
const texts = { ground: createGround(readCorpus(passages)), owners }
const ANSWER = `${HITCH} [1] Around their queen honey bees form a cluster when it turns cold. [2]`
const salts = { requestSalt: new Uint8Array(16).fill(1), answerSalt: new Uint8Array(16).fill(2) }
const request = encodeRequest({
  ...{ version: 1, callId: sampleReceipt.callId, attempt: 0, maxWei: 5n, ...salts },
  ...{ model: sampleReceipt.model, offer: sampleReceipt.offer },
  messages: [{ role: 'user', content: 'What holds?' }]
})
const right = texts.ground.attribute(ANSWER)

/** What a provider signed, and what came: honest unless bent. */
function made(evidence: Evidence = right, change: Partial<Receipt> = {}) {
  const bytes = encodeEvidence(evidence)
  const receipt: Receipt = {
    ...sampleReceipt,
    request: commitmentOf(salts.requestSalt, request),
    answer: commitmentOf(salts.answerSalt, new TextEncoder().encode(ANSWER)),
    method: ATTRIBUTION_METHOD,
    evidence: commitmentOf(salts.answerSalt, bytes),
    credits: [...coverageCredits(evidence, owners)],
    ...change
  }
  const titles = [{ contribution: passages[0]?.contribution as string, title: 'Hitches' }]
  const card = new Uint8Array()
  const said: KeptAnswer = { request, answer: ANSWER, evidence: bytes, card, titles }
  return { receipt, said }
}

async function codeOf(
  { receipt, said }: ReturnType<typeof made>,
  here: typeof texts = texts
): Promise<string> {
  try {
    const checks = await recompute(receipt, said, async () => here)
    return checks.map(({ what, holds }) => `${what} ${holds}`).join(', ')
  } catch (error) {
    if (isDatanetError(error)) return error.code
    throw error
  }
}

describe('recompute', () => {
  it('finds that an honest receipt holds, down to the texts', async () => {
    expect(await codeOf(made())).toBe('answer true, credits true, texts true')
    expect(right.spans.length).toBe(1)
    expect(right.sentences[1]?.supports.length).toBe(1)
  })

  // EVIDENCE-R2
  it('refuses a weight that was moved to a friend, and an account that is not the owner’s', async () => {
    const { receipt } = made()
    const [first, second] = receipt.credits as [Receipt['credits'][0], Receipt['credits'][0]]
    const moved = [
      { ...first, ppm: first.ppm - 9 },
      { ...second, ppm: second.ppm + 9 }
    ]
    expect(await codeOf(made(right, { credits: moved }))).toBe('CREDITS_DIFFER')
    const renamed = [{ ...first, account: address(99) }, second]
    expect(await codeOf(made(right, { credits: renamed }))).toBe('CREDITS_DIFFER')
    const { evidence: _, ...unproven } = receipt
    expect(await codeOf({ ...made(), receipt: unproven })).toBe('CREDITS_DIFFER')
  })

  // EVIDENCE-R1
  it('refuses evidence that is not what was signed, none at all, and what is no evidence', async () => {
    const { receipt, said } = made()
    const other = encodeEvidence({ ...right, compared: 4 })
    expect(await codeOf({ receipt, said: { ...said, evidence: other } })).toBe('EVIDENCE_DIFFERS')
    const { evidence: _, ...bare } = said
    expect(await codeOf({ receipt, said: bare as KeptAnswer })).toBe('EVIDENCE_DIFFERS')
    const junk = Uint8Array.of(1, 2, 3)
    const evidence = commitmentOf(salts.answerSalt, junk)
    const signed = { ...receipt, evidence }
    expect(await codeOf({ receipt: signed, said: { ...said, evidence: junk } })).toBe(
      'EVIDENCE_DIFFERS'
    )
  })

  // EVIDENCE-R4
  it('refuses a similarity that was signed but is not that of the texts', async () => {
    const sentences = right.sentences.map((sentence) => ({
      ...sentence,
      supports: sentence.supports.map((support) => ({ ...support, simPpm: 999_999 }))
    }))
    expect(await codeOf(made({ ...right, sentences }))).toBe('EVIDENCE_DIFFERS')
  })

  // EVIDENCE-R3
  it('refuses evidence in which a passage that supports the answer is left out', async () => {
    const omitting: Evidence = {
      ...right,
      passages: right.passages.slice(0, 1),
      sentences: right.sentences.map((sentence) => ({ ...sentence, supports: [] }))
    }
    expect(await codeOf(made(omitting))).toBe('PASSAGE_OMITTED')
    const pretending = { ...omitting, compared: 2 }
    expect(await codeOf(made(pretending))).toBe('PASSAGE_OMITTED')
  })

  it('refuses the receipt of another question or answer', async () => {
    const { receipt, said } = made()
    const answer = `${ANSWER} `
    expect(await codeOf({ receipt, said: { ...said, answer } })).toBe('RECEIPT_INVALID')
    const asked = Uint8Array.from([...request])
    asked[asked.length - 1] = (asked.at(-1) as number) ^ 1
    expect(await codeOf({ receipt, said: { ...said, request: asked } })).toBe('RECEIPT_INVALID')
  })

  it('says what it cannot tell, and why', async () => {
    const { receipt, said } = made()
    const fewer = { owners, ground: createGround(readCorpus(passages.slice(0, 2))) }
    const last = async (given: KeptAnswer | undefined, here: typeof texts | 'TEXTS_NOT_HERE') =>
      (await recompute(receipt, given, async () => here)).at(-1)?.reason
    const reasons: Array<ReceiptCheck['reason']> = [
      await last(undefined, texts),
      await last(said, 'TEXTS_NOT_HERE'),
      await last(said, fewer)
    ]
    expect(reasons).toEqual(['ANSWER_NOT_KEPT', 'TEXTS_NOT_HERE', 'TEXTS_WITHDRAWN'])
    const other = made(right, { method: 'another/1' })
    expect((await recompute(other.receipt, other.said, async () => texts)).at(-1)).toEqual({
      what: 'texts',
      holds: false,
      reason: 'METHOD_UNKNOWN'
    })
  })

  it('does not call texts that it does not know to be withdrawn left out of the count a lie', async () => {
    const two = createGround(readCorpus(passages.slice(0, 2))).attribute(ANSWER)
    expect(await codeOf(made(two))).toBe('answer true, credits true, texts false')
  })
})

describe('explain', () => {
  it('shows each sentence with who has what of it', () => {
    const { receipt, said } = made()
    const { question, sentences } = explain(receipt, said)
    expect(question).toBe('What holds?')
    expect(sentences).toMatchObject([
      { text: HITCH, parts: [{ basis: 'span', ppm: 1_000_000, title: 'Hitches' }] },
      { parts: [{ basis: 'retrieved', ppm: 1_000_000, account: address(51) }] }
    ])
  })

  it('shows an answer of which nothing was measured as nobody’s', () => {
    const { receipt, said } = made()
    const { evidence: _, ...bare } = receipt
    expect(explain(bare, said).sentences[0]?.parts).toEqual([
      { basis: 'unattributed', ppm: 1_000_000 }
    ])
  })
})
