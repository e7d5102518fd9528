// Evidence and credits that a payer must refuse, each told as a provider could.
import { cidOf, sha2, utf8 } from './codec.mjs'
import { creditsOf } from './credits.mjs'
import { recompute, evidence as record } from './evidence.mjs'
import { evidenceOf, ground } from './overlap.mjs'

const SALT = new Uint8Array(16).fill(9)
const HITCH =
  'A rolling hitch grips a taut line without slipping while sailors shift the heavy load slowly aft.'
const ROWS = [
  ['Rolling hitch', HITCH],
  ['Bowline', 'A bowline is a knot that makes a loop. It never slips under load.'],
  ['Copied hitch', `${HITCH} So it is.`],
  ['Whales', 'Whales sing at night. Nobody knows why they sing.']
].map(([title, text], at) => {
  const owner = `0x${`${at + 1}`.repeat(40)}`
  return { contribution: cidOf(utf8(title)), title, text, order: at + 1, owner }
})
const ANSWER = `${HITCH} [1] A bowline never slips under load. [2]`
const accountOf = (cid) => ROWS.find(({ contribution }) => contribution === cid)?.owner

/** A receipt's part of it, with the evidence that comes behind the answer. */
function told(evidence, { credits = creditsOf(evidence, accountOf), ...rest } = {}) {
  const bytes = record.encode({ version: 1, ...evidence })
  const receipt = { evidence: sha2(SALT, bytes), credits }
  return { receipt, answerSalt: SALT, bytes, answer: ANSWER, rows: ROWS, ...rest }
}

export async function evidenceRefusals(mustRefuse) {
  const own = evidenceOf(ANSWER, ground(ROWS))
  const good = told(own)
  recompute(good)
  const must = (what, code, given) => mustRefuse(what, code, () => recompute(given))

  const none = { ...good, bytes: undefined }
  await must('evidence that never came', 'EVIDENCE_DIFFERS', none)
  const salted = { ...good, answerSalt: new Uint8Array(16) }
  await must('evidence under another salt', 'EVIDENCE_DIFFERS', salted)
  const [span] = own.spans
  const outside = told({ ...own, spans: [{ ...span, words: 99 }] }, { credits: [] })
  await must('evidence beyond the answer', 'EVIDENCE_DIFFERS', outside)

  const [first, ...others] = good.receipt.credits
  const shifted = [{ ...first, ppm: first.ppm - 1 }, ...others]
  await must('credits that the evidence does not give', 'CREDITS_DIFFER', {
    ...good,
    receipt: { ...good.receipt, credits: shifted }
  })
  const stolen = told(own, { credits: creditsOf(own, () => ROWS[3].owner) })
  await must('credits of another account', 'CREDITS_DIFFER', stolen)
  const bare = { credits: good.receipt.credits }
  await must('credits without evidence', 'CREDITS_DIFFER', { ...good, receipt: bare })

  const [quoted, said] = own.sentences
  const single = { ...own, passages: own.passages.slice(0, 1) }
  const silent = { ...single, sentences: [quoted, { ...said, supports: [] }] }
  await must('evidence without a passage', 'PASSAGE_OMITTED', told(silent))
  const less = { ...own, spans: [], sentences: [{ ...quoted, supports: said.supports }, said] }
  await must('evidence without a span', 'EVIDENCE_DIFFERS', told(less))
  const copied = own.passages.with(0, { contribution: ROWS[2].contribution })
  await must('a copy in place of its first', 'PASSAGE_OMITTED', told({ ...own, passages: copied }))
  await must('fewer passages compared', 'EVIDENCE_DIFFERS', told({ ...own, compared: 3 }))
}
